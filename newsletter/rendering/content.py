"""What rendering is given: one variant of an edition, its texts already chosen, in the order in which they are shown."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ItemForm(StrEnum):
    """How an item is shown in the part that it stands in."""

    FULL = "full"  # in the part's own language
    LABELLED = "labelled"  # whole, in another language: marked ("en anglais") and wrapped in its lang
    SUMMARY = "summary"  # title and link only; marked where the language is another one


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is hosted; `width` and `height` in pixels of the file. An empty `alt` means decorative."""

    url: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Action:
    """The one thing that the reader is asked to do: a button and where it leads."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Item:
    """One announcement in one language. `body` is Markdown; `read_url` is where a SUMMARY leads to."""

    key: str
    language: str
    form: ItemForm
    title: str
    summary: str = ""
    body: str = ""
    picture: Picture | None = None
    action: Action | None = None
    read_url: str = ""
    happens_on: date | None = None
    topic: str = ""


@dataclass(frozen=True, slots=True)
class SectionPart:
    """A section in one language; an empty title means that no heading is shown."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class LanguagePart:
    """Everything of one language: `intro` is Markdown, `reason` tells in plain text why the reader gets this.

    `reason_language` is set where the reason is in another language than the part. `preferences_url` is the page where a
    reader changes languages and lists; a link to it is shown where it is given.
    """

    language: str
    subject: str
    list_name: str
    heading: str
    intro: str
    reason: str
    sections: tuple[SectionPart, ...]
    reason_language: str = ""
    preferences_url: str = ""


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The same edition on the web, in that language."""

    language: str
    url: str


@dataclass(frozen=True, slots=True)
class Branding:
    """Who sends: organisation, postal address (one line per line), accent colour as #rrggbb, logo and site."""

    organisation: str
    postal_address: str
    accent: str = "#14539a"
    logo_url: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class EditionContent:
    """One variant (`fr`, `fr+en`) of an edition: one part, or two with the reader's own language first."""

    variant: str
    preheader: str
    issue_number: int
    published_on: date
    parts: tuple[LanguagePart, ...]
    view_url: str
    other_languages: tuple[LanguageLink, ...]
    branding: Branding

    @property
    def language(self) -> str:
        """The language of the first part: the reader's own."""
        return self.parts[0].language
