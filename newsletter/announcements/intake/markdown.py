"""Markdown files, one per language, joined into announcements with an account of every line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from newsletter.announcements.intake.accounts import account_for
from newsletter.announcements.intake.draft import (
    DraftAnnouncement,
    DraftPicture,
    IntakeReport,
    LineAccount,
    LineFate,
)
from newsletter.announcements.intake.files import read_source, source_key
from newsletter.announcements.intake.page import MarkdownFile, Page, read_page
from newsletter.announcements.intake.pictures import PICTURE_MAX_BYTES
from newsletter.announcements.remark_kinds import RemarkCode
from newsletter.announcements.remarks import Remark, remark
from newsletter.foundation.errors import BadInput

MARKDOWN_ENDINGS = frozenset({".md", ".markdown"})
_OF_THE_STRUCTURE = ("topic", "date", "event", "image")  # what all languages of an announcement share


def read_folder(folder: Path, languages: Sequence[str], language: str | None = None) -> IntakeReport:
    """The announcements in the Markdown files of a folder and those below it, in the order of their names.

    Hidden files are passed over. Raises BadInput where there is none, or one leads out of the folder.
    """
    root = folder.resolve()
    files = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.suffix.lower() not in MARKDOWN_ENDINGS or any(part.startswith(".") for part in name.parts):
            continue
        if not path.resolve().is_relative_to(root):
            raise BadInput(f"{path} leads out of the folder {folder}.")
        files.append(MarkdownFile(name.as_posix(), read_source(path), folder))
    if not files:
        raise BadInput(f"{folder} holds no Markdown file (*.md).")
    return read_markdown(files, languages, language)


def read_markdown(
    files: Sequence[MarkdownFile], languages: Sequence[str], language: str | None = None
) -> IntakeReport:
    """The announcements in these files. Those with the same `ref`, or whose names differ only in the language,
    are one announcement; its source language is the one marked `source: true`, else the first of `languages`.

    Raises BadInput with file and line where a file cannot be read as meant.
    """
    read = _joined([read_page(file, languages, language) for file in files], languages)
    lines = [account for page in read.pages for account in _accounts(page, read.place_of(page))]
    return IntakeReport(read.drafts, tuple(lines))


def read_markdown_apart(
    files: Sequence[MarkdownFile], languages: Sequence[str], language: str | None = None
) -> list[IntakeReport]:
    """One report per file, of files that are read together as by `read_markdown`: an announcement that has its
    languages in several of them stands in the report of each. Raises BadInput.
    """
    read = _joined([read_page(file, languages, language) for file in files], languages)
    reports = []
    for page in read.pages:
        place = read.place_of(page)
        drafts = () if place is None else (read.drafts[place],)
        reports.append(IntakeReport(drafts, _accounts(page, 0)))
    return reports


@dataclass(frozen=True, slots=True)
class _Joined:
    """Pages, and the drafts that they make; `places` tells for each pairing which draft it became."""

    pages: tuple[Page, ...]
    drafts: tuple[DraftAnnouncement, ...]
    places: Mapping[str, int]

    def place_of(self, page: Page) -> int | None:
        """The draft that a page became part of, None for a page that is left out."""
        return self.places.get(page.pairing)


def _joined(pages: Sequence[Page], languages: Sequence[str]) -> _Joined:
    groups: dict[str, list[Page]] = {}
    for page in pages:
        if page.text:
            groups.setdefault(page.pairing, []).append(page)
    drafts: list[DraftAnnouncement] = []
    by_key: dict[str, int] = {}
    places: dict[str, int] = {}
    for pairing, group in groups.items():
        draft = _announcement(_source_first(group, languages))
        places[pairing] = by_key.setdefault(draft.source_key, len(drafts))
        if places[pairing] == len(drafts):
            drafts.append(draft)
    return _Joined(tuple(pages), tuple(drafts), places)


def _accounts(page: Page, index: int | None) -> tuple[LineAccount, ...]:
    is_ours = (LineFate.TITLE, LineFate.BODY, LineFate.FIELD)
    fates = {
        number: replace(fate, announcement=index) if fate.fate in is_ours else fate
        for number, fate in page.fates.items()
    }
    return account_for(page.file.name, page.source.lines, fates)


def _source_first(group: Sequence[Page], languages: Sequence[str]) -> list[Page]:
    by_language: dict[str, Page] = {}
    for page in group:
        if page.language in by_language:
            other = by_language[page.language].file.name
            raise BadInput(f"{page.file.name} and {other} are the same announcement in the same language.")
        by_language[page.language] = page
    marked = [page for page in group if page.front.is_true("source")]
    if len(marked) > 1:
        raise marked[1].front.bad("source", f"{marked[0].file.name} says so too; only one can be the source")
    ordered = [by_language[language] for language in languages if language in by_language]
    return [*marked, *(page for page in ordered if page not in marked)]


def _announcement(pages: Sequence[Page]) -> DraftAnnouncement:
    source = pages[0]
    having = {name: next((p for p in pages if p.front.text(name)), source) for name in _OF_THE_STRUCTURE}
    pictures = tuple(_pictures(having["image"], pages))
    words = (part for page in pages for part in (page.language, "\n".join(page.source.lines)))
    return DraftAnnouncement(
        source_key=source_key([*words, *(picture.data for picture in pictures)]),
        source_name=source.file.name,
        source_language=source.language,
        texts=tuple(page.text for page in pages if page.text),
        topic=having["topic"].front.text("topic"),
        published_on=having["date"].front.date("date"),
        happens_on=having["event"].front.date("event"),
        pictures=pictures,
        remarks=(*(r for page in pages for r in page.remarks), *_disagreements(pages, having, pictures)),
        is_reference_given=bool(source.front.text("ref")),
        reference=source.front.text("ref") or PurePosixPath(source.pairing.removeprefix("name ")).name[:200],
    )


def _disagreements(
    pages: Sequence[Page], having: dict[str, Page], pictures: Sequence[DraftPicture]
) -> Iterator[Remark]:
    for page in pages:
        for name in _OF_THE_STRUCTURE:
            written = page.front.text(name)
            if written and written != having[name].front.text(name):
                line = page.front.fields[name].first_line + 1
                yield remark(RemarkCode.FIELDS_DIFFER, page.language, line, f"{name}: {written}")
        if pictures and not page.front.text("alt"):
            yield remark(RemarkCode.ALT_MISSING, page.language, None, having["image"].front.text("image"))


def _pictures(page: Page, pages: Sequence[Page]) -> Iterator[DraftPicture]:
    """The picture that the front matter names: a file inside the folder, whatever its path looks like."""
    name = page.front.text("image")
    if not name:
        return
    root = page.file.folder.resolve()
    try:
        path = (page.file.folder / page.file.name).parent.joinpath(name).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise page.front.bad("image", "this is no path") from error
    if Path(name).is_absolute() or not path.is_relative_to(root):
        raise page.front.bad("image", f"{name} lies outside the folder of the announcements")
    try:
        data = read_source(path, PICTURE_MAX_BYTES)
    except BadInput as error:
        raise page.front.bad("image", str(error).rstrip(".")) from error
    alt = tuple((p.language, p.front.text("alt")) for p in pages if p.front.text("alt"))
    yield DraftPicture(path, data, alt)
