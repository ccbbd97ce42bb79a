"""Readers leave: many wishes in a few statements, so that one transaction can hold all that wait (decision 0024)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from newsletter.audience.actions import Left
from newsletter.audience.consent.models import Consent, ConsentEvent
from newsletter.audience.models import (
    EndReason,
    LeaveReason,
    LeaveWay,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from newsletter.audience.queries import name_in_force
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.jobs.actions import enqueue_all
from newsletter.jobs.on_procrastinate import NewJob

ACKNOWLEDGE = "acknowledge_leaving"
"""The kind of job that acknowledges by mail that somebody left: `subscription_ids`, and `left_at` in ISO 8601."""


@dataclass(frozen=True, slots=True)
class LeaveWish:
    """One reader's wish to leave the list of the subscription that links call so, or every list that she is on."""

    public_name: bytes
    way: LeaveWay
    is_of_all: bool = False


# Built once: putting them together costs more than running them.
_goes_on = aliased(Subscription)
_NAMED = (
    sa.select(
        Subscription.public_name,
        _goes_on.id,
        _goes_on.subscriber_id,
        MailingList.names,
        Subscriber.languages,
    )
    .join(_goes_on, _goes_on.id == sa.func.coalesce(Subscription.merged_into_id, Subscription.id))
    .join(MailingList, MailingList.id == _goes_on.list_id)
    .join(Subscriber, Subscriber.id == _goes_on.subscriber_id)
    .where(Subscription.public_name.in_(sa.bindparam("names", expanding=True)))
)
# Locked in the order in which mailings lock, so that nobody waits in a circle.
_STANDING = (
    sa.select(Subscription.id, Subscription.subscriber_id, Subscription.list_id)
    .where(
        Subscription.id.in_(sa.bindparam("ids", expanding=True)),
        Subscription.state != SubscriptionState.ENDED,
    )
    .order_by(Subscription.subscriber_id, Subscription.id)
    .with_for_update()
)
_table = Subscription.metadata.tables["subscription"]
_END = (
    sa.update(_table)
    .where(_table.c.id.in_(sa.bindparam("ids", expanding=True)))
    .values(
        state=SubscriptionState.ENDED,
        end_reason=EndReason.UNSUBSCRIBED,
        ended_at=sa.bindparam("now"),
        leave_way=sa.bindparam("way"),
        leave_reason=None,
    )
)
_WITHDRAWN = sa.insert(Consent.metadata.tables["consent"])


@dataclass(frozen=True, slots=True)
class _Named:
    """The subscription that a name stands for (the one that goes on, where it was merged), and whose it is."""

    subscription_id: int
    subscriber_id: int
    list_names: dict[str, str]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """A subscription that has not ended yet."""

    id: int
    subscriber_id: int
    list_id: int


def leave(session: WriteSession, wish: LeaveWish, now: datetime) -> Left | None:
    """Fulfils one wish; None where nothing belongs to its name (any more)."""
    return leave_many(session, [wish], now)[0]


def leave_many(session: WriteSession, wishes: Sequence[LeaveWish], now: datetime) -> list[Left | None]:
    """Fulfils each wish, in order: ends subscriptions, writes the evidence, and orders one acknowledgement for each.

    What has ended stays as it ended, and orders nothing; of wishes that mean the same only the first changes something.
    Belgian royal decree of 4 April 2003, article 2: who opts out gets a mail that says so, and it is acted on and kept.
    """
    named = _named(session, {wish.public_name for wish in wishes})
    standing = _standing(session, named, wishes)
    left: list[Left | None] = []
    ended: list[tuple[LeaveWay, list[_Standing]]] = []
    for wish in wishes:
        about = named.get(wish.public_name)
        if about is None:
            left.append(None)
            continue
        ends = _meant(wish, about, standing)
        for item in ends:
            del standing[item.id]
        if ends:
            ended.append((wish.way, ends))
        left.append(Left(about.list_names, about.languages, has_changed=bool(ends)))
    if ended:
        _write(session, ended, now)
    return left


def leave_lists(
    session: WriteSession, subscriber_id: int, list_ids: Collection[int], way: LeaveWay, now: datetime
) -> tuple[int, ...]:
    """Ends what one reader has of these lists, with evidence and one acknowledgement; the lists that she left just now.

    The same again changes nothing.
    """
    hers = sa.select(Subscription.id).where(
        Subscription.subscriber_id == subscriber_id, Subscription.list_id.in_(list_ids)
    )
    ids = list(session.scalars(hers))
    items = [_Standing(*row) for row in session.execute(_STANDING, {"ids": ids})]
    if items:
        _write(session, [(way, items)], now)
    return tuple(sorted(item.list_id for item in items))


def say_why(session: WriteSession, public_name: bytes, reason: LeaveReason) -> None:
    """Keeps why she left, with the subscription and not with her: nothing where she has not left, or is back."""
    session.execute(
        sa.update(Subscription)
        .where(
            Subscription.public_name == name_in_force(session, public_name),
            Subscription.state == SubscriptionState.ENDED,
            Subscription.end_reason == EndReason.UNSUBSCRIBED,
        )
        .values(leave_reason=reason)
        .execution_options(synchronize_session=False)
    )


def _named(session: ReadSession, names: Collection[bytes]) -> dict[bytes, _Named]:
    rows = session.execute(_NAMED, {"names": list(names)})
    return {row[0]: _Named(*row[1:]) for row in rows}


def _standing(
    session: WriteSession, named: Mapping[bytes, _Named], wishes: Sequence[LeaveWish]
) -> dict[int, _Standing]:
    """What the wishes may end, by number."""
    of_all = {
        named[wish.public_name].subscriber_id
        for wish in wishes
        if wish.is_of_all and wish.public_name in named
    }
    ids = [about.subscription_id for about in named.values()]
    if of_all:
        of_these = Subscription.subscriber_id.in_(of_all)
        ids += session.scalars(sa.select(Subscription.id).where(of_these))
    return {row[0]: _Standing(*row) for row in session.execute(_STANDING, {"ids": ids})}


def _meant(wish: LeaveWish, about: _Named, standing: Mapping[int, _Standing]) -> list[_Standing]:
    if wish.is_of_all:
        return [item for item in standing.values() if item.subscriber_id == about.subscriber_id]
    item = standing.get(about.subscription_id)
    return [] if item is None else [item]


def _write(
    session: WriteSession, ended: Sequence[tuple[LeaveWay, Sequence[_Standing]]], now: datetime
) -> None:
    """Ends these, those of one wish together, with evidence, and one acknowledgement for each wish."""
    for way in {way for way, _ in ended}:
        ids = [item.id for by_way, items in ended if by_way is way for item in items]
        session.execute(_END, {"ids": ids, "now": now, "way": way})
    # No address of the visitor: that she left needs no such proof, and a one-click comes from her provider.
    withdrawn = [
        {
            "subscriber_id": item.subscriber_id,
            "list_id": item.list_id,
            "event": ConsentEvent.WITHDRAWN,
            "at": now,
            "basis": "",
            "way": way.value,
            "form_url": "",
            "ip": "",
            "user_agent": "",
            "message_id": "",
        }
        for way, items in ended
        for item in items
    ]
    session.execute(_WITHDRAWN, withdrawn)
    acknowledgements = [
        NewJob(ACKNOWLEDGE, {"subscription_ids": [item.id for item in items], "left_at": now.isoformat()})
        for _, items in ended
    ]
    enqueue_all(session, acknowledgements, now)
