"""What a theme's templates are given. Changing a name here changes every theme.

Strings are ready for compiled output: `[[field]]` is a merge field, an editor's own `[[` stands as `[[open]]`.
The HTML template escapes them; only what is `Markup` goes in as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from newsletter.rendering.colours import Palette


@dataclass(frozen=True, slots=True)
class RichText:
    """One Markdown text, both ways."""

    html: Markup
    text: str


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture at the size at which it is shown, in CSS pixels; `css_class` is its own and no other's."""

    url: str
    alt: str
    width: int
    height: int
    css_class: str
    language: str


@dataclass(frozen=True, slots=True)
class ShownLink:
    """A link with its words; `language` is that of the words, or of what it leads to."""

    label: str
    url: str
    language: str = ""
    direction: str = "ltr"


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An announcement in a letter. `mark` ("En anglais") is set where its language is not the part's."""

    key: str
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
    summary: str
    body: RichText
    picture: ShownPicture | None
    action: ShownLink | None


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A group of items; `title` is empty where no heading is shown."""

    title: str
    heading: str
    items: tuple[ShownItem, ...]


@dataclass(frozen=True, slots=True)
class ShownPart:
    """One language of a letter. `t` gives the system's words in it; `side` is where its lines begin."""

    language: str
    direction: str
    side: str
    t: Callable[[str], str]
    is_first: bool
    heading: str
    list_name: str
    title: str
    date: str
    greeting: str
    intro: RichText
    reason: str
    sections: tuple[ShownSection, ...]
    read_online: str
    follows: str  # "The English text follows below.", shown in the other part; in this part's own language


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
    pictures: tuple[ShownPicture, ...]
