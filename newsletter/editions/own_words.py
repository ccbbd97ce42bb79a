"""The words of an edition itself: what editors wrote, and for the rest what the items give."""

from collections.abc import Collection
from dataclasses import dataclass

from newsletter.editions.choosing import choice_for, texts_of
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import Edition, EditionText
from newsletter.editions.rules import Choice
from newsletter.foundation.texts import texts

_SUBJECT_TITLE_LENGTH = 70
_PREHEADER_LENGTH = 140


@dataclass(frozen=True, slots=True)
class Words:
    """A subject and a preheader made from the items."""

    subject: str
    preheader: str


@dataclass(frozen=True, slots=True)
class EditionWords:
    """The words of an edition itself in one language, derived ones as they are by now."""

    subject: str
    preheader: str
    intro: str


def derived_words(edition: Edition, masthead: Masthead, language: str) -> Words:
    """A subject ("La lettre, n° 3 : the first title") and a preheader (the next titles) for one language.

    Titles in the language come first, so that a subject is in another language only where nothing else is there.
    """
    entries = [entry for section in edition.sections for entry in section.items]
    choices = [(entry.announcement, choice_for(entry, edition, language)) for entry in entries]
    shown = [(item, choice) for item, choice in choices if isinstance(choice, Choice)]
    shown.sort(key=lambda pair: pair[1].language != language)
    titles = [texts_of(item)[choice.language].title for item, choice in shown]
    names = {"list": masthead.list_name(language), "number": edition.issue_number}
    t = texts(language).gettext
    if not titles:
        return Words(t("%(list)s, no. %(number)s") % names, "")
    title = shortened(titles[0], _SUBJECT_TITLE_LENGTH)
    subject = t("%(list)s, no. %(number)s: %(title)s") % {**names, "title": title}
    return Words(subject, shortened(" · ".join(titles[1:]) or titles[0], _PREHEADER_LENGTH))


def edition_words(edition: Edition, masthead: Masthead, text: EditionText) -> EditionWords:
    """What an editor wrote, and for the rest what the items give by now: a translation may have come since."""
    derived = derived_words(edition, masthead, text.language)
    return EditionWords(
        subject=derived.subject if text.is_subject_derived else text.subject,
        preheader=derived.preheader if text.is_preheader_derived else text.preheader,
        intro=text.intro,
    )


def refresh_derived(edition: Edition, masthead: Masthead, frozen: Collection[str] = ()) -> None:
    """Makes subjects and preheaders that nobody wrote what the items give now, but for frozen languages."""
    for text in edition.texts:
        if text.language not in frozen:
            words = edition_words(edition, masthead, text)
            text.subject, text.preheader = words.subject, words.preheader


def shortened(text: str, length: int) -> str:
    """`text`, or as many whole words of it as fit into `length` characters with an ellipsis."""
    text = " ".join(text.split(" "))
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:.–-") + "…"
