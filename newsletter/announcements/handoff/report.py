"""What became of a hand-off that came back."""

from dataclasses import dataclass
from enum import StrEnum


class UnitFate(StrEnum):
    """What became of one unit of a returned file."""

    ACCEPTED = "accepted"  # is the text now
    UNCHANGED = "unchanged"  # says what the text says already
    ACCEPTED_AS_STALE = "accepted_as_stale"  # is the text now, but the source moved on since the export
    UNTRANSLATED = "untranslated"  # came back without a translation, or with a part of one
    REFUSED = "refused"  # cannot be taken; the reasons say why


@dataclass(frozen=True, slots=True)
class UnitReport:
    """One unit of a text: `unit` is its name in the file, with the text's; `text` is "" for a unit that is none of ours.

    `before` and `after` are the words stored and the words returned.
    """

    text: str
    unit: str
    fate: UnitFate
    reasons: tuple[str, ...] = ()
    before: str = ""
    after: str = ""

    @property
    def field(self) -> str:
        """The field of the text that the unit is."""
        return self.unit.partition(".")[2]


@dataclass(frozen=True, slots=True)
class TextReport:
    """One text of a returned file.

    `source_hash` is that of the source which the translation was made from, "" where no unit can be taken.
    `is_complete` tells that every unit of the text came back translated and sound.
    """

    name: str
    units: tuple[UnitReport, ...]
    source_hash: str = ""
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class HandOffReport:
    """A whole returned file; `strangers` are units that belong to no text of ours."""

    source_language: str
    target_language: str
    texts: tuple[TextReport, ...]
    strangers: tuple[UnitReport, ...] = ()

    @property
    def units(self) -> tuple[UnitReport, ...]:
        """Every unit in the order of the file, strangers last."""
        return (*(unit for text in self.texts for unit in text.units), *self.strangers)

    @property
    def is_all_taken(self) -> bool:
        """Whether nothing was refused."""
        return all(unit.fate is not UnitFate.REFUSED for unit in self.units)
