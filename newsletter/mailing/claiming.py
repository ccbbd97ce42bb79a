"""What a claim takes of a slice: who of it is due, with what her message needs, and who may not be mailed any more."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from newsletter.audience.models import Subscriber, Subscription, SubscriptionState
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.mailing.models import Delivery, DeliveryState, MailedList, SkipReason
from newsletter.mailing.readership import reason_to_skip
from newsletter.mailing.sets import fetched, is_postgresql, numbers


@dataclass(frozen=True, slots=True)
class SliceKey:
    """Which slice of which mailing, and with which provider its readers' mailboxes are."""

    mailing_id: int
    slice_no: int
    domain_group: str


class ClaimedDelivery(NamedTuple):
    """One reader's message to hand over now, with what its making needs."""

    subscriber_id: int
    variant: str
    address: str
    name: str
    first_name: str
    subscription_name: bytes
    attempt_count: int  # this attempt included


def is_due(now: datetime) -> sa.ColumnElement[bool]:
    """Whether a delivery may be claimed."""
    return sa.or_(
        Delivery.state == DeliveryState.PENDING,
        sa.and_(Delivery.state == DeliveryState.DEFERRED, Delivery.next_attempt_at <= now),
    )


def claimed_rows(
    session: ReadSession, key: SliceKey, token: int, now: datetime
) -> list[tuple[ClaimedDelivery, SkipReason | None]]:
    """What the run of this token has claimed and not decided, each with the reason why it may not go out any more."""
    statement = (
        sa.select(
            Delivery.subscriber_id,
            sa.func.coalesce(Delivery.variant, ""),
            Subscriber.address,
            Subscriber.name,
            Subscriber.first_name,
            _as_text(session, Subscription.public_name),
            Delivery.attempt_count,
            _reason(now).label("reason"),
        )
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .where(
            Delivery.mailing_id == key.mailing_id,
            Delivery.slice_no == key.slice_no,
            Delivery.run_token == token,
            Delivery.state == DeliveryState.ATTEMPTING,
        )
    )
    # Sorted here: for the sake of an ORDER BY, SQLite would go through the whole mailing and not through the slice.
    return [
        (
            ClaimedDelivery(number, variant, address, name, first_name, bytes.fromhex(public_name), attempts),
            SkipReason(reason) if reason else None,
        )
        for number, variant, address, name, first_name, public_name, attempts, reason in sorted(
            fetched(session, statement), key=itemgetter(0)
        )
    ]


def _as_text(session: ReadSession, octets: Any) -> sa.ColumnElement[str]:
    return sa.func.encode(octets, "hex") if is_postgresql(session) else sa.func.hex(octets)


def _reason(now: datetime) -> sa.ColumnElement[Any]:
    """`readership.reason_to_skip`, and for who was erased or merged since the planning: nobody is left to be mailed."""
    return sa.case(
        (Subscriber.erased_at.is_not(None), SkipReason.SUBSCRIPTION_ENDED.value), else_=reason_to_skip(now)
    )


def unwanted(
    session: ReadSession, mailing_id: int, subscriber_ids: Collection[int], now: datetime
) -> list[int]:
    """Which of these readers may not be mailed any more as the mailing means to."""
    if not subscriber_ids:
        return []
    statement = (
        sa.select(Delivery.subscriber_id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .where(
            Delivery.mailing_id == mailing_id,
            Delivery.subscriber_id.in_(numbers(session, subscriber_ids)),
            _reason(now).is_not(None),
        )
    )
    return [row[0] for row in fetched(session, statement)]


def move_to_other_lists(session: WriteSession, key: SliceKey, now: datetime) -> None:
    """Lets readers of the slice who left their list, but are on another of the mailing's, be mailed through that one.

    Looks at those who are due only. Of several lists the first counts.
    """
    lists = sa.select(sa.func.count()).where(MailedList.mailing_id == key.mailing_id)
    if (session.scalar(lists) or 0) < 2:
        return
    other = (
        sa.select(Subscription.id)
        .join(MailedList, MailedList.list_id == Subscription.list_id)
        .where(
            MailedList.mailing_id == key.mailing_id,
            Subscription.subscriber_id == Delivery.subscriber_id,
            Subscription.state == SubscriptionState.ACTIVE,
        )
        .order_by(MailedList.place)
        .limit(1)
        .scalar_subquery()
    )
    is_on_it = sa.exists().where(
        Subscription.id == Delivery.subscription_id, Subscription.state == SubscriptionState.ACTIVE
    )
    session.execute(
        sa.update(Delivery)
        .where(
            Delivery.mailing_id == key.mailing_id,
            Delivery.slice_no == key.slice_no,
            is_due(now),
            ~is_on_it,
            other.is_not(None),
        )
        .values(subscription_id=other)
        .execution_options(synchronize_session=False)
    )


def by_reason(
    found: Sequence[tuple[ClaimedDelivery, SkipReason | None]],
) -> tuple[list[ClaimedDelivery], dict[SkipReason, list[int]]]:
    """Whom to mail, and whom not, by the reason."""
    wanted: list[ClaimedDelivery] = []
    left_out: dict[SkipReason, list[int]] = {}
    for claimed, reason in found:
        if reason is None:
            wanted.append(claimed)
        else:
            left_out.setdefault(reason, []).append(claimed.subscriber_id)
    return wanted, left_out
