"""What can be asked of the mailings."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from newsletter.audience.models import Subscriber
from newsletter.editions.models import Edition
from newsletter.foundation.database import ReadSession
from newsletter.mailing.domains import OTHER
from newsletter.mailing.errors import MailingNotFound
from newsletter.mailing.models import (
    Delivery,
    DeliverySlice,
    DeliveryState,
    FoldedDeliveries,
    MailedList,
    Mailing,
    MailingState,
    SkipReason,
    SliceState,
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many deliveries are in which state; `pending` includes those on the wire at this moment.

    At every moment planned = accepted + rejected + deferred + given_up + in_doubt + skipped.
    """

    planned: int = 0
    pending: int = 0
    waiting: int = 0
    put_off: int = 0
    accepted: int = 0
    rejected: int = 0
    given_up: int = 0
    in_doubt: int = 0
    skipped: dict[SkipReason, int] = field(default_factory=dict)

    @property
    def deferred(self) -> int:
        """Those who are still to be mailed: pending, waiting for their language, or put off by a server."""
        return self.pending + self.waiting + self.put_off


@dataclass(frozen=True, slots=True)
class MailingReport:
    """A mailing in figures, taken from its delivery rows: planned is the sum of all the others, at every moment."""

    mailing_id: int
    edition_id: int
    state: MailingState
    total: Counts
    by_variant: dict[str, Counts]
    by_domain: dict[str, Counts]
    """The groups of domains (`domains.group_of`), the largest first."""
    held_back: dict[str, str]
    """The groups of domains whose servers blame the sender, with their words."""
    paused_because: str
    starts_at: datetime | None
    planning_since: datetime | None = None
    """Since when its deliveries wait to be made by a worker; None where they are."""
    planning_by: str = ""
    """Which worker is at that; "" for none yet."""


@dataclass(frozen=True, slots=True)
class ReaderDelivery:
    """One reader in a mailing: what she reads, what she got, and the server's words or why she was left out."""

    subscriber_id: int
    address: str
    languages: tuple[str, ...]
    variant: str | None
    state: DeliveryState
    skip_reason: SkipReason | None
    reply_code: int | None
    reply_enhanced: str | None
    reply_text: str
    next_attempt_at: datetime | None

    @property
    def in_words(self) -> str:
        """What happened, for people: "skipped: unsubscribed", "rejected: 550 5.1.1 no such user"."""
        state = self.state.value.replace("_", " ")
        if self.skip_reason is not None:
            return f"{state}: {self.skip_reason.value.replace('_', ' ')}"
        if self.state is DeliveryState.ACCEPTED:
            return state
        answer = f"{self.reply_code or ''} {self.reply_text}".strip()
        return f"{state}: {answer}" if answer else state


def mailing_by_id(session: ReadSession, mailing_id: int, *, lock: bool = False) -> Mailing:
    """The mailing, locked against other writers where asked. Raises MailingNotFound."""
    statement = sa.select(Mailing).where(Mailing.id == mailing_id)
    if lock:
        statement = statement.with_for_update()
    mailing = session.scalars(statement).one_or_none()
    if mailing is None:
        raise MailingNotFound(str(mailing_id))
    return mailing


def mailing_of_edition(session: ReadSession, edition_id: int) -> Mailing | None:
    """The mailing of an edition, None where it was not planned yet."""
    return session.scalars(sa.select(Mailing).where(Mailing.edition_id == edition_id)).one_or_none()


def mailed_list_ids(session: ReadSession, mailing_id: int) -> tuple[int, ...]:
    """The lists whose readers a mailing goes to, in the order in which they count."""
    statement = sa.select(MailedList.list_id).where(MailedList.mailing_id == mailing_id)
    return tuple(session.scalars(statement.order_by(MailedList.place)))


def is_mailed(session: ReadSession, list_id: int) -> bool:
    """Whether an edition of the list was ever planned for mailing."""
    of_list = (
        sa.select(Mailing.id)
        .join(Edition, Edition.id == Mailing.edition_id)
        .where(Edition.list_id == list_id)
    )
    return bool(session.scalar(sa.select(of_list.exists())))


def mailings(session: ReadSession) -> Sequence[tuple[Mailing, Edition]]:
    """Every mailing with its edition, the latest first."""
    statement = (
        sa.select(Mailing, Edition)
        .join(Edition, Edition.id == Mailing.edition_id)
        .order_by(Mailing.id.desc())
    )
    return [(mailing, edition) for mailing, edition in session.execute(statement)]


