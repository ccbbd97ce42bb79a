"""Many rows at once, past the ORM: COPY on PostgreSQL, statements of some hundred rows on SQLite.

A million readers are three million rows; as objects, or as statements that SQLAlchemy makes for each, they would take
several times as long. Everything happens on the session's own connection, in its transaction.
"""

import json
import sys
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

import psycopg
import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, UtcDateTime, WriteSession, is_postgresql

# Rows in one statement: SQLite makes them all without asking Python between two, which halves the time, and lets the
# thread that reads the file go on meanwhile.
_ROWS_IN_ONE = 500
# How long the writing thread waits for the reading one to let go of the interpreter, a dozen times in each batch; Python's
# own five milliseconds would add up to a fifth of the import.
_SWITCH_SECONDS = 0.0005
# Calls of `insert` and `make` that may be under way while more rows are read; those of one batch, for one list.
_UNDER_WAY_MAX = 3


@dataclass(frozen=True, slots=True)
class Columns:
    """A table and those of its columns that are written; the others keep their defaults."""

    table: str
    names: tuple[str, ...]


class BulkWriter:
    """Writes tuples, whose values are as the driver takes them: states and JSON as text, moments as `stored` gives them.

    What `insert` is given is written by a thread, while this one reads on in the file; until `settle` has returned,
    nothing else may use the session.
    """

    def __init__(self, session: WriteSession) -> None:
        self._connection = session.connection()
        self._is_postgresql = is_postgresql(session)
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._types: dict[Columns, list[int]] = {}
        self._under_way: deque[Future[None]] = deque()

    def close(self) -> None:
        """Waits for what is under way, whatever becomes of it."""
        self._thread.shutdown()

    def settle(self) -> None:
        """Waits until everything is written; raises what went wrong with it."""
        while self._under_way:
            self._under_way.popleft().result()

    def keep_pace(self) -> None:
        """Waits until no more than one batch is under way; raises what went wrong with those before."""
        while len(self._under_way) > _UNDER_WAY_MAX:
            self._under_way.popleft().result()

    def stored(self, moment: datetime) -> str | datetime | None:
        """A moment as the driver takes it."""
        in_utc = UtcDateTime().process_bind_param(moment, self._connection.dialect)
        if in_utc is None or self._is_postgresql:
            return in_utc
        return in_utc.isoformat(" ", "microseconds")  # as SQLAlchemy writes it on SQLite

    def stored_ids(self, ids: list[int]) -> str | list[int]:
        """Many ids in one value, as the driver takes them: JSON on SQLite, an array on PostgreSQL."""
        return ids if self._is_postgresql else json.dumps(ids)

    def insert(self, columns: Columns, rows: Sequence[tuple[Any, ...]]) -> None:
        """Adds rows of which none is there."""
        if rows:
            write = self._copy if self._is_postgresql else self._insert
            self._under_way.append(self._thread.submit(write, columns, rows))

    def make(self, statement: sa.Executable, values: Mapping[str, Any]) -> None:
        """Lets a statement be made after what was given before it."""
        self._under_way.append(self._thread.submit(self._execute, statement, values))

    def _execute(self, statement: sa.Executable, values: Mapping[str, Any]) -> None:
        self._connection.execute(statement, values)

    def _insert(self, columns: Columns, rows: Sequence[tuple[Any, ...]]) -> None:
        for start in range(0, len(rows), _ROWS_IN_ONE):
            part = rows[start : start + _ROWS_IN_ONE]
            statement = insert_statement(columns, len(part))
            self._connection.exec_driver_sql(statement, tuple(chain.from_iterable(part)))

    def _copy(self, columns: Columns, rows: Sequence[tuple[Any, ...]]) -> None:
        # In the binary form, for which the types must be told, it takes a third of the time.
        statement = f"COPY {columns.table} ({', '.join(columns.names)}) FROM STDIN (FORMAT BINARY)"
        try:
            driver: Any = self._connection.connection.driver_connection
            types = self._types_of(columns, driver)
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:  # past SQLAlchemy, so it is not in its wrapping yet
            raise sa.exc.OperationalError(statement, None, error, hide_parameters=True) from error

    def _types_of(self, columns: Columns, driver: Any) -> list[int]:
        """The numbers of the columns' types, as this server has them."""
        if columns not in self._types:
            # JSON goes as the text that it is: in COPY's binary form the two are the same.
            asked = (
                "SELECT attname, CASE atttypid WHEN 'json'::regtype THEN 'text'::regtype ELSE atttypid END"
                " FROM pg_attribute WHERE attrelid = %s::regclass"
            )
            found = dict(driver.execute(asked, (columns.table,)).fetchall())
            self._types[columns] = [int(found[name]) for name in columns.names]
        return self._types[columns]


def rows_among(
    session: ReadSession, table: str, names: tuple[str, str], values: Collection[str] | Collection[bytes]
) -> list[tuple[Any, Any]]:
    """Two columns of those rows whose first named column has one of a few thousand values, as the driver gives them."""
    if not values:
        return []
    connection = session.connection()
    start = f"SELECT {names[0]}, {names[1]} FROM {table} WHERE {names[0]} "  # noqa: S608 - our own names
    if not is_postgresql(session):
        found = connection.exec_driver_sql(f"{start} IN ({', '.join('?' * len(values))})", tuple(values))
        return [(first, second) for first, second in found]
    # Octets in the binary form and texts as JSON: an array in words takes the driver five times as long.
    octets = [value for value in values if isinstance(value, bytes)]
    if octets:
        found = connection.exec_driver_sql(f"{start} = ANY(%b)", (octets,))
    else:
        given = "ARRAY(SELECT json_array_elements_text(%s::json))"
        found = connection.exec_driver_sql(f"{start} = ANY({given})", (json.dumps(list(values)),))
    return [(first, second) for first, second in found]


@lru_cache(maxsize=32)
def insert_statement(columns: Columns, row_count: int) -> str:
    """SQLite's statement that adds so many rows, with a question mark for each value."""
    row = f"({', '.join('?' * len(columns.names))})"
    return f"INSERT INTO {columns.table} ({', '.join(columns.names)}) VALUES {', '.join([row] * row_count)}"  # noqa: S608 - our own names


@contextmanager
def quick_to_switch() -> Iterator[None]:
    """Sets Python itself for much of the same work by two threads while the block runs."""
    seconds = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(seconds)
