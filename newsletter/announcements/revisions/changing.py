"""How any text changes: its words, its revisions, what it is confirmed against, its approval. The same for every kind of text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from newsletter.announcements.errors import EditConflict, MoveNotPossible, TextRefused
from newsletter.announcements.models import KeptRevision, KeptText, TranslationState
from newsletter.announcements.revisions.family import (
    Family,
    FieldChange,
    T,
    field_changes,
    latest,
    numbered,
    with_hash,
)
from newsletter.announcements.rules import Move, TextField, is_stale, state_after, text_hash
from newsletter.foundation.database import ReadSession, WriteSession


@dataclass(frozen=True, slots=True)
class Edit:
    """A change that somebody wants to make to a text: field -> its new words.

    `base_revision` is the revision that the editor had before her, None where she does not say (0: there was no
    text). `source_hash` is that of the source text which a translation was written against, None for the source as
    it is. A minor edit of the source leaves its translations confirmed; one of a translation confirms nothing.
    """

    changes: Mapping[TextField, str] | Mapping[str, str]
    author: str
    is_minor: bool = False
    base_revision: int | None = None
    source_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Edited(Generic[T]):
    """What an edit did. `revision` is the number of the latest revision, new or not.

    `is_changed` tells whether it is new. `became_stale` are the languages whose texts should be looked at now.
    """

    text: T
    revision: int
    is_changed: bool
    is_approval_void: bool = False
    became_stale: tuple[str, ...] = ()


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


def _refuse_conflict(family: Family[T], language: str, edit: Edit, last: KeptRevision | None) -> None:
    """Raises EditConflict where the editor did not have this revision before her, None being none."""
    number = last.number if last else 0
    if edit.base_revision is not None and edit.base_revision != number:
        author = last.author if last else ""
        raise EditConflict(family.name_of(language), edit.base_revision, number, author)


def change_words(session: WriteSession, family: Family[T], text: T, edit: Edit, now: datetime) -> Edited[T]:
    """Changes a text, and keeps the new words as a revision.

    Where the words of an approved text change, its own approval is void and it waits for review; no other
    language's is touched. Nothing to change leaves everything as it is.
    Raises EditConflict, TextRefused, MoveNotPossible.
    """
    last = latest(session, text)
    if last is None and any(words.strip() for words in text.words.values()):
        last = _keep_revision(
            session, text, 1, "", text.updated_at
        )  # a text from before there were revisions
    _refuse_conflict(family, text.language, edit, last)
    before = text.words
    changes = {str(name): words for name, words in edit.changes.items() if before.get(name, "") != words}
    _refuse_words(family, text, changes, is_first=last is None)
    number = last.number if last else 0
    if not changes:
        return Edited(text, number, is_changed=False)
    return _change(session, family, text, changes, edit, number + 1, now)


def restored_words(session: ReadSession, family: Family[T], text: T, number: int, author: str) -> Edit:
    """The edit that makes an earlier revision the text again, written against the source of that time.

    Raises RevisionNotFound.
    """
    old = numbered(session, family, text, number)
    words = {**dict.fromkeys(text.words, ""), **old.words}
    return Edit(words, author, source_hash=old.source_hash or text.confirmed_source_hash)


def confirm(family: Family[T], text: T) -> bool:
    """Says that a translation is still right for the source as it is now; whether that was in doubt.

    Raises MoveNotPossible for the source itself and for a text that was set aside.
    """
    name = family.name_of(text.language)
    if family.source is None or text is family.source:
        raise MoveNotPossible(name, "is the source; there is nothing to confirm it against.")
    if text.state is TranslationState.NOT_APPLICABLE:
        raise MoveNotPossible(name, "is set aside as not applicable.")
    was_stale = is_stale(text, family.source)
    text.confirmed_source_hash = family.source_hash
    return was_stale


def source_change(session: ReadSession, family: Family[T], text: T) -> SourceChange:
    """What became of the source since this translation was confirmed."""
    source, told = family.source, family.source_language
    if source is None or not is_stale(text, source):
        return SourceChange(told, is_stale=False, is_known=True, since=None, fields=())
    confirmed = with_hash(session, source, text.confirmed_source_hash or "")
    if not confirmed:
        return SourceChange(told, is_stale=True, is_known=False, since=None, fields=())
    changes = field_changes(confirmed[0].words, source.words, told)
    return SourceChange(told, is_stale=True, is_known=True, since=confirmed[0].made_at, fields=changes)


def revision_of(
    text: KeptText, number: int, author: str, now: datetime, *, is_minor: bool = False
) -> KeptRevision:
    """A revision that holds the text as it is."""
    revision = text.REVISIONS()
    revision.number, revision.author, revision.made_at, revision.is_minor = number, author, now, is_minor
    revision.content_hash, revision.source_hash = text_hash(text), text.confirmed_source_hash
    revision.write(text.words)
    return revision


def _refuse_words(family: Family[T], text: T, changes: Mapping[str, str], *, is_first: bool) -> None:
    name, first = family.name_of(text.language), family.rules.first_field
    if state_after(text.state, Move.CHANGE) is None:
        raise MoveNotPossible(
            name, f"is set aside as not applicable; `{name.command('reopen')}` takes it up again."
        )
    if faults := family.rules.faults_of({first: "", **changes} if is_first and first else changes):
        raise TextRefused(name, faults)


def _change(
    session: WriteSession,
    family: Family[T],
    text: T,
    changes: Mapping[str, str],
    edit: Edit,
    number: int,
    now: datetime,
) -> Edited[T]:
    """Writes the changes, voids the approval of other words than the approved ones, and moves confirmations on."""
    before = text_hash(text)
    was_stale = family.stale_languages
    text.write(changes)
    text.updated_at = now
    after = text_hash(text)
    is_void = text.state is TranslationState.APPROVED and after != before
    if is_void:
        text.state = state_after(text.state, Move.CHANGE) or text.state
        text.approved_hash = text.approved_by = text.approved_at = None
    if text.language == family.source_language:
        if edit.is_minor:
            _move_confirmations_on(family, before, after)
    elif number == 1 or not edit.is_minor:
        text.confirmed_source_hash = edit.source_hash or family.source_hash
    _keep_revision(session, text, number, edit.author, now, is_minor=edit.is_minor)
    became_stale = tuple(tag for tag in family.stale_languages if tag not in was_stale)
    return Edited(text, number, is_changed=True, is_approval_void=is_void, became_stale=became_stale)


def _move_confirmations_on(family: Family[T], before: str, after: str) -> None:
    """What was confirmed against the source before a minor edit is so after it; what was stale stays so."""
    for translation in family.texts:
        if translation.confirmed_source_hash == before:
            translation.confirmed_source_hash = after


def _keep_revision(
    session: WriteSession,
    text: KeptText,
    number: int,
    author: str,
    now: datetime,
    *,
    is_minor: bool = False,
) -> KeptRevision:
    session.add(text)
    session.flush()
    revision = revision_of(text, number, author, now, is_minor=is_minor)
    for column, value in text.identity.items():
        setattr(revision, column, value)
    session.add(revision)
    session.flush()
    return revision
