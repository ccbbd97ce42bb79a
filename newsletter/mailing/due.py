"""Which deliveries of a mailing are due, and whether the reader may still be mailed: asked again at every claim."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.models import EndReason, Subscriber, Subscription, SubscriptionState, Suppression
from newsletter.foundation.database import WriteSession
from newsletter.mailing.models import Delivery, DeliveryState, MailedList, SkipReason


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """One reader's message to hand over now, with what its making needs."""

    subscriber_id: int
    variant: str
    address: str
    name: str
    first_name: str
    subscription_name: bytes
    attempt_count: int  # this attempt included


def due_deliveries(
    session: WriteSession, mailing_id: int, limit: int, now: datetime, put_off_before: datetime | None
) -> list[tuple[ClaimedDelivery, SkipReason | None]]:
    """Up to `limit` deliveries that are due, locked, each with the reason why it must not go out any more, or None.

    With `put_off_before`, those that the server had put off before that moment are due at once. Who left the list
    that she was to be mailed through, but is on another of the mailing's lists, is mailed through that one.
    """
    found = session.execute(_due(mailing_id, limit, now, put_off_before)).all()
    others = _other_subscriptions(
        session,
        mailing_id,
        [
            delivery.subscriber_id
            for delivery, _, subscription, _ in found
            if subscription.state is not SubscriptionState.ACTIVE
        ],
    )
    due: list[tuple[ClaimedDelivery, SkipReason | None]] = []
    for delivery, subscriber, first_subscription, is_suppressed in found:
        subscription = others.get(subscriber.id, first_subscription)
        delivery.subscription_id = subscription.id
        claimed = ClaimedDelivery(
            subscriber_id=subscriber.id,
            variant=delivery.variant or "",
            address=subscriber.address,
            name=subscriber.name,
            first_name=subscriber.first_name,
            subscription_name=subscription.public_name,
            attempt_count=delivery.attempt_count + 1,
        )
        due.append((claimed, _reason_to_skip(subscriber, subscription, is_suppressed, now)))
    session.flush()
    return due


def _due(
    mailing_id: int, limit: int, now: datetime, put_off_before: datetime | None
) -> sa.Select[Delivery, Subscriber, Subscription, bool]:
    suppressed = sa.exists().where(Suppression.address_key == Subscriber.address_key)
    is_due = Delivery.next_attempt_at <= now
    if put_off_before is not None:
        is_due = sa.or_(is_due, Delivery.changed_at < put_off_before)
    return (
        sa.select(Delivery, Subscriber, Subscription, suppressed)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .where(
            Delivery.mailing_id == mailing_id,
            sa.or_(
                Delivery.state == DeliveryState.PENDING,
                sa.and_(Delivery.state == DeliveryState.DEFERRED, is_due),
            ),
        )
        .order_by(Delivery.subscriber_id)
        .limit(limit)
        .with_for_update(of=[Delivery, Subscription])
    )


def _other_subscriptions(
    session: WriteSession, mailing_id: int, subscriber_ids: Iterable[int]
) -> dict[int, Subscription]:
    """Of each of these readers the first active subscription to one of the mailing's lists, locked."""
    wanted = list(subscriber_ids)
    if not wanted:
        return {}
    statement = (
        sa.select(Subscription)
        .join(MailedList, MailedList.list_id == Subscription.list_id)
        .where(
            MailedList.mailing_id == mailing_id,
            Subscription.subscriber_id.in_(wanted),
            Subscription.state == SubscriptionState.ACTIVE,
        )
        .order_by(MailedList.place)
        .with_for_update(of=Subscription)
    )
    first: dict[int, Subscription] = {}
    for subscription in session.scalars(statement):
        first.setdefault(subscription.subscriber_id, subscription)
    return first


def _reason_to_skip(
    subscriber: Subscriber, subscription: Subscription, is_suppressed: bool, now: datetime
) -> SkipReason | None:
    if subscriber.erased_at is not None:  # or merged: nobody is left to be mailed
        return SkipReason.SUBSCRIPTION_ENDED
    if subscription.state is SubscriptionState.ENDED:
        left = subscription.end_reason is EndReason.UNSUBSCRIBED
        return SkipReason.UNSUBSCRIBED if left else SkipReason.SUBSCRIPTION_ENDED
    if is_suppressed:
        return SkipReason.SUPPRESSED
    if subscription.state is SubscriptionState.PENDING:
        return SkipReason.NOT_CONFIRMED
    is_paused = subscriber.paused_until is not None and subscriber.paused_until > now
    return SkipReason.PAUSED if is_paused else None
