"""The words that are checked: each announcement, and the edition's own words, in every language that they have."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.announcements.rules import is_stale
from newsletter.editions.checks.places import EDITION, Place
from newsletter.editions.choosing import texts_of
from newsletter.editions.models import Edition
from newsletter.editions.queries import edition_by_id
from newsletter.foundation.database import Database


@dataclass(frozen=True, slots=True)
class TextField:
    """One field of a text: "title", "summary", "body", "button", "picture", or "subject", "preheader", "intro".

    `is_derived` marks a title that was cut out of the body.
    """

    name: str
    text: str
    is_markdown: bool = False
    is_derived: bool = False


@dataclass(frozen=True, slots=True)
class WrittenText:
    """What is written in one language; `state` is None where nobody wrote anything, as of an edition whose words the program makes."""

    language: str
    fields: tuple[TextField, ...]
    link: str = ""  # where the button leads
    state: TranslationState | None = None
    is_stale: bool = False

    def field(self, name: str) -> str:
        """The words of a field, "" where there is none."""
        return next((field.text for field in self.fields if field.name == name), "")


@dataclass(frozen=True, slots=True)
class Story:
    """An announcement, or the edition's own words, in all their languages; `where` names it in findings."""

    where: Place
    texts: tuple[WrittenText, ...]
    happens_on: date | None = None
    published_on: date | None = None
    has_picture: bool = False


def stories_now(database: Database, edition_id: int) -> tuple[Story, ...]:
    """What is written in an edition, from the database. Raises EditionNotFound."""
    with database.read() as session:
        return stories_of(edition_by_id(session, edition_id))


def stories_of(edition: Edition) -> tuple[Story, ...]:
    """Everything that is written in a whole edition (`queries.edition_by_id`), its own words first."""
    own = Story(EDITION, tuple(_own_words(edition)))
    items = (item.announcement for section in edition.sections for item in section.items)
    return (own, *(_story(announcement, edition.languages) for announcement in items))


def _own_words(edition: Edition) -> Iterator[WrittenText]:
    source = next((text for text in edition.texts if text.language == edition.languages[0]), None)
    for text in sorted(edition.texts, key=lambda text: edition.languages.index(text.language)):
        fields = [TextField("intro", text.intro, is_markdown=True)]
        # What the program made of the items' titles says nothing new, and is judged there.
        if not text.is_subject_derived:
            fields.append(TextField("subject", text.subject))
        if not text.is_preheader_derived:
            fields.append(TextField("preheader", text.preheader))
        is_written = any(words.strip() for words in text.words.values())
        yield WrittenText(
            text.language,
            tuple(field for field in fields if field.text.strip()),
            state=text.state if is_written else None,
            is_stale=is_stale(text, source),
        )


def _story(announcement: Announcement, languages: tuple[str, ...]) -> Story:
    written = texts_of(announcement)
    source = written.get(announcement.source_language)
    order = [*languages, *(tag for tag in written if tag not in languages)]
    return Story(
        Place(announcement.id),
        tuple(_text(written[tag], announcement, source) for tag in order if tag in written),
        announcement.happens_on,
        announcement.published_on,
        bool(announcement.pictures),
    )


def _text(text: Translation, announcement: Announcement, source: Translation | None) -> WrittenText:
    alt = text.alt_text(announcement.pictures[0].position) if announcement.pictures else ""
    fields = (
        TextField("title", text.title, is_derived=text.is_title_derived),
        TextField("summary", text.summary),
        TextField("body", text.body, is_markdown=True),
        TextField("button", text.cta_label),
        TextField("picture", alt),
    )
    return WrittenText(
        text.language,
        tuple(field for field in fields if field.text.strip()),
        text.cta_url.strip(),
        text.state,
        is_stale(text, source),
    )