def mailing_report(session: ReadSession, mailing_id: int) -> MailingReport:
    """The mailing in figures. Raises MailingNotFound."""
    mailing = mailing_by_id(session, mailing_id)
    group = sa.func.coalesce(DeliverySlice.domain_group, OTHER)
    # One statement: what it counts is one moment, whatever is being sent meanwhile.
    statement = (
        sa.select(Delivery.variant, group, Delivery.state, Delivery.skip_reason, sa.func.count())
        .outerjoin(
            DeliverySlice,
            sa.and_(
                DeliverySlice.mailing_id == Delivery.mailing_id, DeliverySlice.slice_no == Delivery.slice_no
            ),
        )
        .where(Delivery.mailing_id == mailing_id)
        .group_by(Delivery.variant, group, Delivery.state, Delivery.skip_reason)
    )
    folded = (
        sa.select(
            FoldedDeliveries.variant,
            group,
            sa.literal(DeliveryState.ACCEPTED, Delivery.state.type),
            sa.cast(sa.null(), Delivery.skip_reason.type),
            sa.cast(sa.func.sum(FoldedDeliveries.count), sa.BigInteger),
        )
        .outerjoin(
            DeliverySlice,
            sa.and_(
                DeliverySlice.mailing_id == FoldedDeliveries.mailing_id,
                DeliverySlice.slice_no == FoldedDeliveries.slice_no,
            ),
        )
        .where(FoldedDeliveries.mailing_id == mailing_id)
        .group_by(FoldedDeliveries.variant, group)
    )
    rows = [_Counted(*row) for row in session.execute(statement.union_all(folded))]
    variants = sorted({row.variant for row in rows if row.variant}, key=lambda name: ("+" in name, name))
    groups = Counter[str]()
    for row in rows:
        groups[row.domain_group] += row.number
    return MailingReport(
        mailing_id=mailing.id,
        edition_id=mailing.edition_id,
        state=mailing.state,
        total=_counts(rows),
        by_variant={name: _counts([row for row in rows if row.variant == name]) for name in variants},
        by_domain={
            name: _counts([row for row in rows if row.domain_group == name])
            for name in sorted(groups, key=lambda name: (-groups[name], name))
        },
        held_back=_held_back(session, mailing_id),
        paused_because=mailing.paused_because,
        starts_at=mailing.starts_at,
        planning_since=mailing.planning_since,
        planning_by=mailing.planning_by,
    )


class _Counted(NamedTuple):
    variant: str | None
    domain_group: str
    state: DeliveryState
    skip_reason: SkipReason | None
    number: int


def _held_back(session: ReadSession, mailing_id: int) -> dict[str, str]:
    statement = (
        sa.select(DeliverySlice.domain_group, sa.func.max(DeliverySlice.held_because))
        .where(DeliverySlice.mailing_id == mailing_id, DeliverySlice.state == SliceState.HELD)
        .group_by(DeliverySlice.domain_group)
        .order_by(DeliverySlice.domain_group)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def _counts(rows: Sequence[_Counted]) -> Counts:
    by_state = dict.fromkeys(DeliveryState, 0)
    skipped: dict[SkipReason, int] = {}
    for _, _, state, reason, count in rows:
        by_state[state] += count
        if reason is not None:
            skipped[reason] = skipped.get(reason, 0) + count
    return Counts(
        planned=sum(by_state.values()),
        pending=by_state[DeliveryState.PENDING] + by_state[DeliveryState.ATTEMPTING],
        waiting=by_state[DeliveryState.WAITING],
        accepted=by_state[DeliveryState.ACCEPTED],
        rejected=by_state[DeliveryState.REJECTED],
        put_off=by_state[DeliveryState.DEFERRED],
        given_up=by_state[DeliveryState.GIVEN_UP],
        in_doubt=by_state[DeliveryState.IN_DOUBT],
        skipped=dict(sorted(skipped.items())),
    )


def deliveries(
    session: ReadSession, mailing_id: int, *, only_unaccepted: bool = False, limit: int = 1000
) -> list[ReaderDelivery]:
    """Up to `limit` deliveries of a mailing, readers by number; or only those that ended without being accepted.

    What was folded long after the mailing's end (`folding`) is not among them; `of_person.mails_of` finds it.
    """
    statement = (
        sa.select(Delivery, Subscriber.address, Subscriber.languages)
        .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
        .where(Delivery.mailing_id == mailing_id)
        .order_by(Delivery.subscriber_id)
        .limit(limit)
    )
    if only_unaccepted:
        others = [
            DeliveryState.ACCEPTED,
            DeliveryState.PENDING,
            DeliveryState.WAITING,
            DeliveryState.ATTEMPTING,
        ]
        statement = statement.where(Delivery.state.not_in(others))
    return [
        ReaderDelivery(
            subscriber_id=delivery.subscriber_id,
            address=address,
            languages=languages,
            variant=delivery.variant,
            state=delivery.state,
            skip_reason=delivery.skip_reason,
            reply_code=delivery.reply_code,
            reply_enhanced=delivery.reply_enhanced,
            reply_text=delivery.reply_text,
            next_attempt_at=delivery.next_attempt_at,
        )
        for delivery, address, languages in session.execute(statement)
    ]


def was_disabled_before(session: ReadSession, mailing_id: int, subscriber_id: int) -> bool:
    """Whether the reader's mailbox was switched off (5.2.1) at another mailing too."""
    before = sa.exists().where(
        Delivery.subscriber_id == subscriber_id,
        Delivery.mailing_id != mailing_id,
        Delivery.state == DeliveryState.REJECTED,
        Delivery.reply_enhanced == "5.2.1",
    )
    return bool(session.scalar(sa.select(before)))


def earliest_next_attempt(session: ReadSession, mailing_id: int) -> datetime | None:
    """When the first deferred delivery may be tried again; None where none waits."""
    statement = sa.select(sa.func.min(Delivery.next_attempt_at)).where(
        Delivery.mailing_id == mailing_id, Delivery.state == DeliveryState.DEFERRED
    )
    return session.scalar(statement)
