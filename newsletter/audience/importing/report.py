"""What an import answers: how many readers came in or changed, which lines were refused and why, what else to know."""

from dataclasses import dataclass, field

SUPPRESSED = "suppressed"
ERASED = "was erased at the person’s wish"
# So many refused lines are handed out with their reasons; of a file that is wrong throughout, that says enough.
REFUSED_MAX = 10_000
_LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line of the file that was not imported, and why; the address is not repeated."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or in a dry run would do. Every line with an address counts in exactly one of four.

    `refused` holds the first ten thousand of the `refused_count` lines that were not imported; `suppressed` says how
    many of these are so because the address must never be mailed, or was erased.
    """

    added: int
    updated: int
    unchanged: int
    refused: tuple[RefusedLine, ...]
    suppressed: int
    notes: tuple[str, ...]
    refused_count: int = 0


@dataclass(slots=True)
class Lines:
    """Lines of the file that share something: how many, and the first few."""

    count: int = 0
    first: list[int] = field(default_factory=list)
    _last: int = 0

    def note(self, line: int) -> None:
        """Counts a line, once."""
        if line == self._last:
            return
        self._last = line
        self.count += 1
        if len(self.first) < _LINES_SHOWN:
            self.first.append(line)

    def __str__(self) -> str:
        shown, more = ", ".join(map(str, self.first)), self.count - len(self.first)
        if more > 0:
            return f"lines {shown} and {more} more"
        return f"{'line' if self.count == 1 else 'lines'} {shown}"


@dataclass(slots=True)
class Tally:
    """The figures of an import while it goes on."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    refused_count: int = 0
    suppressed: int = 0
    refused: list[RefusedLine] = field(default_factory=list)
    unread_columns: tuple[int, ...] = ()
    is_encoding_guessed: bool = False
    left: Lines = field(default_factory=Lines)
    unconfirmed: Lines = field(default_factory=Lines)
    ended: Lines = field(default_factory=Lines)
    own_language: Lines = field(default_factory=Lines)
    other_language: Lines = field(default_factory=Lines)

    def refuse(self, line: int, reason: str) -> None:
        """Counts a line that is not imported."""
        self.refused_count += 1
        self.suppressed += reason in (SUPPRESSED, ERASED)
        if len(self.refused) < REFUSED_MAX:
            self.refused.append(RefusedLine(line, reason))

    def report(self) -> ImportReport:
        """The figures as they are handed out."""
        return ImportReport(
            added=self.added,
            updated=self.updated,
            unchanged=self.unchanged,
            refused=tuple(sorted(self.refused, key=lambda refused: refused.line)),
            suppressed=self.suppressed,
            notes=tuple(self._notes()),
            refused_count=self.refused_count,
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
            ("Had left the list and were not put back on it", self.left),
            ("Have still to confirm, which a file cannot do for them", self.unconfirmed),
            ("Taken off the list, as the file says", self.ended),
            ("Chose their languages themselves; those of the file were not taken", self.own_language),
            ("New, and no language known that this installation writes in", self.other_language),
        ):
            if lines.count:
                notes.append(f"{words}: {lines.count} ({lines}).")
        return notes
