"""What feeds, exports and pages have in common: posts, which become announcements with one account each."""

from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from newsletter.announcements.intake.html import FoundPicture
from newsletter.announcements.intake.web import page_url
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import NotALanguage, normalise_tag

POSTS_MAX = 1000  # of one source; the rest is left out and told


@dataclass(frozen=True, slots=True)
class Post:
    """One item of a feed, one post of an export, or one page, as it came; texts are HTML, the title is plain.

    `language` is the item's own, `source_language` that of its whole source, which is often wrong. Two posts are
    one announcement if one names the other's address, guid or `ties` as its own in another language.
    """

    number: int
    guid: str
    url: str
    title: str
    summary: str = ""
    content: str = ""
    language: str = ""
    source_language: str = ""
    published_on: date | None = None
    pictures: tuple[FoundPicture, ...] = ()
    topic: str = ""
    ties: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """What it is known by at every import: its guid, else its address, else its words."""
        return self.guid or self.url or f"{self.title} {self.content}"

    def names(self) -> set[str]:
        """What others may call it by."""
        return {name for name in (self.guid, _comparable(self.guid), _comparable(self.url)) if name}

    def others(self) -> set[str]:
        """What it calls its own versions in other languages by."""
        return {*self.ties, *(_comparable(tie) for tie in self.ties)}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that is no announcement, and why."""

    number: int
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class PostSource:
    """The posts of one source and what was left out of them."""

    name: str
    posts: tuple[Post, ...]
    left_out: tuple[LeftOut, ...] = ()
    is_from_web: bool = False


def _comparable(url: str) -> str:
    try:
        return page_url(url)
    except BadInput:
        return url


def day_of(text: str) -> date | None:
    """The day in a date of RFC 5322, RFC 3339 or ISO 8601 as its writer's calendar had it; None where there is none."""
    text = text.strip()
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text).date()
    except (ValueError, IndexError, TypeError):
        return None


def tag_of(text: str) -> str:
    """The language tag in `fr_BE`, `fr-be` or `fr_FR.UTF-8`; "" where there is none."""
    try:
        return normalise_tag(text.split(".")[0].split("@")[0])
    except NotALanguage:
        return ""
