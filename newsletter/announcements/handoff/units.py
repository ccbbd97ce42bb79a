"""What travels to a translator and back, whatever the file: texts as units, each with source and target. Pure.

A text is named by what it belongs to: `announcement-12`, `edition-3`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from newsletter.announcements.rules import FieldForm

_NAME = re.compile(r"([a-z]+)-([0-9]{1,9})")


class UnitState(StrEnum):
    """How far the translation of a unit is."""

    MISSING = "missing"  # there is none
    STALE = "stale"  # there is one, of an older source
    WRITTEN = "written"  # there is one, not approved
    APPROVED = "approved"  # there is one that may go out


@dataclass(frozen=True, slots=True)
class Unit:
    """One field of a text; `target` is "" where there is no translation yet."""

    field: str
    source: str
    target: str
    state: UnitState
    notes: tuple[str, ...] = ()
    form: FieldForm = FieldForm.LINE

    @property
    def is_markdown(self) -> bool:
        """Whether it is cut into paragraphs and may hold links."""
        return self.form is FieldForm.MARKDOWN


@dataclass(frozen=True, slots=True)
class TextToTranslate:
    """One text on its way to a translator.

    `source_hash` is that of the source as it is, `target_revision` the number of the translation's revision, 0 for none.
    """

    name: str
    source_hash: str
    target_revision: int
    units: tuple[Unit, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A text that is not handed to the translator, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class HandOff:
    """What goes to one translator."""

    source_language: str
    target_language: str
    texts: tuple[TextToTranslate, ...]
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnedUnit:
    """One field as it came back, in pieces as the file has them; a target "" is not translated.

    `gaps` is the white space around the pieces, None where the file does not hold it. An untouched unit is one that
    the file says nobody has worked on.
    """

    field: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    gaps: tuple[str, ...] | None
    is_untouched: bool = False


@dataclass(frozen=True, slots=True)
class ReturnedText:
    """One text as it came back; `source_hash` "" and `target_revision` None where the file lost them."""

    name: str
    source_hash: str
    target_revision: int | None
    units: tuple[ReturnedUnit, ...]


@dataclass(frozen=True, slots=True)
class Returned:
    """What a translator sent back; `unknown` names what in the file is not ours."""

    source_language: str
    target_language: str
    texts: tuple[ReturnedText, ...]
    unknown: tuple[str, ...] = ()


def text_name(kind: str, number: int) -> str:
    """What files call a text: `announcement-12`."""
    return f"{kind}-{number}"


def named(name: str) -> tuple[str, int] | None:
    """Kind and number in `announcement-12`, None where it is no such name."""
    match = _NAME.fullmatch(name)
    return (match[1], int(match[2])) if match else None


def whole_number(text: str) -> int | None:
    """The number that plain digits say, None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
