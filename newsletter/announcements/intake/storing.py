"""What an import adds, what it knows already, and what has changed at its source since it was imported."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.announcements.actions import ReadyDraft, store_announcements
from newsletter.announcements.intake.draft import DraftAnnouncement
from newsletter.announcements.intake.pictures import prepare_picture
from newsletter.announcements.models import Announcement, Translation
from newsletter.announcements.queries import known_source_keys
from newsletter.foundation.database import ReadSession, WriteSession


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a draft. A changed one is not stored: what stands here may have been edited since."""

    announcement_id: int
    is_new: bool
    is_changed: bool = False


def ready(draft: DraftAnnouncement) -> ReadyDraft:
    """The draft with its pictures ready to be mailed. Raises PictureRefused."""
    return ReadyDraft(
        draft, tuple(picture.prepared or prepare_picture(picture.data) for picture in draft.pictures)
    )


def store_imported(session: WriteSession, drafts: Sequence[ReadyDraft], now: datetime) -> list[Imported]:
    """Adds the drafts that are new. One whose source was imported before with other words adds nothing."""
    before = known_source_keys(session, [ready.draft.source_key for ready in drafts])
    imported = []
    for ready in drafts:
        earlier = None if ready.draft.source_key in before else _imported_earlier(session, ready.draft)
        if earlier is not None:
            imported.append(Imported(earlier, is_new=False, is_changed=True))
            continue
        (stored,) = store_announcements(session, [ready], now)
        imported.append(Imported(stored.announcement_id, stored.is_new))
    return imported


def _imported_earlier(session: ReadSession, draft: DraftAnnouncement) -> int | None:
    """The announcement that came from the same place with other words, None where there is none.

    A file without a `ref` of its own is the same one if it has the same name and was published on the same day.
    """
    if draft.reference:
        statement = sa.select(Announcement.id).where(Announcement.reference == draft.reference)
        if not draft.is_reference_given:
            statement = statement.where(
                Announcement.source_name == draft.source_name,
                Announcement.published_on == draft.published_on
                if draft.published_on
                else Announcement.published_on.is_(None),
            )
        if (found := session.scalars(statement.order_by(Announcement.id)).first()) is not None:
            return found
    return _with_link(session, draft.links) if draft.links else None


def _with_link(session: ReadSession, links: Sequence[str]) -> int | None:
    """The announcement whose text leads to one of these pages."""
    statement = sa.select(Translation.announcement_id).where(Translation.cta_url.in_(links))
    return session.scalars(statement.order_by(Translation.announcement_id)).first()
