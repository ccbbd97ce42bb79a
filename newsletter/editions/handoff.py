"""An edition's own words on their way to translators and back, beside its announcements'."""

from typing import Any

from newsletter.announcements.handoff.kinds import TextKind
from newsletter.announcements.handoff.preparing import markdown_note, text_to_translate
from newsletter.announcements.handoff.units import LeftOut, TextToTranslate
from newsletter.announcements.revisions.family import Family
from newsletter.editions.queries import edition_by_id, frozen_languages
from newsletter.editions.wording import KIND, confirm_words, edit_words, family_of, submit_words
from newsletter.foundation.database import ReadSession
from newsletter.foundation.texts import texts


def edition_to_translate(
    session: ReadSession, edition_id: int, source_language: str, target_language: str
) -> TextToTranslate | LeftOut | None:
    """The edition's own words on their way from one language into another, or why they are left out.

    None where there are none in the source language: the program makes them in each language. Raises EditionNotFound.
    """
    family = _find(session, edition_id, False)
    if family.source is None or not any(words.strip() for words in family.source.words.values()):
        return None
    return text_to_translate(session, family, source_language, target_language, _field_notes(target_language))


def _field_notes(language: str) -> dict[str, str]:
    t = texts(language).gettext
    return {
        "subject": t("The subject of the mail, one line"),
        "preheader": t("What mailboxes show beside the subject, one line"),
        "intro": t("The word at the start.") + " " + markdown_note(language),
        "section": t("The title of a section, one line"),
    }


def _find(session: ReadSession, number: int, lock: bool) -> Family[Any]:
    edition = edition_by_id(session, number, lock=lock)
    return family_of(edition, frozen_languages(session, edition))


EDITIONS = TextKind(KIND, _find, edit_words, confirm_words, submit_words)
