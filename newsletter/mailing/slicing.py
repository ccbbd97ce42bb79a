"""Cutting a mailing into slices: every reader's row is made inside the database, with the number of its slice.

A slice holds readers of one domain group. Its number says which: numbers count through the groups, then the first
500 of each, the next 500 of each, and so on, so that a mailing goes on with all providers side by side. A number may
be unused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.audience.models import Subscriber
from newsletter.foundation.database import ReadSession, WriteSession, is_postgresql
from newsletter.mailing.domains import GROUPS, OTHER, group_of
from newsletter.mailing.models import DELIVERIES, Delivery, DeliverySlice, SkipReason
from newsletter.mailing.own_tables import may_make_tables, own_table, table_of
from newsletter.mailing.placing import KIND_OF, KINDS, Choice, Planned, domain_of, placed_readers

SLICE_SIZE = 500
# From so many readers on, a domain that is no known provider's has a group of its own; at most so many have.
_LARGE_DOMAIN_MIN = 200
_LARGE_DOMAINS_MAX = 40
# Where there are very many readers, domains are counted among every eleventh, as an even share of them is enough; and
# PostgreSQL gives their deliveries a table of their own.
_MANY_READERS = 100_000
_ONE_IN = 11


def plan_rows(
    session: WriteSession,
    mailing_id: int,
    readers: sa.Subquery,
    planned: Mapping[Choice, Planned],
    now: datetime,
    slice_size: int = SLICE_SIZE,
) -> None:
    """Makes a delivery for each of the readers (`readership.readers_of`) who has none, and the slices they are in.

    `planned` says of every choice among them what it gets.
    """
    if not planned:
        return
    groups = _groups(session, readers)
    base = _last_slice(session, mailing_id)
    names = [OTHER, *sorted(set(groups.values()) - {OTHER})]
    cut = _Cut(base=base, kind_count=len(KINDS) * len(names), size=slice_size)
    is_new = base == 0  # whoever has a row already, from an earlier wave, is left alone
    with placed_readers(
        session,
        readers,
        planned,
        {domain: names.index(group) for domain, group in groups.items()},
        without_row_in=None if is_new else mailing_id,
    ) as placed:
        rows = _rows(mailing_id, placed, cut, now)
        if is_new and may_make_tables(session) and _has_many(session, readers):
            with own_table(session, mailing_id, rows, _COLUMNS) as table:
                _make_slices(session, mailing_id, table, names, cut)
                _analyze(session, table.name)
        else:
            session.execute(sa.insert(Delivery).from_select(_COLUMNS, rows))
            _make_slices(session, mailing_id, DELIVERIES, names, cut)
            if is_postgresql(session):
                _analyze(session, table_of(session, mailing_id))


def _analyze(session: WriteSession, table_name: str) -> None:
    """Rows have come of which PostgreSQL knows nothing: what is done with five hundred of them would go through all."""
    session.execute(sa.text(f"ANALYZE {table_name}, delivery_slice"))


@dataclass(frozen=True, slots=True)
class _Cut:
    base: int  # the last number in use
    kind_count: int  # how many sorts of slices there are: kinds of rows times groups of domains
    size: int


def _last_slice(session: ReadSession, mailing_id: int) -> int:
    last = sa.select(sa.func.max(DeliverySlice.slice_no)).where(DeliverySlice.mailing_id == mailing_id)
    return session.scalar(last) or 0


def _has_many(session: ReadSession, readers: sa.Subquery) -> bool:
    first = sa.select(readers.c.subscriber_id).limit(_MANY_READERS + 1).subquery()
    return (session.scalar(sa.select(sa.func.count()).select_from(first)) or 0) > _MANY_READERS


def _groups(session: ReadSession, readers: sa.Subquery) -> dict[str, str]:
    """domain -> group, of every domain that is not among the others."""
    domain = domain_of(session, readers.c.address_lower)
    least = _LARGE_DOMAIN_MIN
    counted = sa.select(domain)
    if (session.scalar(sa.select(sa.func.max(Subscriber.id))) or 0) > _MANY_READERS:
        counted = counted.where(readers.c.subscriber_id % _ONE_IN == 0)
        least //= _ONE_IN
    large = session.scalars(
        counted.group_by(domain)
        .having(sa.func.count() >= least)
        .order_by(sa.func.count().desc(), domain)
        .limit(_LARGE_DOMAINS_MAX)
    ).all()
    return {name: group_of(name, large) for name in {*GROUPS, *large}}


def _rows(mailing_id: int, placed: sa.Subquery, cut: _Cut, now: datetime) -> sa.Select[Any]:
    """The deliveries, with the values of `_COLUMNS`."""
    # In SQLite and PostgreSQL a whole number divided by one is a whole number.
    slice_no = cut.base + 1 + placed.c.place.op("/")(cut.size) * cut.kind_count + placed.c.sort
    state = sa.case(
        {index: state.value for state, index in KIND_OF.items()}, value=placed.c.sort % len(KINDS)
    )
    gets_it = placed.c.reason.is_(None)
    lacks = sa.case(
        (sa.and_(gets_it, placed.c.variant.is_(None)), SkipReason.NOTHING_IN_HER_LANGUAGE.value),
        else_=placed.c.reason,
    )
    return sa.select(
        sa.literal(mailing_id),
        placed.c.subscriber_id,
        placed.c.subscription_id,
        slice_no,
        sa.case((gets_it, placed.c.variant)),
        state,
        lacks,
        sa.literal(0),
        sa.literal(""),
        sa.literal(now, Delivery.changed_at.type),
    )


_COLUMNS = (
    "mailing_id",
    "subscriber_id",
    "subscription_id",
    "slice_no",
    "variant",
    "state",
    "skip_reason",
    "attempt_count",
    "reply_text",
    "changed_at",
)


def _make_slices(
    session: WriteSession, mailing_id: int, deliveries: sa.FromClause, names: Sequence[str], cut: _Cut
) -> None:
    numbers = _slice_numbers(session, mailing_id, deliveries, cut.base)
    its = deliveries.c
    # Of the slices of one sort all are full but the last.
    last = numbers - {number - cut.kind_count for number in numbers}
    counting = sa.select(its.slice_no, sa.func.count()).where(
        its.mailing_id == mailing_id, its.slice_no.in_(sorted(last))
    )
    counts = {row[0]: row[1] for row in session.execute(counting.group_by(its.slice_no))}
    slices = []
    for slice_no in sorted(numbers):
        group, kind = divmod((slice_no - cut.base - 1) % cut.kind_count, len(KINDS))
        slices.append(
            {
                "mailing_id": mailing_id,
                "slice_no": slice_no,
                "domain_group": names[group],
                "count": counts.get(slice_no, cut.size),
                "state": KINDS[kind][1],
            }
        )
    if slices:
        session.execute(sa.insert(DeliverySlice), slices)


def _slice_numbers(session: ReadSession, mailing_id: int, deliveries: sa.FromClause, base: int) -> set[int]:
    """The numbers above `base` that rows have: each is looked up in the index behind the one before, and no row is read."""

    def next_after(number: sa.ColumnElement[int] | int) -> sa.ScalarSelect[int]:
        its = deliveries.c
        following = sa.select(sa.func.min(its.slice_no)).where(
            its.mailing_id == mailing_id, its.slice_no > number
        )
        return following.scalar_subquery()

    found = sa.select(next_after(base).label("slice_no")).cte("found", recursive=True)
    more = sa.select(next_after(found.c.slice_no)).where(found.c.slice_no.is_not(None))
    found = found.union_all(more)
    return set(session.scalars(sa.select(found.c.slice_no).where(found.c.slice_no.is_not(None))))
