"""One Markdown file read: its fields, its title and body in one language, and what became of its lines."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from babel.localedata import exists as is_known_locale

from newsletter.announcements.intake.accounts import Fate, reading_remarks
from newsletter.announcements.intake.draft import DraftText, LineFate
from newsletter.announcements.intake.files import SourceText, decode_source
from newsletter.announcements.intake.frontmatter import FrontMatter, read_front_matter
from newsletter.announcements.intake.language import IdentifiedLanguage, identify_language
from newsletter.announcements.intake.titles import derive_title, plain_text
from newsletter.announcements.remark_kinds import RemarkCode
from newsletter.announcements.remarks import Paragraph, Remark, editorial_remarks, pictures_in_body, remark
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import NotALanguage, lookup, normalise_tag

_LANGUAGE_IN_NAME = re.compile(r"(?P<stem>.+)\.(?P<tag>[A-Za-z]{2,3}(?:[-_][A-Za-z]{2})?)\Z")
_HEADING = re.compile(r" {0,3}# +(?P<title>\S.{0,300}?)[ #]*\Z")
_BEGINS_ANEW = re.compile(r"\s*(?:#|[-*+]\s|\d+[.)]\s)")


@dataclass(frozen=True, slots=True)
class MarkdownFile:
    """A Markdown file as it came: its path below `folder`, beyond which its picture may not lie."""

    name: str
    data: bytes
    folder: Path


@dataclass(frozen=True, slots=True)
class Page:
    """One file that was read. `text` is None where it is left out, and `fates` (by line from 0) tell why."""

    file: MarkdownFile
    source: SourceText
    front: FrontMatter
    pairing: str  # pages with the same one are one announcement
    text: DraftText | None
    fates: Mapping[int, Fate]
    remarks: tuple[Remark, ...] = ()

    @property
    def language(self) -> str:
        """The language of its text."""
        return self.text.language if self.text else ""


def read_page(file: MarkdownFile, languages: Sequence[str], language: str | None) -> Page:
    """The page in `file`. `language` is that of a file which names none; None tells it from the text.

    Raises BadInput with file and line where the front matter is broken or there is no text.
    """
    source = decode_source(file.data, file.name)
    front = read_front_matter(file.name, source.lines)
    for name in ("date", "event"):
        front.date(name)  # a broken one is refused even where another page's counts
    stem, named = _name_parts(file.name, front)
    pairing = f"ref {front.text('ref')}" if front.text("ref") else f"name {file.folder.absolute() / stem}"
    if PurePosixPath(stem).name.lower() == "readme" and not front.line_count:
        return _left_out(file, source, front, "a README, not an announcement")
    chosen = lookup([named], languages) if named else language
    if named and chosen is None:
        return _left_out(file, source, front, f"its language, {named}, is not one of {', '.join(languages)}")
    return _page(file, source, front, pairing, chosen, languages)


def _page(
    file: MarkdownFile,
    source: SourceText,
    front: FrontMatter,
    pairing: str,
    language: str | None,
    languages: Sequence[str],
) -> Page:
    """The page with its text; `language` None tells it from the text."""
    body_lines = {n: line for n, line in enumerate(source.lines) if n >= front.line_count}
    title, title_line = _title(front, body_lines)
    fates = dict(_front_fates(front, source.lines))
    if title_line in body_lines:
        fates[title_line] = Fate(LineFate.TITLE)
        del body_lines[title_line]
    body = "\n".join(body_lines.values()).strip("\n")
    if not title and not any(character.isalnum() for character in body):
        raise BadInput(f"{file.name} has neither a title nor a text.")
    fates.update({n: Fate(LineFate.BODY) for n, line in body_lines.items() if line.strip()})
    paragraphs = _paragraphs(body_lines)
    found = (
        IdentifiedLanguage(language, is_guess=False)
        if language
        else identify_language(f"{title}\n{plain_text(body)}", languages)
    )
    text = DraftText(
        found.language,
        title or derive_title([paragraph.text for paragraph in paragraphs]),
        not title,
        front.text("summary"),
        body,
        front.text("cta_label"),
        front.link("cta_url"),
    )
    line = title_line + 1 if title else paragraphs[0].line
    remarks = (*reading_remarks(source, found, text.title, line), *_remarks(front, text, paragraphs, line))
    return Page(file, source, front, pairing, text, fates, remarks)


def _name_parts(name: str, front: FrontMatter) -> tuple[str, str]:
    """The path without language and ending, and the language that the file or its name tells ("" for none)."""
    path = PurePosixPath(name)
    stem, tag = path.stem, ""
    match = _LANGUAGE_IN_NAME.match(stem)
    if match and is_known_locale(normalise_tag(match["tag"]).split("-")[0]):
        stem, tag = match["stem"], normalise_tag(match["tag"])
    if front.text("lang"):
        try:
            written = normalise_tag(front.text("lang"))
        except NotALanguage as error:
            raise front.bad("lang", str(error).rstrip(".")) from error
        if tag and written.split("-")[0] != tag.split("-")[0]:
            raise front.bad("lang", f"the file says {written}, its name says {tag}")
        tag = written
    return str(path.with_name(stem)), tag


def _left_out(file: MarkdownFile, source: SourceText, front: FrontMatter, reason: str) -> Page:
    fate = Fate(LineFate.LEFT_OUT, None, reason)
    fates = {number: fate for number, line in enumerate(source.lines) if line.strip()}
    return Page(file, source, front, "", None, fates)


def _front_fates(front: FrontMatter, lines: Sequence[str]) -> Iterator[tuple[int, Fate]]:
    by_line: dict[int, Fate] = {}
    for key, field in front.fields.items():
        fate = Fate(LineFate.TITLE if key == "title" else LineFate.FIELD)
        by_line.update(dict.fromkeys(range(field.first_line, field.last_line + 1), fate))
    for key, field in front.unknown.items():
        fate = Fate(LineFate.LEFT_OUT, None, f"the field {key[:40]} means nothing here")
        by_line.update(dict.fromkeys(range(field.first_line, field.last_line + 1), fate))
    for number in range(front.line_count):
        if number in {0, front.line_count - 1}:
            yield number, Fate(LineFate.FIELD)
        elif lines[number].lstrip().startswith("#"):
            yield number, Fate(LineFate.LEFT_OUT, None, "a comment")
        elif lines[number].strip():
            yield number, by_line.get(number, Fate(LineFate.LEFT_OUT, None, "no field"))


def _title(front: FrontMatter, body_lines: Mapping[int, str]) -> tuple[str, int]:
    """The title and its line: of the front matter, else a heading `# …` that begins the body, else ("", -1)."""
    if front.text("title"):
        return front.text("title"), front.fields["title"].first_line
    first = next((number for number, line in body_lines.items() if line.strip()), -1)
    match = _HEADING.match(body_lines[first]) if first >= 0 else None
    return (plain_text(match["title"]).strip(), first) if match else ("", -1)


def _paragraphs(body_lines: Mapping[int, str]) -> list[Paragraph]:
    """The paragraphs of the body; each heading and each item of a list stands alone."""
    groups: list[list[int]] = []
    previous = -2
    for number, line in body_lines.items():
        if line.strip():
            if number != previous + 1 or _BEGINS_ANEW.match(line):
                groups.append([])
            groups[-1].append(number)
            previous = number
    return [Paragraph("\n".join(body_lines[n] for n in group), group[0] + 1) for group in groups]


def _remarks(
    front: FrontMatter, text: DraftText, paragraphs: Sequence[Paragraph], first_line: int
) -> Iterator[Remark]:
    for key, field in front.unknown.items():
        yield remark(RemarkCode.UNKNOWN_FIELD, text.language, field.first_line + 1, key)
    if text.is_title_derived:
        yield remark(RemarkCode.DERIVED_TITLE, text.language, first_line, text.title)
    else:
        yield from editorial_remarks([Paragraph(text.title, first_line)], text.language)
    if text.summary:
        line = front.fields["summary"].first_line + 1
        yield from editorial_remarks([Paragraph(text.summary, line)], text.language)
    yield from editorial_remarks(paragraphs, text.language)
    yield from pictures_in_body(paragraphs, text.language)
