"""What can be asked of segments."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from newsletter.audience.models import Subscriber, Subscription, SubscriptionState
from newsletter.audience.segments.errors import SegmentNotFound
from newsletter.audience.segments.models import Segment
from newsletter.audience.segments.parsing import parse_filter
from newsletter.audience.segments.selecting import Bearings, condition_of
from newsletter.foundation.database import ReadSession


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a filter means: how many, how many of them on a list, by first language ("" for unknown), and a few addresses."""

    count: int
    active: int
    by_language: dict[str, int]
    examples: tuple[str, ...]


def segment_by_slug(session: ReadSession, slug: str) -> Segment:
    """The segment with this short name. Raises SegmentNotFound."""
    found = session.scalars(sa.select(Segment).where(Segment.slug == slug)).one_or_none()
    if found is None:
        raise SegmentNotFound(slug)
    return found


def segments(session: ReadSession) -> Sequence[Segment]:
    """Every segment, in the order of their short names."""
    return session.scalars(sa.select(Segment).order_by(Segment.slug)).all()


def segment_condition(session: ReadSession, slug: str, by: Bearings) -> sa.ColumnElement[bool]:
    """Whether a row of `Subscriber` is in the segment. Raises SegmentNotFound, FilterRefused, ListNotFound."""
    return condition_of(parse_filter(segment_by_slug(session, slug).filter), by)


def preview(session: ReadSession, filter_text: str, by: Bearings, example_count: int = 5) -> Preview:
    """Whom the filter means at this moment. Raises FilterRefused, ListNotFound."""
    meant = sa.and_(Subscriber.erased_at.is_(None), condition_of(parse_filter(filter_text), by))
    is_active = (
        sa.select(Subscription.id)
        .where(Subscription.subscriber_id == Subscriber.id, Subscription.state == SubscriptionState.ACTIVE)
        .correlate(Subscriber)
        .exists()
    )
    counted = sa.select(Subscriber.languages, is_active.label("is_active"), sa.func.count()).where(meant)
    by_language: dict[str, int] = {}
    total = active = 0
    for languages, is_reader, count in session.execute(counted.group_by(Subscriber.languages, "is_active")):
        first = languages[0] if languages else ""
        by_language[first] = by_language.get(first, 0) + count
        total += count
        active += count if is_reader else 0
    examples = sa.select(Subscriber.address).where(meant).order_by(Subscriber.id).limit(example_count)
    return Preview(
        count=total,
        active=active,
        by_language=dict(sorted(by_language.items(), key=lambda pair: (-pair[1], pair[0]))),
        examples=tuple(session.scalars(examples)),
    )
