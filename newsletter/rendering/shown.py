"""What a theme's templates are given. Changing a name here changes every theme.

Strings are ready for compiled output: `[[field]]` is a merge field, an editor's own `[[` stands as `[[open]]`.
The HTML template escapes them; only what is `Markup` goes in as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from markupsafe import Markup

from newsletter.rendering.colours import Palette


@dataclass(frozen=True, slots=True)
class RichText:
    """One Markdown text, both ways."""

    html: Markup
    text: str


_TALLEST = 480  # CSS pixels: no picture fills more than a screen


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture, in CSS pixels: as large as its file, until `within` fits it to its place."""

    url: str
    alt: str
    width: int
    height: int

    def within(self, width: int, tallest: int = _TALLEST) -> "ShownPicture":
        """The picture in its own proportions, at most so wide and so tall, and never enlarged."""
        shown = min(self.width, width, max(1, tallest * self.width // self.height))
        return replace(self, width=shown, height=max(1, round(self.height * shown / self.width)))


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link with its words; `language` is that of the words, or of what it leads to."""

    label: str
    url: str
    language: str = ""
    direction: str = "ltr"


@dataclass(frozen=True, slots=True)
class ShownLanguage:
    """A language and the direction in which it is written."""

    language: str
    direction: str


@dataclass(frozen=True, slots=True)
class ShownDate:
    """A date in pieces, for a leaf of a calendar: "Samedi", "9", "mai", "2026"."""

    weekday: str
    day: str
    month: str
    year: str


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An announcement in a letter. `mark` ("En anglais") is set where its language is not the part's.

    `teaser` holds its first sentences in plain text, `read_on` the link to all of it; `is_shortened` tells that the teaser says less.
    """

    key: str
    number: int  # from 1 in its part
    language: str
    direction: str
    side: str
    heading: str  # h2, h3 or h4
    is_lead: bool
    mark: str
    topic: str
    title: str
    title_url: str
    when: str
    happens: ShownDate | None
    summary: str
    body: RichText
    teaser: str
    is_shortened: bool
    read_on: ShownLink
    picture: ShownPicture | None
    action: ShownLink | None


class RowKind(StrEnum):
    """How a theme in columns may show a run of items."""

    LEAD = "lead"  # the part's first story
    PAIR = "pair"  # two items with pictures, side by side
    BESIDE = "beside"  # one item with a picture that found no partner
    AGENDA = "agenda"  # dated items without pictures
    BRIEF = "brief"  # everything else


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A run of items that are shown in one way."""

    kind: RowKind
    items: tuple[ShownItem, ...]


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A group of items; `title` is empty where no heading is shown."""

    title: str
    heading: str
    items: tuple[ShownItem, ...]

    @property
    def rows(self) -> tuple[ShownRow, ...]:
        """The items in their order, those that are shown alike in runs."""
        runs: list[tuple[RowKind, list[ShownItem]]] = []
        for item in self.items:
            kind = _kind(item)
            if runs and runs[-1][0] is kind and len(runs[-1][1]) < _MOST_IN_ROW[kind]:
                runs[-1][1].append(item)
            else:
                runs.append((kind, [item]))
        return tuple(
            ShownRow(RowKind.BESIDE if kind is RowKind.PAIR and len(items) == 1 else kind, tuple(items))
            for kind, items in runs
        )


_MOST_IN_ROW = {RowKind.LEAD: 1, RowKind.PAIR: 2, RowKind.AGENDA: 1000, RowKind.BRIEF: 1000}


def _kind(item: ShownItem) -> RowKind:
    if item.is_lead:
        return RowKind.LEAD
    if item.picture:
        return RowKind.PAIR
    return RowKind.AGENDA if item.happens else RowKind.BRIEF


@dataclass(frozen=True, slots=True)
class ShownPart:
    """One language of a letter. `t` gives the system's words in it; `side` is where its lines begin.

    Where the system does not speak the language its words are English: what is written with `t`, and the greeting, goes
    between tags that say so (`in_words(part)`); `words` has the language they are in.
    """

    language: str
    direction: str
    side: str
    t: Callable[[str], str]
    words: ShownLanguage
    is_first: bool
    heading: str
    list_name: str
    title: str
    date: str
    greeting: str
    intro: RichText
    reason: str
    reason_in: ShownLanguage
    preferences_url: str  # "" where there is no such page
    sections: tuple[ShownSection, ...]
    read_online: str
    pointer: str  # "The English text follows below." (or stands above): shown in the other part, in this part's words
    page_url: str  # this part by itself on the web; "" where it is not there


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """One variant of an edition, as a theme's templates see it under the name `letter`."""

    language: str
    direction: str
    subject: str
    preheader: str
    issue_number: int
    parts: tuple[ShownPart, ...]
    view_url: str
    versions: tuple[ShownLink, ...]
    unsubscribe_url: str
    organisation: str
    address_lines: tuple[str, ...]
    logo_url: str
    website: str
    palette: Palette
