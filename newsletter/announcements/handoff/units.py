"""What travels to a translator and back, whatever the file: announcements as units, each with source and target. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from newsletter.announcements.models import AnnouncementPicture
from newsletter.announcements.rules import TextField

_ALT = "alt."
MARKDOWN_FIELDS = frozenset({TextField.SUMMARY.value, TextField.BODY.value})
URL_FIELDS = frozenset({TextField.CTA_URL.value})


class UnitState(StrEnum):
    """How far the translation of a unit is."""

    MISSING = "missing"  # there is none
    STALE = "stale"  # there is one, of an older source
    WRITTEN = "written"  # there is one, not approved
    APPROVED = "approved"  # there is one that may go out


@dataclass(frozen=True, slots=True)
class Unit:
    """One field of an announcement; `target` is "" where there is no translation yet."""

    field: str  # a TextField, or `alt.N`: what picture N shows
    source: str
    target: str
    state: UnitState
    notes: tuple[str, ...] = ()

    @property
    def is_markdown(self) -> bool:
        """Whether it is cut into paragraphs and may hold links."""
        return self.field in MARKDOWN_FIELDS


@dataclass(frozen=True, slots=True)
class TextToTranslate:
    """One announcement on its way to a translator.

    `source_hash` is that of the source as it is, `target_revision` the number of the translation's revision, 0 for none.
    """

    announcement_id: int
    source_hash: str
    target_revision: int
    units: tuple[Unit, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An announcement that is not handed to the translator, and why."""

    announcement_id: int
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
    """One announcement as it came back; `source_hash` "" and `target_revision` None where the file lost them."""

    announcement_id: int
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


def alt_field(position: int) -> str:
    """The name of the unit with what the picture at a position shows."""
    return f"{_ALT}{position}"


def picture_of(field: str, pictures: Sequence[AnnouncementPicture]) -> AnnouncementPicture | None:
    """The picture whose description the unit is, None for another unit or a picture that is not there."""
    return next((picture for picture in pictures if alt_field(picture.position) == field), None)


def text_field(field: str) -> TextField | None:
    """The field of a text that the unit is, None for another unit."""
    return next((item for item in TextField if item.value == field), None)


def announcement_name(announcement_id: int) -> str:
    """What files call an announcement: `announcement-12`."""
    return f"announcement-{announcement_id}"


def announcement_number(name: str) -> int | None:
    """The number in `announcement-12`, None where it is no such name."""
    head, _, number = name.partition("-")
    return whole_number(number) if head == "announcement" else None


def whole_number(text: str) -> int | None:
    """The number that plain digits say, None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
