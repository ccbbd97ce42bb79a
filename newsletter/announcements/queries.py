"""What can be asked of the announcements."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import selectinload, undefer

from newsletter.announcements.errors import AnnouncementNotFound
from newsletter.announcements.models import Announcement, AnnouncementPicture, Picture
from newsletter.foundation.database import ReadSession

EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png"}


def _whole() -> sa.Select[Announcement]:
    return sa.select(Announcement).options(
        selectinload(Announcement.translations),
        selectinload(Announcement.remarks),
        selectinload(Announcement.pictures).selectinload(AnnouncementPicture.picture),
    )


def announcements(session: ReadSession) -> Sequence[Announcement]:
    """Every announcement with texts, remarks and pictures, the latest first."""
    return session.scalars(_whole().order_by(Announcement.id.desc())).all()


def announcements_by_id(session: ReadSession, announcement_ids: Sequence[int]) -> Sequence[Announcement]:
    """These announcements, whole, in the order asked for. Raises AnnouncementNotFound naming each missing one."""
    found = {item.id: item for item in session.scalars(_whole().where(Announcement.id.in_(announcement_ids)))}
    if missing := [number for number in announcement_ids if number not in found]:
        raise AnnouncementNotFound(*missing)
    return [found[number] for number in announcement_ids]


def known_source_keys(session: ReadSession, source_keys: Sequence[str]) -> dict[str, int]:
    """Which of these sources were imported before: source key -> announcement id."""
    statement = sa.select(Announcement.source_key, Announcement.id).where(
        Announcement.source_key.in_(source_keys)
    )
    return dict(session.execute(statement).all())


def picture_data(session: ReadSession, sha256: str) -> tuple[str, bytes] | None:
    """Content type and bytes of a picture, or None."""
    statement = sa.select(Picture).where(Picture.sha256 == sha256).options(undefer(Picture.data))
    picture = session.scalars(statement).one_or_none()
    return None if picture is None else (picture.content_type, picture.data)
