"""What can be asked of the texts of an announcement and their revisions."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from newsletter.announcements.errors import AnnouncementNotFound, TranslationMissing
from newsletter.announcements.models import Announcement, Translation, TranslationRevision
from newsletter.announcements.revisions import changing, family
from newsletter.announcements.revisions.changing import SourceChange as SourceChange
from newsletter.announcements.revisions.family import Family
from newsletter.announcements.rules import ANNOUNCEMENT_RULES, text_in
from newsletter.foundation.database import ReadSession

KIND = "announcement"


def announcement_with_texts(
    session: ReadSession, announcement_id: int, *, lock: bool = False
) -> Announcement:
    """The announcement with its texts and pictures, locked against other writers where asked. Raises AnnouncementNotFound."""
    statement = (
        sa.select(Announcement)
        .where(Announcement.id == announcement_id)
        .options(selectinload(Announcement.translations), selectinload(Announcement.pictures))
    )
    if lock:
        statement = statement.with_for_update(of=Announcement).execution_options(populate_existing=True)
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise AnnouncementNotFound(announcement_id)
    return found


def stored_text(announcement: Announcement, language: str) -> Translation:
    """The announcement's text in a language. Raises TranslationMissing."""
    if (text := text_in(announcement, language)) is None:
        raise TranslationMissing(announcement.id, language)
    return text


def family_of(announcement: Announcement) -> Family[Translation]:
    """The texts of an announcement, as what holds of every kind of text sees them."""
    return Family(
        KIND,
        announcement.id,
        announcement.source_language,
        announcement.translations,
        ANNOUNCEMENT_RULES,
    )


def revisions_of(session: ReadSession, announcement_id: int, language: str) -> Sequence[TranslationRevision]:
    """Every revision of a text, the latest first. Raises AnnouncementNotFound and TranslationMissing."""
    text = stored_text(announcement_with_texts(session, announcement_id), language)
    found = family.revisions(session, text)
    return [revision for revision in found if isinstance(revision, TranslationRevision)]


def latest_revision(session: ReadSession, text: Translation) -> TranslationRevision | None:
    """The revision that holds the text as it is; None for one that was never written."""
    found = family.latest(session, text)
    return found if isinstance(found, TranslationRevision) else None


def what_changed(session: ReadSession, announcement_id: int, language: str) -> SourceChange:
    """What became of the source since this translation was confirmed. Raises AnnouncementNotFound, TranslationMissing."""
    announcement = announcement_with_texts(session, announcement_id)
    return changing.source_change(session, family_of(announcement), stored_text(announcement, language))
