"""Segments are made, changed and taken away."""

from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.rules import checked_slug
from newsletter.audience.segments.errors import SegmentExists
from newsletter.audience.segments.models import Segment
from newsletter.audience.segments.parsing import parse_filter
from newsletter.audience.segments.queries import segment_by_slug
from newsletter.audience.segments.selecting import bearings, condition_of
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.foundation.errors import BadInput

_NAME_LENGTH_MAX = 200


def create_segment(session: WriteSession, slug: str, name: str, filter_text: str, now: datetime) -> Segment:
    """A filter under a short name. Raises FilterRefused, ListNotFound, ListRefused, SegmentExists."""
    slug = checked_slug(slug)
    _check(session, filter_text, now)
    if session.scalar(sa.select(sa.exists().where(Segment.slug == slug))):
        raise SegmentExists(slug)
    created = Segment(
        slug=slug, name=_name(name) or slug, filter=filter_text.strip(), created_at=now, updated_at=now
    )
    session.add(created)
    session.flush()
    return created


def edit_segment(
    session: WriteSession,
    slug: str,
    now: datetime,
    *,
    name: str | None = None,
    filter_text: str | None = None,
) -> Segment:
    """The segment with another name or filter; mailings that were planned with it keep the filter that they had.

    Raises SegmentNotFound, FilterRefused, ListNotFound.
    """
    changed = segment_by_slug(session, slug)
    if filter_text is not None:
        _check(session, filter_text, now)
        changed.filter = filter_text.strip()
    if name is not None:
        changed.name = _name(name) or slug
    changed.updated_at = now
    session.flush()
    return changed


def delete_segment(session: WriteSession, slug: str) -> None:
    """Takes the segment away; nobody's subscription changes. Raises SegmentNotFound."""
    session.delete(segment_by_slug(session, slug))
    session.flush()


def _check(session: ReadSession, filter_text: str, now: datetime) -> None:
    condition_of(parse_filter(filter_text), bearings(session, now, "UTC"))


def _name(text: str) -> str:
    name = " ".join(text.split())
    if len(name) > _NAME_LENGTH_MAX:
        raise BadInput(f"The segment's name is longer than {_NAME_LENGTH_MAX} characters; shorten it.")
    return name
