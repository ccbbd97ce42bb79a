"""Makes the returned translations the texts, as far as they were judged sound."""

from datetime import datetime

from newsletter.announcements.handoff.judging import judge
from newsletter.announcements.handoff.report import HandOffReport, TextReport, UnitFate
from newsletter.announcements.handoff.units import Returned, picture_of, text_field
from newsletter.announcements.models import TranslationState
from newsletter.announcements.revisions.editing import Edit, confirm_translation, edit_text
from newsletter.announcements.revisions.queries import announcement_with_texts
from newsletter.announcements.revisions.states import submit_for_review
from newsletter.announcements.rules import is_stale, source_of, text_hash, text_in
from newsletter.foundation.database import WriteSession

_TAKEN = (UnitFate.ACCEPTED, UnitFate.ACCEPTED_AS_STALE)


def take_in(session: WriteSession, returned: Returned, author: str, now: datetime) -> HandOffReport:
    """Stores what came back sound, and reports on every unit. The same file again changes nothing.

    A translation counts as made from the source that was exported: where that moved on, the text is stale. A whole
    text that came back waits for review; nothing is approved by a file.
    """
    report = judge(session, returned, lock=True)
    for judged in report.texts:
        _store_text(session, judged, returned.target_language, author, now)
        _store_alt_texts(session, judged, returned.target_language)
    return report


def _store_text(session: WriteSession, judged: TextReport, language: str, author: str, now: datetime) -> None:
    changes = {
        field: unit.after
        for unit in judged.units
        if unit.fate in _TAKEN and (field := text_field(unit.unit.partition(".")[2])) is not None
    }
    if not changes:
        _confirm(session, judged, language)
        return
    text = text_in(announcement_with_texts(session, judged.announcement_id), language)
    # Where a part did not come back, the rest is no proof that the text as a whole is up to date.
    keeps_doubt = text is not None and not judged.is_complete and text.confirmed_source_hash is not None
    source_hash = text.confirmed_source_hash if keeps_doubt and text else judged.source_hash
    edited = edit_text(
        session, judged.announcement_id, language, Edit(changes, author, source_hash=source_hash), now
    )
    if judged.is_complete and edited.text.state is TranslationState.DRAFT:
        submit_for_review(session, judged.announcement_id, language)


def _confirm(session: WriteSession, judged: TextReport, language: str) -> None:
    """A text that came back whole and unchanged is still right for the source that it was exported with."""
    if not judged.is_complete:
        return
    announcement = announcement_with_texts(session, judged.announcement_id)
    text, source = text_in(announcement, language), source_of(announcement)
    if text and source and is_stale(text, source) and text_hash(source) == judged.source_hash:
        confirm_translation(session, judged.announcement_id, language)


def _store_alt_texts(session: WriteSession, judged: TextReport, language: str) -> None:
    for unit in judged.units:
        if unit.fate not in _TAKEN:
            continue
        announcement = announcement_with_texts(session, judged.announcement_id)
        picture = picture_of(unit.unit.partition(".")[2], announcement.pictures)
        if picture is not None:
            picture.alt_texts = {**picture.alt_texts, language: unit.after}
