"""What can be done with the words of a text: change them, go back to earlier ones, say that they are still right."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from newsletter.announcements.errors import EditConflict, MoveNotPossible, TextRefused
from newsletter.announcements.models import Announcement, Translation, TranslationRevision, TranslationState
from newsletter.announcements.revisions.queries import (
    announcement_with_texts,
    latest_revision,
    revision_numbered,
    stored_text,
)
from newsletter.announcements.rules import (
    Move,
    TextField,
    TextFields,
    faults_of,
    fields_hash,
    fields_of,
    is_stale,
    source_of,
    state_after,
    text_hash,
    text_in,
)
from newsletter.foundation.database import WriteSession


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that somebody wants to make to a text.

    `base_revision` is the revision that the editor had before her, None where she does not say (0: there was no
    text). `source_hash` is that of the source text which a translation was written against, None for the source as
    it is. A minor edit of the source leaves its translations confirmed; one of a translation confirms nothing.
    """

    changes: Mapping[TextField, str]
    author: str
    is_minor: bool = False
    base_revision: int | None = None
    source_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """What an edit did. `revision` is the number of the latest revision, new or not.

    `is_changed` tells whether it is new. `became_stale` are the languages whose texts should be looked at now.
    """

    text: Translation
    revision: int
    is_changed: bool
    is_approval_void: bool = False
    became_stale: tuple[str, ...] = ()


def edit_text(
    session: WriteSession, announcement_id: int, language: str, edit: Edit, now: datetime
) -> Edited:
    """Changes a text, or writes the first one in a language, and keeps the new words as a revision.

    Where the words of an approved text change, its own approval is void and it waits for review; no other
    language's is touched. Nothing to change leaves everything as it is.
    Raises EditConflict, TextRefused, MoveNotPossible, AnnouncementNotFound.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    text = text_in(announcement, language)
    if text is None:
        _refuse_conflict(edit, announcement_id, language, None)
        return _first_text(session, announcement, language, edit, now)
    latest = latest_revision(session, text) or _keep_revision(session, text, 1, "", text.updated_at)
    _refuse_conflict(edit, announcement_id, language, latest)
    changes = {field: words for field, words in edit.changes.items() if fields_of(text)[field] != words}
    if faults := faults_of(changes):
        raise TextRefused(announcement_id, language, faults)
    state = state_after(text.state, Move.CHANGE)
    if state is None:
        raise MoveNotPossible(
            announcement_id, language, f"is set aside as not applicable; `newsletter announcements reopen "
            f"{announcement_id} --language {language}` takes it up again.",
        )  # fmt: skip
    if not changes:
        return Edited(text, latest.number, is_changed=False)
    return _change(session, announcement, text, changes, edit, latest.number + 1, now)


def restore_revision(
    session: WriteSession, announcement_id: int, language: str, number: int, author: str, now: datetime
) -> Edited:
    """Makes the words of an earlier revision the text again, as a new revision.

    A translation counts as written against the source text of that time. Raises RevisionNotFound and what `edit_text` raises.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    text = stored_text(announcement, language)
    old = revision_numbered(session, text, number)
    words = {field: fields_of(old)[field] for field in TextField}
    source_hash = old.source_hash or text.confirmed_source_hash
    return edit_text(session, announcement_id, language, Edit(words, author, source_hash=source_hash), now)


