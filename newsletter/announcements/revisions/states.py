"""What can be done with the state of a text: hand it in, approve it, send it back, set it aside, take it up again."""

from datetime import datetime

from newsletter.announcements.errors import MoveNotPossible
from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.announcements.revisions.queries import announcement_with_texts, latest_revision, stored_text
from newsletter.announcements.rules import Move, is_stale, source_of, state_after, text_hash, text_in
from newsletter.foundation.database import WriteSession


def submit_for_review(session: WriteSession, announcement_id: int, language: str) -> Translation:
    """A draft waits for a second pair of eyes. Raises MoveNotPossible, AnnouncementNotFound, TranslationMissing."""
    text = stored_text(announcement_with_texts(session, announcement_id, lock=True), language)
    _move(text, Move.SUBMIT)
    return text


def approve_text(
    session: WriteSession, announcement_id: int, language: str, by: str, now: datetime
) -> Translation:
    """Lets a text go out as it stands: the approval is of these words, and void when they change.

    A text that is approved already keeps its first approval. Raises MoveNotPossible for a stale or a missing text.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    text = stored_text(announcement, language)
    if is_stale(text, source_of(announcement)):
        raise MoveNotPossible(
            announcement_id,
            language,
            f"is stale: look at `newsletter announcements changes {announcement_id} --language {language}`, "
            "then edit or confirm it.",
        )
    is_approved_already = text.state is TranslationState.APPROVED and text.approved_hash == text_hash(text)
    _move(text, Move.APPROVE)
    if not is_approved_already:
        text.approved_hash, text.approved_by, text.approved_at = text_hash(text), by, now
    return text


def return_to_draft(session: WriteSession, announcement_id: int, language: str) -> Translation:
    """A text is to be rewritten; an approval is void. Raises MoveNotPossible, AnnouncementNotFound, TranslationMissing."""
    text = stored_text(announcement_with_texts(session, announcement_id, lock=True), language)
    _move(text, Move.RETURN)
    _withdraw_approval(text)
    return text


def mark_not_applicable(
    session: WriteSession, announcement_id: int, language: str, now: datetime
) -> Translation:
    """The announcement is not meant to exist in this language; words that are there are kept.

    Raises MoveNotPossible for the source, AnnouncementNotFound.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    if language == announcement.source_language:
        raise MoveNotPossible(announcement_id, language, "is the source; it cannot be set aside.")
    text = text_in(announcement, language)
    if text is None:
        text = Translation(
            announcement_id=announcement_id,
            language=language,
            state=TranslationState.NOT_APPLICABLE,
            title="",
            updated_at=now,
        )
        session.add(text)
        session.flush()
        session.expire(announcement, ["translations"])
        return text
    _move(text, Move.SET_ASIDE)
    _withdraw_approval(text)
    return text


def reopen(session: WriteSession, announcement_id: int, language: str) -> Translation | None:
    """The announcement is meant to exist in this language after all: its words are a draft again, None where there are
    none and the text is missing. Raises AnnouncementNotFound, TranslationMissing.
    """
    announcement: Announcement = announcement_with_texts(session, announcement_id, lock=True)
    text = stored_text(announcement, language)
    if text.state is TranslationState.NOT_APPLICABLE and latest_revision(session, text) is None:
        session.delete(text)
        session.flush()
        session.expire(announcement, ["translations"])
        return None
    _move(text, Move.REOPEN)
    return text


def _move(text: Translation, move: Move) -> None:
    state = state_after(text.state, move)
    if state is None:
        words = text.state.value.replace("_", " ")
        raise MoveNotPossible(
            text.announcement_id, text.language, f"is {words}; that cannot be done with it."
        )
    text.state = state


def _withdraw_approval(text: Translation) -> None:
    text.approved_hash = text.approved_by = text.approved_at = None
