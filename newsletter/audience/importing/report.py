"""What an import answers: how many readers came in or changed, which lines were refused and why, what else to know."""

from dataclasses import dataclass, field

SUPPRESSED = "suppressed"
_LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of the file that was not imported, and why; the address is not repeated."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or in a dry run would do. Every line with an address counts in exactly one of four.

    `suppressed` says how many of the refused are so because the address must never be mailed.
    """

    added: int
    updated: int
    unchanged: int
    refused: tuple[RefusedLine, ...]
    suppressed: int
    notes: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """The figures of an import while it goes on."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[RefusedLine] = field(default_factory=list)
    unread_columns: tuple[int, ...] = ()
    is_encoding_guessed: bool = False
    left_lines: list[int] = field(default_factory=list)
    unconfirmed_lines: list[int] = field(default_factory=list)
    ended_lines: list[int] = field(default_factory=list)
    own_language_lines: list[int] = field(default_factory=list)
    other_language_lines: list[int] = field(default_factory=list)

    def refuse(self, line: int, reason: str) -> None:
        """Counts a line that is not imported."""
        self.refused.append(RefusedLine(line, reason))

    def report(self) -> ImportReport:
        """The figures as they are handed out."""
        return ImportReport(
            added=self.added,
            updated=self.updated,
            unchanged=self.unchanged,
            refused=tuple(self.refused),
            suppressed=sum(refused.reason == SUPPRESSED for refused in self.refused),
            notes=tuple(self._notes()),
        )

    def _notes(self) -> list[str]:
        notes = []
        if self.is_encoding_guessed:
            notes.append(
                "The file is not UTF-8; it was read as Windows-1252. Look whether the accents are right."
            )
        if self.unread_columns:
            numbers = ", ".join(map(str, self.unread_columns))
            notes.append(f"Columns without a name were not imported: {numbers}.")
        for words, lines in (
            ("Had left the list and were not put back on it", self.left_lines),
            ("Have still to confirm, which a file cannot do for them", self.unconfirmed_lines),
            ("Taken off the list, as the file says", self.ended_lines),
            ("Chose their languages themselves; those of the file were not taken", self.own_language_lines),
            ("New, and no language known that this installation writes in", self.other_language_lines),
        ):
            if lines:
                notes.append(f"{words}: {len(lines)} ({_shown(lines)}).")
        return notes


def _shown(lines: list[int]) -> str:
    more = len(lines) - _LINES_SHOWN
    shown = ", ".join(map(str, lines[:_LINES_SHOWN]))
    return (
        f"lines {shown} and {more} more" if more > 0 else f"{'line' if len(lines) == 1 else 'lines'} {shown}"
    )
