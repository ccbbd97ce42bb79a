"""One plain text that holds announcements, read into drafts with an account of every line."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from newsletter.announcements.intake.accounts import Fate, account_for, reading_remarks
from newsletter.announcements.intake.boundaries import Boundaries, find_boundaries, is_separator
from newsletter.announcements.intake.draft import DraftAnnouncement, DraftText, IntakeReport, LineFate
from newsletter.announcements.intake.files import SourceText, decode_source, source_key
from newsletter.announcements.intake.language import IdentifiedLanguage, identify_language
from newsletter.announcements.intake.plain import paragraph_as_markdown
from newsletter.announcements.intake.titles import begins_with_title, derive_title, may_be_title
from newsletter.announcements.remark_kinds import RemarkCode
from newsletter.announcements.remarks import Paragraph, editorial_remarks, remark


def read_text(data: bytes, name: str, languages: Sequence[str], language: str | None = None) -> IntakeReport:
    """The announcements in a plain text. `language` is that of all of them; None tells it from each text.

    Raises BadInput where the data is empty, too large or no text.
    """
    source = decode_source(data, name)
    boundaries = find_boundaries(source.lines)
    reading = _Reading(source, boundaries, languages, language)
    for numbers in _segments(source.lines, boundaries):
        reading.take(numbers)
    return IntakeReport(tuple(reading.drafts), account_for(name, source.lines, reading.fates))


@dataclass(frozen=True, slots=True)
class _Segment:
    """The lines between two boundaries, and those that close it."""

    content: list[int] = field(default_factory=list)
    closing: list[int] = field(default_factory=list)


def _segments(lines: Sequence[str], boundaries: Boundaries) -> Iterator[_Segment]:
    segment = _Segment()
    for number, line in enumerate(lines):
        is_closing = number in boundaries.closing or number in boundaries.separators
        is_after_closing = bool(segment.closing and line.strip() and not is_closing)
        if is_after_closing or (number in boundaries.openings and segment.content):
            yield segment
            segment = _Segment()
        if is_closing:
            segment.closing.append(number)
        elif line.strip():
            segment.content.append(number)
    yield segment


@dataclass(slots=True)
class _Reading:
    """What has been found in a source so far."""

    source: SourceText
    boundaries: Boundaries
    languages: Sequence[str]
    language: str | None
    drafts: list[DraftAnnouncement] = field(default_factory=list)
    by_key: dict[str, int] = field(default_factory=dict)
    fates: dict[int, Fate] = field(default_factory=dict)

    def take(self, segment: _Segment) -> None:
        """Adds the announcement of one segment, or tells why there is none."""
        content = self._without_outer_separators(segment.content)
        index: int | None = len(self.drafts)
        if not any(character.isalnum() for n in content for character in self.source.lines[n]):
            self._leave_out(content, "no words on it")
            index = None
        else:
            key = source_key([self.source.lines[n] for n in content])
            twin = self.by_key.setdefault(key, len(self.drafts))
            if twin == len(self.drafts):
                self.drafts.append(self._draft(content, key))
            else:
                self._leave_out(content, f"the same text as announcement {twin + 1} of this file")
                index = None
        for number in segment.closing:
            boilerplate = self.boundaries.closing.get(number)
            fate = LineFate.BOILERPLATE if boilerplate else LineFate.LEFT_OUT
            self.fates[number] = Fate(fate, index, boilerplate or self.boundaries.separators[number])

    def _without_outer_separators(self, content: list[int]) -> list[int]:
        kept = list(content)
        for end in (0, -1):
            while kept and is_separator(self.source.lines[kept[end]]):
                self._leave_out([kept.pop(end)], "a line of signs at the edge of an announcement")
        return kept

    def _leave_out(self, numbers: Sequence[int], reason: str) -> None:
        self.fates.update({number: Fate(LineFate.LEFT_OUT, None, reason) for number in numbers})

    def _draft(self, content: list[int], key: str) -> DraftAnnouncement:
        lines, index = self.source.lines, len(self.drafts)
        paragraphs = self._paragraphs(content)
        title, rest = self._title(paragraphs)
        self.fates.update(
            {n: Fate(LineFate.BODY, index) for paragraph in rest for n in paragraph if n not in self.fates}
        )
        words = "\n".join(lines[n] for n in content)
        found = (
            IdentifiedLanguage(self.language, is_guess=False)
            if self.language
            else identify_language(words, self.languages)
        )
        texts = [Paragraph("\n".join(lines[n] for n in p), p[0] + 1) for p in paragraphs]
        derived = title or derive_title([text.text for text in texts])
        body = "\n\n".join(self._markdown(paragraph) for paragraph in rest)
        return DraftAnnouncement(
            source_key=key,
            source_name=self.source.name,
            source_language=found.language,
            texts=(DraftText(found.language, derived, not title, "", body),),
            remarks=(
                *reading_remarks(self.source, found, derived, texts[0].line),
                *(
                    []
                    if title
                    else [remark(RemarkCode.DERIVED_TITLE, found.language, texts[0].line, derived)]
                ),
                *editorial_remarks(texts, found.language),
            ),
        )

    def _paragraphs(self, content: list[int]) -> list[list[int]]:
        """The lines of each paragraph; headings stand alone, the signs under them are left out."""
        paragraphs: list[list[int]] = []
        previous = -2
        for number in content:
            if number in self.boundaries.underlines:
                self._leave_out([number], "the signs under a heading")
                previous = -2
                continue
            is_alone = number in self.boundaries.headings or is_separator(self.source.lines[number])
            if is_alone or number != previous + 1:
                paragraphs.append([])
            paragraphs[-1].append(number)
            previous = -2 if is_alone else number
        return paragraphs

    def _title(self, paragraphs: list[list[int]]) -> tuple[str, list[list[int]]]:
        """The title that stands in the text, or "", and the paragraphs without it."""
        first, lines = paragraphs[0], self.source.lines
        heading = self.boundaries.headings.get(first[0])
        is_alone = len(first) == 1 and len(paragraphs) > 1 and may_be_title(lines[first[0]])
        if not (heading or is_alone or begins_with_title([lines[n] for n in first])):
            return "", paragraphs
        self.fates[first[0]] = Fate(LineFate.TITLE, len(self.drafts))
        rest = [first[1:]] if first[1:] else []
        return heading[1] if heading else lines[first[0]].strip(), rest + paragraphs[1:]

    def _markdown(self, paragraph: list[int]) -> str:
        if heading := self.boundaries.headings.get(paragraph[0]):
            return f"{'#' * max(heading[0], 2)} {paragraph_as_markdown([heading[1]])}"
        lines = [self.source.lines[n] for n in paragraph]
        return "* * *" if is_separator(lines[0]) else paragraph_as_markdown(lines)
