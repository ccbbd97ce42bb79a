"""Cutting a mailing into slices: every reader's row is made inside the database, with the number of its slice.

A slice holds readers of one domain group. Its number says which: numbers count through the groups, then the first
500 of each, the next 500 of each, and so on, so that a mailing goes on with all providers side by side. A number may
be unused.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.audience.models import Subscriber
from newsletter.foundation.database import ReadSession, WriteSession, is_postgresql, room_for_pages
from newsletter.mailing.domains import GROUPS, OTHER, group_of
from newsletter.mailing.models import (
    DELIVERIES,
    Delivery,
    DeliverySlice,
    DeliveryState,
    SkipReason,
    SliceState,
)
from newsletter.mailing.own_tables import may_make_tables, own_table, table_of

SLICE_SIZE = 500
# From so many readers on, a domain that is no known provider's has a group of its own; at most so many have.
_LARGE_DOMAIN_MIN = 200
_LARGE_DOMAINS_MAX = 40
# Where there are very many readers, domains are counted among every eleventh, as an even share of them is enough; and
# PostgreSQL gives their deliveries a table of their own.
_MANY_READERS = 100_000
_ONE_IN = 11
_ROOM_KIB = 64 * 1024
# What a planned row can be, and what a slice of such rows is.
_KINDS = (
    (DeliveryState.PENDING, SliceState.OPEN),
    (DeliveryState.WAITING, SliceState.WAITING),
    (DeliveryState.SKIPPED, SliceState.CLOSED),
)
_KIND_OF = {state: index for index, (state, _) in enumerate(_KINDS)}
# What a reader chose: her languages in order, and whether she wants two in one mail.
Choice = tuple[tuple[str, ...], bool]
_Type = sa.types.TypeEngine[Any]
_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a choice of languages gets: the variant, and whether it is to be had already; None for nothing."""

    variant: str | None
    state: DeliveryState


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
    cut = _Cut(base=base, kind_count=len(_KINDS) * len(set(groups.values()) | {OTHER}), size=slice_size)
    names = [OTHER, *sorted(set(groups.values()) - {OTHER})]
    choices_rows = [
        (",".join(languages), reads_both, item.variant, _KIND_OF[item.state])
        for (languages, reads_both), item in planned.items()
    ]
    choice: dict[str, _Type] = {"languages": sa.String(200), "reads_both": sa.Boolean()}
    with (
        _table(
            session, "choice", choice, {"variant": sa.String(41), "kind": sa.Integer()}, choices_rows
        ) as choices,
        _table(
            session,
            "domain",
            {"domain": sa.String(320)},
            {"place": sa.Integer()},
            [(domain, names.index(group)) for domain, group in groups.items()],
        ) as domains,
    ):
        is_new = base == 0  # whoever has a row already, from an earlier wave, is left alone
        placed = _placed(session, None if is_new else mailing_id, readers, choices, domains)
        with _in_order(session, placed) as in_order:
            rows = _rows(mailing_id, in_order, cut, now)
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


