"""What an intake yields: drafts of announcements, and an account of every line that was read."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from newsletter.announcements.intake.pictures import PreparedPicture
from newsletter.announcements.remarks import Remark


class LineFate(StrEnum):
    """What became of a line of the source."""

    TITLE = "title"  # is the title of an announcement
    BODY = "body"  # stands in the body of an announcement
    BOILERPLATE = "boilerplate"  # repeats around every announcement and tells nothing
    FIELD = "field"  # front matter: a date, a topic, a picture
    LEFT_OUT = "left_out"  # is in no announcement; the reason says why
    BLANK = "blank"  # had nothing on it


@dataclass(frozen=True, slots=True)
class LineAccount:
    """What became of the lines `first_line` to `last_line` (from 1, both included) of one file."""

    file: str
    first_line: int
    last_line: int
    fate: LineFate
    announcement: int | None = None  # its place in the report's drafts, None where it belongs to none
    reason: str = ""


class ItemFate(StrEnum):
    """What became of an item of a feed, a post of an export, or a page."""

    TAKEN = "taken"  # is an announcement, or one language of it
    LEFT_OUT = "left_out"  # is in no announcement; the reason says why


@dataclass(frozen=True, slots=True)
class ItemAccount:
    """What became of one item, by its place in its source (from 1) and its title."""

    source: str
    number: int
    title: str
    fate: ItemFate
    announcement: int | None = None  # its place in the report's drafts, None where it is left out
    language: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DraftPicture:
    """A picture as it came, and what it shows in words: pairs of language and text.

    `prepared` is there where the picture had to be looked at on the way in, as one from the web.
    """

    path: Path | None
    data: bytes
    alt: tuple[tuple[str, str], ...]
    prepared: PreparedPicture | None = None


@dataclass(frozen=True, slots=True)
class DraftText:
    """The words of an announcement in one language; `body` is Markdown, "" means that there is none."""

    language: str
    title: str
    is_title_derived: bool
    summary: str
    body: str
    cta_label: str = ""
    cta_url: str = ""


@dataclass(frozen=True, slots=True)
class DraftAnnouncement:
    """One announcement as it came in. The same source gives the same `source_key` (sha256, hex) at every import."""

    source_key: str
    source_name: str
    source_language: str
    texts: tuple[DraftText, ...]
    topic: str = ""
    published_on: date | None = None
    happens_on: date | None = None
    pictures: tuple[DraftPicture, ...] = ()
    remarks: tuple[Remark, ...] = ()
    reference: str = ""
    is_reference_given: bool = (
        False  # it names this announcement wherever it comes from; else its file's name does
    )
    links: tuple[str, ...] = ()  # where on the web this very announcement stands, in each language


@dataclass(frozen=True, slots=True)
class IntakeReport:
    """The drafts that were found, and what became of each line of every text and of each item of the rest."""

    drafts: tuple[DraftAnnouncement, ...]
    lines: tuple[LineAccount, ...]
    items: tuple[ItemAccount, ...] = ()
