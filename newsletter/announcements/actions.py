"""What can be done with announcements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.announcements.intake.draft import DraftAnnouncement, DraftText
from newsletter.announcements.intake.pictures import PreparedPicture
from newsletter.announcements.models import (
    Announcement,
    AnnouncementPicture,
    AnnouncementRemark,
    Picture,
    Translation,
    TranslationState,
)
from newsletter.announcements.queries import known_source_keys
from newsletter.announcements.revisions.editing import revision_of
from newsletter.announcements.rules import words_hash
from newsletter.foundation.database import WriteSession


@dataclass(frozen=True, slots=True)
class ReadyDraft:
    """A draft with its pictures decoded and re-encoded, so that storing it touches nothing but the database."""

    draft: DraftAnnouncement
    pictures: tuple[PreparedPicture, ...]


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """What became of a draft: the announcement's number, and whether this import added it."""

    announcement_id: int
    is_new: bool


def store_announcements(
    session: WriteSession, drafts: Sequence[ReadyDraft], now: datetime, author: str = "import"
) -> list[StoredDraft]:
    """Adds the drafts whose source was not imported before, each text with its first revision.

    The same source again adds nothing.
    """
    known = known_source_keys(session, [ready.draft.source_key for ready in drafts])
    stored = []
    for ready in drafts:
        key = ready.draft.source_key
        if key in known:
            stored.append(StoredDraft(known[key], is_new=False))
            continue
        announcement = _announcement(session, ready, now, author)
        session.add(announcement)
        session.flush()
        known[key] = announcement.id
        stored.append(StoredDraft(announcement.id, is_new=True))
    return stored


def _announcement(session: WriteSession, ready: ReadyDraft, now: datetime, author: str) -> Announcement:
    draft = ready.draft
    source = next((text for text in draft.texts if text.language == draft.source_language), None)
    return Announcement(
        source_language=draft.source_language,
        topic=draft.topic,
        reference=draft.reference,
        source_name=draft.source_name,
        source_key=draft.source_key,
        published_on=draft.published_on,
        happens_on=draft.happens_on,
        created_at=now,
        translations=[_translation(draft, text, source, now, author) for text in draft.texts],
        remarks=remark_rows(draft),
        pictures=picture_rows(session, ready),
    )


def remark_rows(draft: DraftAnnouncement) -> list[AnnouncementRemark]:
    """The rows of a draft's remarks."""
    return [
        AnnouncementRemark(
            language=remark.language,
            code=remark.code,
            message=remark.message_in("en"),
            excerpt=remark.excerpt,
            line=remark.line,
        )
        for remark in draft.remarks
    ]


def picture_rows(session: WriteSession, ready: ReadyDraft) -> list[AnnouncementPicture]:
    """The rows of a draft's pictures, which are stored where they are not there yet."""
    return [
        AnnouncementPicture(position=place, sha256=_picture(session, prepared).sha256)
        for place, prepared in enumerate(ready.pictures)
    ]


def words_of(draft: DraftAnnouncement, text: DraftText) -> dict[str, str]:
    """The words of a draft in a language, by field, with what its pictures show."""
    plain = {name: str(getattr(text, name)) for name in Translation.FIELDS}
    return plain | {f"alt.{place}": words for place, words in alt_texts(draft, text.language).items()}


def alt_texts(draft: DraftAnnouncement, language: str) -> dict[str, str]:
    """What the pictures of a draft show: position -> words in a language."""
    told = {str(place): dict(picture.alt).get(language, "") for place, picture in enumerate(draft.pictures)}
    return {place: words for place, words in told.items() if words}


def _translation(
    draft: DraftAnnouncement, text: DraftText, source: DraftText | None, now: datetime, author: str
) -> Translation:
    """The stored text; a translation that comes in together with its source is confirmed against it."""
    is_translation = source is not None and source is not text
    confirmed = words_hash(words_of(draft, source)) if source is not None and is_translation else None
    translation = Translation(
        language=text.language,
        state=TranslationState.DRAFT,
        title=text.title,
        is_title_derived=text.is_title_derived,
        summary=text.summary,
        body=text.body,
        cta_label=text.cta_label,
        cta_url=text.cta_url,
        alt_texts=alt_texts(draft, text.language),
        confirmed_source_hash=confirmed,
        updated_at=now,
    )
    translation.revisions = [revision_of(translation, 1, author, now)]
    return translation


def _picture(session: WriteSession, prepared: PreparedPicture) -> Picture:
    """The stored picture, added where no picture with these bytes is there yet."""
    picture = session.get(Picture, prepared.sha256)
    if picture is None:
        picture = Picture(
            sha256=prepared.sha256,
            content_type=prepared.content_type,
            width=prepared.width,
            height=prepared.height,
            data=prepared.data,
        )
        session.add(picture)
        session.flush()
    return picture
