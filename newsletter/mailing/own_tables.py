"""PostgreSQL keeps the deliveries of a large mailing in a table of their own, a partition of `delivery`.

A table that nobody sees yet is filled by a query that several processes may share, and gets its indexes when all rows are
there: a million in half the time (docs/decisions/0033-tables-of-mailings.md). Other mailings share `delivery_others`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from newsletter.foundation.database import Database, ReadSession, WriteSession, is_postgresql
from newsletter.mailing.models import DELIVERIES, Delivery, Mailing, MailingState

# What is left of a mailing moves in with the others where it is no more than this: they wait meanwhile.
_MOVED_MAX = 10_000
_PATIENCE = "2s"
SHARED = "delivery_others"
"""The table of all mailings that have none of their own."""


class _TableOf(sa.Executable, sa.ClauseElement):
    """`CREATE TABLE ... AS`."""

    inherit_cache = False

    def __init__(self, name: str, rows: sa.Select[Any]) -> None:
        self.name = name
        self.rows = rows


@compiles(_TableOf)
def _write(element: _TableOf, compiler: SQLCompiler, **kwargs: Any) -> str:
    # Room in each page for a row's later versions (heap-only tuples).
    return f"CREATE TABLE {element.name} WITH (fillfactor = 50) AS {compiler.process(element.rows, **kwargs)}"


def may_make_tables(session: ReadSession) -> bool:
    """Whether we are on PostgreSQL, in a role that may add to the tables."""
    if not is_postgresql(session):
        return False
    may = "pg_has_role(relowner, 'USAGE') AND has_schema_privilege(relnamespace, 'CREATE')"
    asking = f"SELECT {may} FROM pg_class WHERE oid = 'delivery'::regclass"  # noqa: S608 - nothing of it comes from outside
    return bool(session.scalar(sa.text(asking)))


@contextmanager
def own_table(
    session: WriteSession, mailing_id: int, rows: sa.Select[Any], columns: tuple[str, ...]
) -> Iterator[sa.TableClause]:
    """These rows, with these columns of `delivery`, as the table of this mailing; a part of `delivery` after the block."""
    name = _name(mailing_id)
    given = rows.subquery()
    values = dict(zip(columns, given.c, strict=True))
    session.execute(
        _TableOf(
            name,
            sa.select(
                *(
                    sa.cast(values.get(column.name, sa.null()), _plain_type(column)).label(column.name)
                    for column in DELIVERIES.columns
                )
            ),
        )
    )
    never_null = [f"ALTER {column.name} SET NOT NULL" for column in DELIVERIES.columns if not column.nullable]
    connection = session.connection()
    for statement in (
        # The condition spares looking through the rows when it is attached.
        f"ALTER TABLE {name} {', '.join(never_null)}, ADD CONSTRAINT own CHECK (mailing_id = {mailing_id}),"
        f" ADD CONSTRAINT pk_{name} PRIMARY KEY (mailing_id, slice_no, subscriber_id)",
        f"CREATE UNIQUE INDEX ix_{name} ON {name} (subscriber_id, mailing_id)",
    ):
        connection.exec_driver_sql(statement)
    yield sa.table(name, *(sa.column(column.name, column.type) for column in DELIVERIES.columns))
    # Last: those who work on mailings without tables of their own wait from here to the commit.
    connection.exec_driver_sql(f"ALTER TABLE delivery ATTACH PARTITION {name} FOR VALUES IN ({mailing_id})")
    connection.exec_driver_sql(f"ALTER TABLE {name} DROP CONSTRAINT own")


def _name(mailing_id: int) -> str:
    return f"delivery_{mailing_id:d}"


def table_of(session: ReadSession, mailing_id: int) -> str:
    """The table in which PostgreSQL keeps the deliveries of this mailing."""
    name = _name(mailing_id)
    has_its_own = session.scalar(sa.select(sa.func.to_regclass(name))) is not None
    return name if has_its_own else SHARED


def _plain_type(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    return sa.String(column.type.length) if isinstance(column.type, sa.Enum) else column.type


def give_up_own_tables(database: Database, ended_before: datetime) -> int:
    """Moves what is left of mailings that ended before this moment in with the others, and drops their tables; how many.

    Only where few deliveries are left, as after folding; and where somebody is in the way, another time.
    """
    if database.is_sqlite:
        return 0
    with database.read() as session:
        ended = session.scalars(
            sa.select(Mailing.id).where(
                Mailing.state.in_([MailingState.FINISHED, MailingState.CANCELLED]),
                Mailing.finished_at < ended_before,
            )
        )
        mailing_ids = [mailing_id for mailing_id in ended if table_of(session, mailing_id) != SHARED]
    return sum(_give_up(database, mailing_id) for mailing_id in mailing_ids)


def _give_up(database: Database, mailing_id: int) -> bool:
    name, columns = _name(mailing_id), ", ".join(column.name for column in DELIVERIES.columns)
    its = sa.select(Delivery.subscriber_id).where(Delivery.mailing_id == mailing_id)
    with database.read() as session:
        if session.scalar(sa.select(its.offset(_MOVED_MAX).exists())):
            return False
    try:
        with database.transaction() as session:
            connection = session.connection()
            for statement in (
                f"SET LOCAL lock_timeout = '{_PATIENCE}'",
                f"ALTER TABLE delivery DETACH PARTITION {name}",
                f"INSERT INTO delivery ({columns}) SELECT {columns} FROM {name}",  # noqa: S608 - our own names
                f"DROP TABLE {name}",
            ):
                connection.exec_driver_sql(statement)
    except OperationalError:
        return False
    return True
