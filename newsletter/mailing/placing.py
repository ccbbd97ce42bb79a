"""Placing: in which sort of slice each reader of a mailing is, and where among those of her sort.

All of it is said in the database, by one query over tables that the plan is looked up in.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, WriteSession, is_postgresql, room_for_pages
from newsletter.mailing.models import Delivery, DeliveryState, SliceState

_ROOM_KIB = 64 * 1024
# What a planned row can be, and what a slice of such rows is.
KINDS = (
    (DeliveryState.PENDING, SliceState.OPEN),
    (DeliveryState.WAITING, SliceState.WAITING),
    (DeliveryState.SKIPPED, SliceState.CLOSED),
)
KIND_OF = {state: index for index, (state, _) in enumerate(KINDS)}
# What a reader chose: her languages in order, and whether she wants two in one mail.
Choice = tuple[tuple[str, ...], bool]
_Type = sa.types.TypeEngine[Any]
_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a choice of languages gets: the variant, and whether it is to be had already; None for nothing."""

    variant: str | None
    state: DeliveryState


@contextmanager
def placed_readers(
    session: WriteSession,
    readers: sa.Subquery,
    planned: Mapping[Choice, Planned],
    places: Mapping[str, int],
    *,
    without_row_in: int | None,
) -> Iterator[sa.Subquery]:
    """Each of the readers, for the length of the block, with what her choice gets, why she is left out, `sort` and `place`.

    `places` has the numbers of the groups of domains; who is in none is in group 0. `sort` is the number of the sort of
    slice that she is in, a kind of `KINDS` in a group; `place` counts those of her sort, from 0. Only readers without a
    row in that mailing, if one is named.
    """
    choice: dict[str, _Type] = {"languages": sa.String(200), "reads_both": sa.Boolean()}
    gets: dict[str, _Type] = {"variant": sa.String(41), "kind": sa.Integer()}
    choices_rows = [
        (",".join(languages), reads_both, item.variant, KIND_OF[item.state])
        for (languages, reads_both), item in planned.items()
    ]
    domain: dict[str, _Type] = {"domain": sa.String(320)}
    with (
        _table(session, "choice", choice, gets, choices_rows) as choices,
        _table(session, "domain", domain, {"place": sa.Integer()}, list(places.items())) as domains,
    ):
        placed = _placed(session, without_row_in, readers, choices, domains)
        with _in_order(session, placed) as in_order:
            yield in_order


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


def domain_of(session: ReadSession, address: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """The part of an address behind the @, as an expression."""
    if is_postgresql(session):
        return sa.func.split_part(address, "@", 2)
    return sa.func.substr(address, sa.func.instr(address, "@") + 1)


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
    kind = sa.case((readers.c.reason.is_(None), choices.c.kind), else_=KIND_OF[DeliveryState.SKIPPED])
    sort = (sa.func.coalesce(domains.c.place, 0) * len(KINDS) + kind).label("sort")
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
