"""Whom a mailing goes to: the readers of one list or of several, all of them or a segment, each of them once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.models import EndReason, Subscriber, Subscription, SubscriptionState, Suppression
from newsletter.audience.queries import list_by_slug
from newsletter.audience.segments.parsing import parse_filter
from newsletter.audience.segments.selecting import bearings, condition_of
from newsletter.editions.models import Edition
from newsletter.foundation.database import ReadSession
from newsletter.mailing.models import SkipReason


@dataclass(frozen=True, slots=True)
class Readership:
    """The lists in the order in which they count, and the filter that their readers must fit ("" for none).

    Days that the filter names begin in `time_zone`.
    """

    list_ids: tuple[int, ...]
    filter: str = ""
    time_zone: str = "UTC"


def named_readership(
    session: ReadSession,
    edition: Edition,
    slugs: Sequence[str],
    filter_text: str,
    *,
    now: datetime,
    time_zone: str,
) -> Readership:
    """The readership of the lists with these short names, the edition's own first; without any, of that one alone.

    Raises ListNotFound, FilterRefused.
    """
    list_ids = [list_by_slug(session, slug).id for slug in dict.fromkeys(slugs)] or [edition.list_id]
    list_ids.sort(key=lambda list_id: list_id != edition.list_id)
    if filter_text:
        condition_of(parse_filter(filter_text), bearings(session, now, time_zone))
    return Readership(tuple(list_ids), filter_text, time_zone)


def readers_of(session: ReadSession, readership: Readership, now: datetime) -> sa.Subquery:
    """A row for each person: her ids, `address_lower`, `languages`, `reads_both`, and `reason`, NULL for who gets it.

    Who is on several of the lists is there as a reader of the first on which she may be mailed; where she may be on
    none, of the first. Raises FilterRefused, ListNotFound.
    """
    # Joined, where asking for each would be done twice: for the reason, and for where it puts her.
    reason = reason_to_skip(now, Suppression.address_key.is_not(None))
    rows = (
        sa.select(
            Subscription.subscriber_id.label("subscriber_id"),
            Subscription.id.label("subscription_id"),
            Subscriber.address_lower.label("address_lower"),
            Subscriber.languages.label("languages"),
            Subscriber.reads_both.label("reads_both"),
            reason.label("reason"),
        )
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .outerjoin(Suppression, Suppression.address_key == Subscriber.address_key)
        .where(Subscription.list_id.in_(readership.list_ids), Subscriber.erased_at.is_(None))
    )
    if readership.filter:
        found = parse_filter(readership.filter)
        rows = rows.where(condition_of(found, bearings(session, now, readership.time_zone)))
    if len(readership.list_ids) == 1:
        return rows.subquery()
    places = {list_id: place for place, list_id in enumerate(readership.list_ids)}
    rank = sa.func.row_number().over(
        partition_by=Subscriber.id,
        order_by=[sa.case((reason.is_(None), 0), else_=1), sa.case(places, value=Subscription.list_id)],
    )
    ranked = rows.add_columns(rank.label("rank")).subquery()
    return sa.select(ranked).where(ranked.c.rank == 1).subquery()


def reason_to_skip(
    now: datetime | sa.ColumnElement[datetime], is_suppressed: sa.ColumnElement[bool] | None = None
) -> sa.ColumnElement[str | None]:
    """Why a subscriber is left out whatever she reads; NULL for who is not. The first that holds counts."""
    if is_suppressed is None:
        is_suppressed = sa.exists().where(Suppression.address_key == Subscriber.address_key)
    return sa.case(
        (Subscription.end_reason == EndReason.UNSUBSCRIBED, SkipReason.UNSUBSCRIBED.value),
        (Subscription.state == SubscriptionState.ENDED, SkipReason.SUBSCRIPTION_ENDED.value),
        (is_suppressed, SkipReason.SUPPRESSED.value),
        (Subscription.state == SubscriptionState.PENDING, SkipReason.NOT_CONFIRMED.value),
        (Subscriber.paused_until > now, SkipReason.PAUSED.value),
        else_=sa.null(),
    )
