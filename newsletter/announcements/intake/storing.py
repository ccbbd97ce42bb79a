"""What an import adds, what it knows already, and what has changed at its source since it was imported."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.announcements.actions import ReadyDraft, store_announcements
from newsletter.announcements.intake.draft import DraftAnnouncement
from newsletter.announcements.intake.pictures import prepare_picture
from newsletter.announcements.intake.similar import texts_changed
from newsletter.announcements.intake.updating import TakenOver, Update, take_over
from newsletter.announcements.models import Announcement, Translation
from newsletter.announcements.queries import known_source_keys
from newsletter.foundation.database import ReadSession, WriteSession

_NOTHING = TakenOver()


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a draft, and what was taken over of a source that was imported before with other words."""

    announcement_id: int
    is_new: bool
    taken_over: TakenOver = _NOTHING
    update: Update = Update.NONE

    @property
    def is_updated(self) -> bool:
        """Whether something here is what the source says now, and was not before."""
        has_changed = bool(self.taken_over.languages or self.taken_over.details)
        return has_changed and self.update is not Update.NONE

    @property
    def is_changed(self) -> bool:
        """Whether the source says something that stands otherwise here, and was left so."""
        is_told = bool(self.taken_over.details) and self.update is Update.NONE
        return is_told or bool(self.taken_over.left)


def ready(draft: DraftAnnouncement) -> ReadyDraft:
    """The draft with its pictures ready to be mailed. Raises PictureRefused."""
    return ReadyDraft(
        draft, tuple(picture.prepared or prepare_picture(picture.data) for picture in draft.pictures)
    )


def store_imported(
    session: WriteSession, drafts: Sequence[ReadyDraft], now: datetime, update: Update = Update.NONE
) -> list[Imported]:
    """Adds the drafts that are new, and deals as `update` says with those whose source was imported with other words."""
    before = known_source_keys(session, [ready.draft.source_key for ready in drafts])
    similar = {} if update is Update.NONE else texts_changed(session, _unknown(drafts, before), before)
    imported = []
    for ready in drafts:
        key = ready.draft.source_key
        earlier = None if key in before else similar.get(key) or _imported_earlier(session, ready.draft)
        if earlier is not None:
            taken_over = take_over(session, earlier, ready, update, now)
            imported.append(Imported(earlier, is_new=False, taken_over=taken_over, update=update))
            continue
        (stored,) = store_announcements(session, [ready], now)
        imported.append(Imported(stored.announcement_id, stored.is_new))
    return imported


def _unknown(drafts: Sequence[ReadyDraft], known: Container[str]) -> list[DraftAnnouncement]:
    return [ready.draft for ready in drafts if ready.draft.source_key not in known]


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