def domain_of(session: ReadSession, address: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The part of an address behind the @, as an expression."""
    if is_postgresql(session):
        return sa.func.split_part(address, "@", 2)
    return sa.func.substr(address, sa.func.instr(address, "@") + 1)


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


def _placed(
    session: ReadSession,
    mailing_id: int | None,
    readers: sa.Subquery,
    choices: sa.FromClause,
    domains: sa.FromClause,
) -> sa.Select[Any]:
    """Of each reader (without a row in this mailing): why she is left out, what her choice gets, and `sort`.

    That is the number of the sort of slice she is in.
    """
    kind = sa.case((readers.c.reason.is_(None), choices.c.kind), else_=_KIND_OF[DeliveryState.SKIPPED])
    sort = (sa.func.coalesce(domains.c.place, 0) * len(_KINDS) + kind).label("sort")
    statement = sa.select(
        readers.c.subscriber_id,
        readers.c.subscription_id,
        sort,
        choices.c.variant,
        readers.c.reason,
    ).select_from(
        readers.outerjoin(
            choices,
            sa.and_(
                choices.c.languages == sa.type_coerce(readers.c.languages, sa.String()),
                choices.c.reads_both == readers.c.reads_both,
            ),
        ).outerjoin(domains, domains.c.domain == domain_of(session, readers.c.address_lower))
    )
    if mailing_id is None:
        return statement
    has_row = sa.exists().where(
        Delivery.mailing_id == mailing_id, Delivery.subscriber_id == readers.c.subscriber_id
    )
    return statement.where(~has_row)


@contextmanager
def _in_order(session: WriteSession, placed: sa.Select[Any]) -> Iterator[sa.Subquery]:
    """The `placed` readers, for the length of the block, each with her `place` among those of her sort, from 0.

    On SQLite they are numbered as they come into a table: with a window function it takes half as long again, where
    PostgreSQL takes twice as long for the table.
    """
    if is_postgresql(session):
        each = placed.subquery()
        # By rows: PostgreSQL before 16 would look for others in the same place all the time.
        row_number = sa.func.row_number().over(
            partition_by=each.c.sort, order_by=each.c.subscriber_id, rows=(None, 0)
        )
        place = row_number - 1
        yield sa.select(each, place.label("place")).subquery()
        return
    columns: dict[str, _Type] = {
        "subscriber_id": sa.Integer(),
        "subscription_id": sa.Integer(),
        "sort": sa.Integer(),
        "variant": sa.String(41),
        "reason": sa.String(40),
    }
    with _table(session, "reader", {"number": sa.Integer()}, columns, ()) as table:
        session.execute(sa.insert(table).from_select(list(columns), placed.order_by("sort", "subscriber_id")))
        firsts = session.execute(sa.select(table.c.sort, sa.func.min(table.c.number)).group_by(table.c.sort))
        rows = [tuple(row) for row in firsts]
        with _table(session, "first", {"sort": sa.Integer()}, {"number": sa.Integer()}, rows) as first:
            place = (table.c.number - first.c.number).label("place")
            yield sa.select(table, place).join(first, first.c.sort == table.c.sort).subquery()


@contextmanager
def room_for_many(session: WriteSession) -> Iterator[None]:
    """Lets the database take what it needs for statements over a million readers, within the block.

    PostgreSQL sorts in 4 MB, and would compile every one of these statements for a second or two (until the transaction
    ends).
    """
    if is_postgresql(session):
        connection = session.connection()
        connection.exec_driver_sql("SET LOCAL jit = off")
        connection.exec_driver_sql(f"SET LOCAL work_mem = '{_ROOM_KIB}kB'")
    with room_for_pages(session, _ROOM_KIB):
        yield


@contextmanager
def _table(
    session: WriteSession,
    name: str,
    key: Mapping[str, _Type],
    values: Mapping[str, _Type],
    rows: Sequence[_Row],
) -> Iterator[Any]:
    """These rows for the length of the block: on SQLite as a table of this session, with an index of its key.

    Rows in the statement itself are looked through for every reader there: SQLite thinks them too few for an index. And a
    table of one session is none for the processes that PostgreSQL lets share a query.
    """
    if is_postgresql(session):
        given = [sa.column(column, kind) for column, kind in {**key, **values}.items()]
        yield sa.values(*given, name=f"planning_{name}").data(list(rows))
        return
    columns = [sa.Column(column, kind, primary_key=True) for column, kind in key.items()]
    columns += [sa.Column(column, kind) for column, kind in values.items()]
    # What is looked up by its key for every reader is kept by it; what is filled by a query gets numbers of its own.
    table = sa.Table(
        f"planning_{name}", sa.MetaData(), *columns, prefixes=["TEMPORARY"], sqlite_with_rowid=not rows
    )
    connection = session.connection()
    table.create(connection, checkfirst=False)
    if rows:
        connection.execute(table.insert(), [dict(zip([*key, *values], row, strict=True)) for row in rows])
    yield table
    table.drop(connection, checkfirst=False)


def _rows(mailing_id: int, placed: sa.Subquery, cut: _Cut, now: datetime) -> sa.Select[Any]:
    """The deliveries, with the values of `_COLUMNS`."""
    # In SQLite and PostgreSQL a whole number divided by one is a whole number.
    slice_no = cut.base + 1 + placed.c.place.op("/")(cut.size) * cut.kind_count + placed.c.sort
    state = sa.case(
        {index: state.value for state, index in _KIND_OF.items()}, value=placed.c.sort % len(_KINDS)
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
        group, kind = divmod((slice_no - cut.base - 1) % cut.kind_count, len(_KINDS))
        slices.append(
            {
                "mailing_id": mailing_id,
                "slice_no": slice_no,
                "domain_group": names[group],
                "count": counts.get(slice_no, cut.size),
                "state": _KINDS[kind][1],
            }
        )
    if slices:
        session.execute(sa.insert(DeliverySlice), slices)


def _slice_numbers(
    session: ReadSession, mailing_id: int, deliveries: sa.FromClause, base: int
) -> set[int]:
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
