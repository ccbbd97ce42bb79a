"""What can be done with the words of an announcement: change them, go back to earlier ones, say that they are still right."""

from datetime import datetime

from newsletter.announcements.errors import TextName, TextRefused
from newsletter.announcements.models import Announcement, Translation, TranslationRevision, TranslationState
from newsletter.announcements.revisions import changing
from newsletter.announcements.revisions.changing import Edit as Edit
from newsletter.announcements.revisions.changing import Edited
from newsletter.announcements.revisions.queries import KIND, announcement_with_texts, family_of, stored_text
from newsletter.announcements.rules import text_in
from newsletter.foundation.database import WriteSession


def edit_text(
    session: WriteSession, announcement_id: int, language: str, edit: Edit, now: datetime
) -> Edited[Translation]:
    """Changes a text, or writes the first one in a language, and keeps the new words as a revision.

    Where the words of an approved text change, its own approval is void and it waits for review; no other
    language's is touched. Nothing to change leaves everything as it is.
    A field `alt.N` is what the picture at position N shows.
    Raises EditConflict, TextRefused, MoveNotPossible, AnnouncementNotFound.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    text = text_in(announcement, language)
    pictures = {f"alt.{picture.position}" for picture in announcement.pictures}
    if any(field.startswith("alt.") and field not in pictures for field in edit.changes):
        raise TextRefused(TextName(KIND, announcement_id, language), ["there is no such picture"])
    if text is not None:
        return changing.change_words(session, family_of(announcement), text, edit, now)
    edited = changing.change_words(
        session, family_of(announcement), _nothing(announcement, language, now), edit, now
    )
    session.expire(announcement, ["translations"])
    return edited


def restore_revision(
    session: WriteSession, announcement_id: int, language: str, number: int, author: str, now: datetime
) -> Edited[Translation]:
    """Makes the words of an earlier revision the text again, as a new revision.

    A translation counts as written against the source text of that time. Raises RevisionNotFound and what `edit_text` raises.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    family, text = family_of(announcement), stored_text(announcement, language)
    wanted = changing.restored_words(session, family, text, number, author)
    return changing.change_words(session, family, text, wanted, now)


def confirm_translation(session: WriteSession, announcement_id: int, language: str) -> bool:
    """Says that a translation is still right for the source as it is now; whether that was in doubt.

    Raises MoveNotPossible for the source itself and for a text that was set aside, AnnouncementNotFound, TranslationMissing.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    return changing.confirm(family_of(announcement), stored_text(announcement, language))


def revision_of(
    text: Translation, number: int, author: str, now: datetime, *, is_minor: bool = False
) -> TranslationRevision:
    """A revision that holds the text as it is."""
    revision = changing.revision_of(text, number, author, now, is_minor=is_minor)
    assert isinstance(revision, TranslationRevision)  # noqa: S101 - Translation.REVISIONS
    return revision


def _nothing(announcement: Announcement, language: str, now: datetime) -> Translation:
    """A text in which nothing is written yet, in no session."""
    return Translation(
        announcement_id=announcement.id,
        language=language,
        state=TranslationState.DRAFT,
        is_title_derived=False,
        updated_at=now,
        **dict.fromkeys(Translation.FIELDS, ""),
    )