def confirm_translation(session: WriteSession, announcement_id: int, language: str) -> bool:
    """Says that a translation is still right for the source as it is now; whether that was in doubt.

    Raises MoveNotPossible for the source itself and for a text that was set aside, AnnouncementNotFound, TranslationMissing.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    text = stored_text(announcement, language)
    source = source_of(announcement)
    if source is None or text is source:
        raise MoveNotPossible(
            announcement_id, language, "is the source; there is nothing to confirm it against."
        )
    if text.state is TranslationState.NOT_APPLICABLE:
        raise MoveNotPossible(announcement_id, language, "is set aside as not applicable.")
    was_stale = is_stale(text, source)
    text.confirmed_source_hash = text_hash(source)
    return was_stale


def _refuse_conflict(
    edit: Edit, announcement_id: int, language: str, latest: TranslationRevision | None
) -> None:
    number = latest.number if latest else 0
    if edit.base_revision is not None and edit.base_revision != number:
        raise EditConflict(
            announcement_id, language, edit.base_revision, number, latest.author if latest else ""
        )


def _first_text(
    session: WriteSession, announcement: Announcement, language: str, edit: Edit, now: datetime
) -> Edited:
    fields = TextFields().with_changes(edit.changes)
    if faults := faults_of({TextField.TITLE: "", **edit.changes}):
        raise TextRefused(announcement.id, language, faults)
    is_source = language == announcement.source_language
    text = Translation(
        announcement_id=announcement.id,
        language=language,
        state=TranslationState.DRAFT,
        title=fields.title,
        summary=fields.summary,
        body=fields.body,
        cta_label=fields.cta_label,
        cta_url=fields.cta_url,
        confirmed_source_hash=None if is_source else edit.source_hash or _source_hash(announcement),
        updated_at=now,
    )
    session.add(text)
    session.flush()
    _keep_revision(session, text, 1, edit.author, now)
    session.expire(announcement, ["translations"])
    return Edited(text, 1, is_changed=True)


def _change(
    session: WriteSession,
    announcement: Announcement,
    text: Translation,
    changes: Mapping[TextField, str],
    edit: Edit,
    number: int,
    now: datetime,
) -> Edited:
    """Writes the changes, voids the approval of other words than the approved ones, and moves confirmations on."""
    before = text_hash(text)
    was_stale = _stale_languages(announcement)
    for field, words in changes.items():
        setattr(text, field.value, words)
    text.is_title_derived = text.is_title_derived and TextField.TITLE not in changes
    text.updated_at = now
    after = text_hash(text)
    is_void = text.state is TranslationState.APPROVED and after != before
    if is_void:
        text.state = state_after(text.state, Move.CHANGE) or text.state
        text.approved_hash = text.approved_by = text.approved_at = None
    if text is source_of(announcement):
        if edit.is_minor:
            _move_confirmations_on(announcement, before, after)
    elif not edit.is_minor:
        text.confirmed_source_hash = edit.source_hash or _source_hash(announcement)
    _keep_revision(session, text, number, edit.author, now, is_minor=edit.is_minor)
    became_stale = tuple(tag for tag in _stale_languages(announcement) if tag not in was_stale)
    return Edited(text, number, is_changed=True, is_approval_void=is_void, became_stale=became_stale)


def _move_confirmations_on(announcement: Announcement, before: str, after: str) -> None:
    """What was confirmed against the source before a minor edit is so after it; what was stale stays so."""
    for translation in announcement.translations:
        if translation.confirmed_source_hash == before:
            translation.confirmed_source_hash = after


def _stale_languages(announcement: Announcement) -> list[str]:
    source = source_of(announcement)
    return [text.language for text in announcement.translations if is_stale(text, source)]


def _source_hash(announcement: Announcement) -> str | None:
    source = source_of(announcement)
    return None if source is None else text_hash(source)


def _keep_revision(
    session: WriteSession,
    text: Translation,
    number: int,
    author: str,
    now: datetime,
    *,
    is_minor: bool = False,
) -> TranslationRevision:
    revision = revision_of(text, number, author, now, is_minor=is_minor)
    revision.translation_id = text.id
    session.add(revision)
    session.flush()
    return revision


def revision_of(
    text: Translation, number: int, author: str, now: datetime, *, is_minor: bool = False
) -> TranslationRevision:
    """A revision that holds the text as it is."""
    fields = fields_of(text)
    return TranslationRevision(
        number=number,
        title=fields.title,
        summary=fields.summary,
        body=fields.body,
        cta_label=fields.cta_label,
        cta_url=fields.cta_url,
        content_hash=fields_hash(fields),
        source_hash=text.confirmed_source_hash,
        author=author,
        is_minor=is_minor,
        made_at=now,
    )
