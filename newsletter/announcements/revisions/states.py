"""What can be done with the state of an announcement's text: hand it in, approve it, send it back, set it aside, take it up again."""

from datetime import datetime

from newsletter.announcements.errors import MoveNotPossible
from newsletter.announcements.models import Translation, TranslationState
from newsletter.announcements.revisions.family import latest
from newsletter.announcements.revisions.moves import approve, make_move, send_back, submit, withdraw_approval
from newsletter.announcements.revisions.queries import announcement_with_texts, family_of, stored_text
from newsletter.announcements.rules import Move, text_in
from newsletter.foundation.database import WriteSession


def submit_for_review(session: WriteSession, announcement_id: int, language: str) -> Translation:
    """A draft waits for a second pair of eyes. Raises MoveNotPossible, AnnouncementNotFound, TranslationMissing."""
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    return submit(family_of(announcement), stored_text(announcement, language))


def approve_text(
    session: WriteSession, announcement_id: int, language: str, by: str, now: datetime
) -> Translation:
    """Lets a text go out as it stands: the approval is of these words, and void when they change.

    A text that is approved already keeps its first approval. Raises MoveNotPossible for a stale text,
    AnnouncementNotFound, TranslationMissing.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    return approve(family_of(announcement), stored_text(announcement, language), by, now)


def return_to_draft(session: WriteSession, announcement_id: int, language: str) -> Translation:
    """A text is to be rewritten; an approval is void. Raises MoveNotPossible, AnnouncementNotFound, TranslationMissing."""
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    return send_back(family_of(announcement), stored_text(announcement, language))


def mark_not_applicable(
    session: WriteSession, announcement_id: int, language: str, now: datetime
) -> Translation:
    """The announcement is not meant to exist in this language; words that are there are kept.

    Raises MoveNotPossible for the source, AnnouncementNotFound.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    family = family_of(announcement)
    if language == announcement.source_language:
        raise MoveNotPossible(family.name_of(language), "is the source; it cannot be set aside.")
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
    make_move(family, text, Move.SET_ASIDE)
    withdraw_approval(text)
    return text


def reopen(session: WriteSession, announcement_id: int, language: str) -> Translation | None:
    """The announcement is meant to exist in this language after all: its words are a draft again, None where there are
    none and the text is missing. Raises AnnouncementNotFound, TranslationMissing.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    text = stored_text(announcement, language)
    if text.state is TranslationState.NOT_APPLICABLE and latest(session, text) is None:
        session.delete(text)
        session.flush()
        session.expire(announcement, ["translations"])
        return None
    make_move(family_of(announcement), text, Move.REOPEN)
    return text
