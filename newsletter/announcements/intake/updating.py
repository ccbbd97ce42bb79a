"""What a source says anew, taken over as an edit of the texts that came from it; nothing that stood here is lost."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from newsletter.announcements.actions import ReadyDraft, picture_rows, remark_rows, words_of
from newsletter.announcements.intake.draft import DraftAnnouncement
from newsletter.announcements.models import (
    Announcement,
    AnnouncementRemark,
    Translation,
    TranslationRevision,
    TranslationState,
)
from newsletter.announcements.revisions.editing import Edit, edit_text
from newsletter.announcements.revisions.queries import announcement_with_texts, latest_revision
from newsletter.announcements.rules import source_of, text_hash, text_in, words_hash
from newsletter.foundation.database import ReadSession, WriteSession

IMPORT_AUTHOR = "import"
_DETAILS = ("topic", "published_on", "happens_on")


class Update(StrEnum):
    """What an import does with a source that was imported before with other words."""

    NONE = "none"  # tells it
    UNEDITED = "unedited"  # takes it over, but for texts that somebody changed here since
    ALL = "all"  # takes it over in any case; what stood here stays in the revisions


class LeftBecause(StrEnum):
    """Why the new words of a source were not taken over."""

    NOT_ASKED = "not_asked"  # nobody wished it
    EDITED_HERE = "edited_here"  # somebody changed or wrote the text here since the import
    SET_ASIDE = "set_aside"  # the text is marked as not applicable


@dataclass(frozen=True, slots=True)
class TextLeft:
    """A language in which the source says something new that was not taken over."""

    language: str
    reason: LeftBecause


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of the new words of a source.

    `details` are what changed besides the texts: `topic`, `published_on`, `happens_on`, `picture`; in the mode NONE
    they are told, not taken over.
    """

    languages: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    left: tuple[TextLeft, ...] = ()
    became_stale: tuple[str, ...] = ()
    approval_void: tuple[str, ...] = ()


def take_over(
    session: WriteSession, announcement_id: int, ready: ReadyDraft, update: Update, now: datetime
) -> TakenOver:
    """Compares a source with what was imported from it before, and takes over what `update` lets through.

    A text counts as changed here where it differs from the last one that an import wrote. A translation that comes
    with its source is confirmed against the words that it came with.
    """
    announcement = announcement_with_texts(session, announcement_id, lock=True)
    draft = ready.draft
    wanted: dict[str, Mapping[str, str]] = {}
    left: list[TextLeft] = []
    for language, words in _words(announcement, ready).items():
        if not _is_new(session, announcement, language, words):
            continue
        reason = _reason_to_leave(session, announcement, language, update)
        if reason is None:
            wanted[language] = words
        else:
            left.append(TextLeft(language, reason))
    details = tuple(_changed_details(announcement, ready))
    if update is Update.NONE:
        return TakenOver((), details, tuple(left))
    _take_details(session, announcement, ready)
    stale, void = _edit(session, announcement, draft, wanted, now)
    if not left:
        announcement.source_key = draft.source_key
    session.flush()
    return TakenOver(
        tuple(wanted), details, tuple(left), tuple(tag for tag in stale if tag not in wanted), tuple(void)
    )


def imported_words(session: ReadSession, text: Translation) -> Mapping[str, str] | None:
    """What the source said when it was last imported; None for a text that no import wrote."""
    by_import = sa.or_(
        TranslationRevision.author == IMPORT_AUTHOR,
        # What was there before revisions were kept; later ones without a name are of people without one.
        sa.and_(TranslationRevision.author == "", TranslationRevision.number == 1),
    )
    statement = (
        sa.select(TranslationRevision)
        .where(TranslationRevision.translation_id == text.id, by_import)
        .order_by(TranslationRevision.number.desc())
        .limit(1)
    )
    if (found := session.scalars(statement).one_or_none()) is not None:
        return found.words
    is_untouched = text.state is not TranslationState.NOT_APPLICABLE
    return text.words if is_untouched and latest_revision(session, text) is None else None


