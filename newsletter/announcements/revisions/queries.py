"""What can be asked of the texts of an announcement and their revisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from newsletter.announcements.errors import AnnouncementNotFound, RevisionNotFound, TranslationMissing
from newsletter.announcements.models import Announcement, Translation, TranslationRevision
from newsletter.announcements.revisions.word_diff import DiffKind, DiffPart, word_diff
from newsletter.announcements.rules import TextField, TextFields, fields_of, is_stale, source_of, text_in
from newsletter.foundation.database import ReadSession


@dataclass(frozen=True, slots=True)
class FieldChange:
    """What became of one field: its words before and after, and the stretches that went or came."""

    field: TextField
    before: str
    after: str
    parts: tuple[DiffPart, ...]


@dataclass(frozen=True, slots=True)
class SourceChange:
    """What became of the source since a translation was confirmed.

    `is_known` is False where the text that it was confirmed against is not kept; then there are no fields.
    `since` is when that text was made.
    """

    source_language: str
    is_stale: bool
    is_known: bool
    since: datetime | None
    fields: tuple[FieldChange, ...]


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


def revisions_of(session: ReadSession, announcement_id: int, language: str) -> Sequence[TranslationRevision]:
    """Every revision of a text, the latest first. Raises AnnouncementNotFound and TranslationMissing."""
    text = stored_text(announcement_with_texts(session, announcement_id), language)
    statement = sa.select(TranslationRevision).where(TranslationRevision.translation_id == text.id)
    return session.scalars(statement.order_by(TranslationRevision.number.desc())).all()


def latest_revision(session: ReadSession, text: Translation) -> TranslationRevision | None:
    """The revision that holds the text as it is; None for one that was never written."""
    statement = sa.select(TranslationRevision).where(TranslationRevision.translation_id == text.id)
    return session.scalars(statement.order_by(TranslationRevision.number.desc()).limit(1)).one_or_none()


def revision_numbered(session: ReadSession, text: Translation, number: int) -> TranslationRevision:
    """One revision of a text. Raises RevisionNotFound."""
    if (found := session.get(TranslationRevision, (text.id, number))) is None:
        raise RevisionNotFound(text.announcement_id, text.language, number)
    return found


def revisions_with_hash(
    session: ReadSession, text: Translation, content_hash: str
) -> Sequence[TranslationRevision]:
    """The revisions of a text that say the same as this hash, the latest first; they differ in white space only."""
    statement = sa.select(TranslationRevision).where(
        TranslationRevision.translation_id == text.id, TranslationRevision.content_hash == content_hash
    )
    return session.scalars(statement.order_by(TranslationRevision.number.desc())).all()


def what_changed(session: ReadSession, announcement_id: int, language: str) -> SourceChange:
    """What became of the source since this translation was confirmed. Raises AnnouncementNotFound, TranslationMissing."""
    announcement = announcement_with_texts(session, announcement_id)
    translation = stored_text(announcement, language)
    source = source_of(announcement)
    told = announcement.source_language
    if source is None or not is_stale(translation, source):
        return SourceChange(told, is_stale=False, is_known=True, since=None, fields=())
    confirmed = revisions_with_hash(session, source, translation.confirmed_source_hash or "")
    if not confirmed:
        return SourceChange(told, is_stale=True, is_known=False, since=None, fields=())
    changes = field_changes(fields_of(confirmed[0]), fields_of(source), told)
    return SourceChange(told, is_stale=True, is_known=True, since=confirmed[0].made_at, fields=changes)


def field_changes(before: TextFields, after: TextFields, language: str) -> tuple[FieldChange, ...]:
    """The fields whose words differ, each with the difference."""
    changes = []
    for field in TextField:
        parts = word_diff(before[field], after[field], language)
        if any(part.kind is not DiffKind.KEPT and part.words.strip() for part in parts):
            changes.append(FieldChange(field, before[field], after[field], parts))
    return tuple(changes)
