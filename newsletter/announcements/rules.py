"""What holds of announcements, whatever the day and the database."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

from newsletter.announcements.models import (
    Announcement,
    KeptText,
    Translation,
    TranslationRevision,
    TranslationState,
    Worded,
)

CTA_LABEL_MAX = 200


class TextField(StrEnum):
    """What a text consists of."""

    TITLE = "title"  # one line
    SUMMARY = "summary"  # Markdown; "" where there is none
    BODY = "body"  # Markdown
    CTA_LABEL = "cta_label"  # the words on the button
    CTA_URL = "cta_url"  # where the button leads


@dataclass(frozen=True, slots=True)
class TextFields:
    """The words of one text; "" means that there is none of it."""

    title: str = ""
    summary: str = ""
    body: str = ""
    cta_label: str = ""
    cta_url: str = ""

    def with_changes(self, changes: Mapping[TextField, str]) -> "TextFields":
        """The same with other words in some fields."""
        return replace(self, **{field.value: words for field, words in changes.items()})

    def __getitem__(self, field: TextField) -> str:
        words: str = getattr(self, field.value)
        return words


def fields_of(text: Translation | TranslationRevision) -> TextFields:
    """The words of a stored text, or of one of its revisions."""
    return TextFields(text.title, text.summary, text.body, text.cta_label, text.cta_url)


class FieldForm(StrEnum):
    """What may stand in a field."""

    LINE = "line"  # words, in one line
    MARKDOWN = "markdown"  # paragraphs, with links
    URL = "url"  # an address


@dataclass(frozen=True, slots=True)
class TextRules:
    """What texts of one kind consist of, and what may stand there.

    `fields` are in order; `numbered` is what the names of further fields begin with, one line each (`section.2`).
    No text begins without its `first_field`. `faults_of` tells why words cannot be stored, each reason as a clause.
    """

    fields: Mapping[str, FieldForm]
    faults_of: Callable[[Mapping[str, str]], list[str]]
    numbered: str | None = None
    first_field: str | None = None

    def form_of(self, field: str) -> FieldForm | None:
        """What may stand in a field, None where there is no such field."""
        kind, dot, number = field.partition(".")
        if dot and kind == self.numbered and number.isascii() and number.isdecimal():
            return FieldForm.LINE
        return self.fields.get(field)


def words_hash(words: Mapping[str, str]) -> str:
    """The content hash of words, field by field; numbered fields count where there are words in them, with their number."""
    plain = [text for name, text in words.items() if "." not in name]
    numbered = sorted((name, text) for name, text in words.items() if "." in name and text.strip())
    return content_hash(*plain, *(f"{name}={text}" for name, text in numbered))


def content_hash(*fields: str) -> str:
    """64 hex digits that change when the words of a text do, and not when only its white space does."""
    plain = "\x1f".join(" ".join(unicodedata.normalize("NFC", field).split()) for field in fields)
    return hashlib.sha256(plain.encode()).hexdigest()


def fields_hash(fields: TextFields) -> str:
    """The content hash of these words."""
    return content_hash(fields.title, fields.summary, fields.body, fields.cta_label, fields.cta_url)


def text_hash(text: Worded) -> str:
    """The content hash of a stored text, or of a revision."""
    return words_hash(text.words)


def is_stale(translation: KeptText, source: KeptText | None) -> bool:
    """Whether the source has changed since the translation was last confirmed against it."""
    if source is None or source is translation or translation.confirmed_source_hash is None:
        return False
    if translation.state is TranslationState.NOT_APPLICABLE:
        return False
    return translation.confirmed_source_hash != text_hash(source)


def source_of(announcement: Announcement) -> Translation | None:
    """The text that the others are translations of, None where it is not there."""
    return text_in(announcement, announcement.source_language)


def text_in(announcement: Announcement, language: str) -> Translation | None:
    """The announcement's text in a language, None where it is missing."""
    return next((text for text in announcement.translations if text.language == language), None)


def missing_languages(announcement: Announcement, languages: Iterable[str]) -> tuple[str, ...]:
    """Which of these languages the announcement has no text in, those left out that it is not meant to have."""
    there = {text.language for text in announcement.translations}
    return tuple(language for language in languages if language not in there)


class Move(StrEnum):
    """What can become of a text's state."""

    SUBMIT = "submit"  # the writer has done
    APPROVE = "approve"  # somebody has read it and lets it go out
    RETURN = "return"  # the reader wants it rewritten
    CHANGE = "change"  # its words became others
    SET_ASIDE = "set_aside"  # it is not meant to exist in this language
    REOPEN = "reopen"  # it is meant to exist after all


_WRITTEN = (TranslationState.DRAFT, TranslationState.REVIEW, TranslationState.APPROVED)

# From which states a move leads where. What is not here cannot be done.
MOVES: Mapping[Move, Mapping[TranslationState, TranslationState]] = {
    Move.SUBMIT: {
        TranslationState.DRAFT: TranslationState.REVIEW,
        TranslationState.REVIEW: TranslationState.REVIEW,
    },
    # Straight from the draft too: in a small office who writes and who approves may be one person.
    Move.APPROVE: dict.fromkeys(_WRITTEN, TranslationState.APPROVED),
    Move.RETURN: dict.fromkeys(_WRITTEN, TranslationState.DRAFT),
    # An approval is of the words that were read: other words wait for a second pair of eyes again.
    Move.CHANGE: {
        TranslationState.DRAFT: TranslationState.DRAFT,
        TranslationState.REVIEW: TranslationState.REVIEW,
        TranslationState.APPROVED: TranslationState.REVIEW,
    },
    Move.SET_ASIDE: dict.fromkeys(TranslationState, TranslationState.NOT_APPLICABLE),
    Move.REOPEN: {
        TranslationState.NOT_APPLICABLE: TranslationState.DRAFT,
        **{state: state for state in _WRITTEN},
    },
}


def state_after(state: TranslationState, move: Move) -> TranslationState | None:
    """The state to which a move leads, None where it cannot be made."""
    return MOVES[move].get(state)


def faults_of(changes: Mapping[str, str]) -> list[str]:
    """Why these words cannot be stored in an announcement, each reason as a clause."""
    faults = []
    title = changes.get(TextField.TITLE)
    if title is not None and not title.strip():
        faults.append("the title is empty")
    if title is not None and len(title.splitlines()) > 1:
        faults.append("the title has more than one line")
    if len(changes.get(TextField.CTA_LABEL, "")) > CTA_LABEL_MAX:
        faults.append(f"the words on the button are longer than {CTA_LABEL_MAX} characters")
    if (url := changes.get(TextField.CTA_URL)) and not is_link(url):
        faults.append("the button's address must begin with https:// or mailto: and have no spaces")
    if any(len(words.splitlines()) > 1 for name, words in changes.items() if name.startswith("alt.")):
        faults.append("what a picture shows is told in more than one line")
    return faults


def is_link(url: str) -> bool:
    """Whether the text is a whole address that a reader can follow from a mailbox."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_whole = bool(parts.netloc) if parts.scheme in {"http", "https"} else parts.scheme in {"mailto", "tel"}
    return is_whole and not any(sign.isspace() for sign in url)


ANNOUNCEMENT_RULES = TextRules(
    fields={
        TextField.TITLE: FieldForm.LINE,
        TextField.SUMMARY: FieldForm.MARKDOWN,
        TextField.BODY: FieldForm.MARKDOWN,
        TextField.CTA_LABEL: FieldForm.LINE,
        TextField.CTA_URL: FieldForm.URL,
    },
    faults_of=faults_of,
    numbered="alt",
    first_field=TextField.TITLE,
)
