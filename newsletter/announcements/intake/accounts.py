"""The account of every line that was read, and the remarks on what had to be guessed while reading."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from newsletter.announcements.intake.draft import LineAccount, LineFate
from newsletter.announcements.intake.files import SourceText
from newsletter.announcements.intake.language import IdentifiedLanguage
from newsletter.announcements.remark_kinds import RemarkCode
from newsletter.announcements.remarks import Remark, remark


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one line."""

    fate: LineFate
    announcement: int | None = None
    reason: str = ""


def account_for(name: str, lines: Sequence[str], fates: Mapping[int, Fate]) -> tuple[LineAccount, ...]:
    """One account per run of lines with the same fate; a line (from 0) without one was blank."""
    blank = Fate(LineFate.BLANK)
    accounts = []
    for fate, run in groupby(range(len(lines)), key=lambda number: fates.get(number, blank)):
        numbers = list(run)
        accounts.append(
            LineAccount(name, numbers[0] + 1, numbers[-1] + 1, fate.fate, fate.announcement, fate.reason)
        )
    return tuple(accounts)


def reading_remarks(source: SourceText, found: IdentifiedLanguage, title: str, line: int) -> Iterator[Remark]:
    """What had to be guessed or replaced when the file was read."""
    if found.is_guess:
        yield remark(RemarkCode.GUESSED_LANGUAGE, found.language, line, title)
    if source.is_encoding_guessed:
        yield remark(RemarkCode.ENCODING_GUESSED, found.language, None, source.name)
    if source.has_control_characters:
        yield remark(RemarkCode.CONTROL_CHARACTERS, found.language, None, source.name)