def _words(announcement: Announcement, ready: ReadyDraft) -> dict[str, Mapping[str, str]]:
    """What the source says, per language, that of the announcement's own first.

    Of a new picture nobody knows more than the source says: what an earlier one showed is blank.
    """
    draft = ready.draft
    in_order = sorted(draft.texts, key=lambda text: text.language != announcement.source_language)
    said: dict[str, Mapping[str, str]] = {}
    for text in in_order:
        stored = text_in(announcement, text.language)
        of_pictures = [name for name in stored.words if name not in stored.FIELDS] if stored else []
        blank = dict.fromkeys(of_pictures, "") if _has_new_picture(announcement, ready) else {}
        said[text.language] = blank | words_of(draft, text)
    return said


def _is_new(
    session: ReadSession, announcement: Announcement, language: str, words: Mapping[str, str]
) -> bool:
    """Whether the source says what neither stands here nor stood there at the last import."""
    stored = text_in(announcement, language)
    if stored is None:
        return True
    before = imported_words(session, stored)
    return not _says(stored.words, words) and (before is None or not _says(before, words))


def _says(there: Mapping[str, str], words: Mapping[str, str]) -> bool:
    """Whether words would change nothing there but white space."""
    return words_hash({**there, **words}) == words_hash(there)


def _reason_to_leave(
    session: ReadSession, announcement: Announcement, language: str, update: Update
) -> LeftBecause | None:
    if update is Update.NONE:
        return LeftBecause.NOT_ASKED
    stored = text_in(announcement, language)
    if stored is None:
        return None
    if stored.state is TranslationState.NOT_APPLICABLE:
        return LeftBecause.SET_ASIDE
    before = imported_words(session, stored)
    is_edited = before is None or words_hash(before) != text_hash(stored)
    return LeftBecause.EDITED_HERE if is_edited and update is not Update.ALL else None


def _edit(
    session: WriteSession,
    announcement: Announcement,
    draft: DraftAnnouncement,
    wanted: Mapping[str, Mapping[str, str]],
    now: datetime,
) -> tuple[list[str], list[str]]:
    """Writes the texts; the languages that became stale by it and those whose approval is void."""
    by_language = {text.language: text for text in draft.texts}
    source_hash = _hash_of_source(announcement, draft)
    stale: list[str] = []
    void: list[str] = []
    for language, words in wanted.items():
        edit = Edit(words, IMPORT_AUTHOR, source_hash=source_hash)
        edited = edit_text(session, announcement.id, language, edit, now)
        edited.text.is_title_derived = by_language[language].is_title_derived
        stale += edited.became_stale
        void += [language] if edited.is_approval_void else []
    _replace_remarks(session, announcement.id, draft, wanted.keys())
    return stale, void


def _hash_of_source(announcement: Announcement, draft: DraftAnnouncement) -> str | None:
    """The hash of the source text that the draft's translations came with, None where they came alone."""
    text = next((text for text in draft.texts if text.language == announcement.source_language), None)
    if text is None:
        return None
    stored = source_of(announcement)
    return words_hash({**(stored.words if stored else {}), **words_of(draft, text)})


def _replace_remarks(
    session: WriteSession, announcement_id: int, draft: DraftAnnouncement, languages: Set[str]
) -> None:
    """The remarks in these languages were on the words of before."""
    of_languages = AnnouncementRemark.language.in_(languages)
    session.execute(
        sa.delete(AnnouncementRemark).where(
            AnnouncementRemark.announcement_id == announcement_id, of_languages
        )
    )
    for row in remark_rows(draft):
        if row.language in languages:
            row.announcement_id = announcement_id
            session.add(row)


def _changed_details(announcement: Announcement, ready: ReadyDraft) -> Iterator[str]:
    """What the source names besides its texts, and names otherwise than it stands here."""
    for name in _DETAILS:
        said = getattr(ready.draft, name)
        if said and said != getattr(announcement, name):
            yield name
    if _has_new_picture(announcement, ready):
        yield "picture"


def _has_new_picture(announcement: Announcement, ready: ReadyDraft) -> bool:
    before = [row.sha256 for row in announcement.pictures]
    return bool(ready.pictures) and before != [picture.sha256 for picture in ready.pictures]


def _take_details(session: WriteSession, announcement: Announcement, ready: ReadyDraft) -> None:
    for name in _changed_details(announcement, ready):
        if name != "picture":
            setattr(announcement, name, getattr(ready.draft, name))
            continue
        announcement.pictures.clear()
        session.flush()
        announcement.pictures.extend(picture_rows(session, ready))
    session.flush()
