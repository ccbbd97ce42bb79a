"""What a claim takes of a slice: who of it is due, with what her message needs, and who may not be mailed any more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from newsletter.audience.models import Subscriber, Subscription, SubscriptionState
from newsletter.foundation.database import ReadSession, UtcDateTime, WriteSession
from newsletter.mailing.models import DELIVERIES, Delivery, DeliveryState, MailedList, SkipReason
from newsletter.mailing.prepared import Prepared
from newsletter.mailing.readership import reason_to_skip
from newsletter.mailing.sets import as_text, fetched, gathered, is_among

NOW = sa.bindparam("now", type_=UtcDateTime())
"""The moment, in statements that are built once."""
OF_SLICE = (
    DELIVERIES.c.mailing_id == sa.bindparam("its_mailing"),
    DELIVERIES.c.slice_no == sa.bindparam("its_slice"),
)
"""The rows of one slice, in such statements."""
OF_ANOTHER_RUN = "of another run"
"""In place of the reason why a reader may not be mailed: nobody knows what became of her message."""


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


# `ClaimedDelivery._make`, without looking whether it has all of its fields.
_claimed_delivery = partial(tuple.__new__, ClaimedDelivery)
_PUBLIC_NAME = ClaimedDelivery._fields.index("subscription_name")


def _marking(_on_postgresql: bool) -> sa.Update:
    return (
        sa.update(DELIVERIES)
        .where(
            *OF_SLICE,
            sa.or_(
                DELIVERIES.c.state == DeliveryState.PENDING,
                sa.and_(DELIVERIES.c.state == DeliveryState.DEFERRED, DELIVERIES.c.next_attempt_at <= NOW),
            ),
        )
        .values(
            state=DeliveryState.ATTEMPTING,
            run_token=sa.bindparam("its_token"),
            attempt_count=DELIVERIES.c.attempt_count + 1,
            changed_at=NOW,
        )
    )


_mark = Prepared(_marking)


def mark_due(session: WriteSession, key: SliceKey, token: int, now: datetime) -> None:
    """Marks what is due of the slice as attempting, for the run of this token."""
    values = {"its_mailing": key.mailing_id, "its_slice": key.slice_no, "its_token": token, "now": now}
    _mark(session, values)


def claimed_rows(
    session: ReadSession, key: SliceKey, token: int, now: datetime
) -> list[tuple[ClaimedDelivery, str | None]]:
    """What is claimed of the slice and not decided, each with the reason why it may not go out any more, if there is one.

    That is a `SkipReason` or, for what another run than the one of this token has left so, `OF_ANOTHER_RUN`.
    """
    values = {"its_mailing": key.mailing_id, "its_slice": key.slice_no, "its_token": token, "now": now}
    found = fetched(_claimed, session, values)
    # Sorted here: for the sake of an ORDER BY, SQLite would go through the whole mailing and not through the slice.
    found.sort()
    for row in found:
        row[_PUBLIC_NAME] = bytes.fromhex(row[_PUBLIC_NAME])
    reasons = [row.pop() for row in found]
    return list(zip(map(_claimed_delivery, found), reasons, strict=True))


def _claiming(on_postgresql: bool) -> sa.Select[str]:
    public_name = Subscription.public_name
    statement = (
        sa.select(
            Delivery.subscriber_id,
            sa.func.coalesce(Delivery.variant, ""),
            Subscriber.address,
            Subscriber.name,
            Subscriber.first_name,
            sa.func.encode(public_name, "hex") if on_postgresql else sa.func.hex(public_name),
            Delivery.attempt_count,
            sa.case(
                (Delivery.run_token.is_distinct_from(sa.bindparam("its_token")), OF_ANOTHER_RUN),
                else_=_reason(NOW),
            ).label("reason"),
        )
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .where(*OF_SLICE, Delivery.state == DeliveryState.ATTEMPTING)
    )
    return gathered(statement, on_postgresql=on_postgresql)


_claimed = Prepared(_claiming)


def _reason(now: sa.ColumnElement[datetime]) -> sa.ColumnElement[Any]:
    """`readership.reason_to_skip`, and for who was erased or merged since the planning: nobody is left to be mailed."""
    return sa.case(
        (Subscriber.erased_at.is_not(None), SkipReason.SUBSCRIPTION_ENDED.value), else_=reason_to_skip(now)
    )


def unwanted(session: ReadSession, mailing_id: int, held: Mapping[int, int], now: datetime) -> list[int]:
    """Which readers may not be mailed any more as the mailing means to, of those whom these runs claimed last.

    `held` has the slice that each is at, by its token.
    """
    if not held:
        return []
    values = {
        "its_mailing": mailing_id,
        "its_slices": as_text(list(held.values())),
        "its_tokens": as_text(list(held)),
        "now": now,
    }
    return [row[0] for row in fetched(_unwanted, session, values)]


def _finding_unwanted(on_postgresql: bool) -> sa.Select[str]:
    statement = (
        sa.select(Delivery.subscriber_id)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .where(
            Delivery.mailing_id == sa.bindparam("its_mailing"),
            is_among(DELIVERIES.c.slice_no, "its_slices", on_postgresql=on_postgresql),
            is_among(DELIVERIES.c.run_token, "its_tokens", on_postgresql=on_postgresql),
            _reason(NOW).is_not(None),
        )
    )
    return gathered(statement, on_postgresql=on_postgresql)


_unwanted = Prepared(_finding_unwanted)


def move_to_other_lists(session: WriteSession, key: SliceKey, token: int) -> bool:
    """Lets readers who left their list, but are on another of the mailing's, be mailed through that one; if there are any.

    Looks at those whom the run of this token has claimed. Of several lists the first counts.
    """
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
    moved = session.scalars(
        sa.update(Delivery)
        .where(
            Delivery.mailing_id == key.mailing_id,
            Delivery.slice_no == key.slice_no,
            Delivery.run_token == token,
            Delivery.state == DeliveryState.ATTEMPTING,
            ~is_on_it,
            other.is_not(None),
        )
        .values(subscription_id=other)
        .returning(Delivery.subscriber_id)
        .execution_options(synchronize_session=False)
    )
    return bool(moved.all())


def by_reason(
    found: Sequence[tuple[ClaimedDelivery, str | None]],
) -> tuple[list[ClaimedDelivery], dict[str, list[int]]]:
    """Whom to mail, and whom not, by the reason."""
    left_out: dict[str, list[int]] = {}
    for claimed, reason in found:
        if reason is not None:
            left_out.setdefault(reason, []).append(claimed.subscriber_id)
    return [claimed for claimed, reason in found if reason is None], left_out
