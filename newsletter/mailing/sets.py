"""Rows as one JSON text: so a statement takes or gives hundreds of them in a single call of the driver.

SQLite's driver gives up the interpreter's lock for every row that it reads or writes, and waits to have it back while
the thread that talks to the mail servers works; one row costs more than five hundred in one text.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession


def is_postgresql(session: ReadSession) -> bool:
    """Whether the session speaks with PostgreSQL; else it is SQLite."""
    return session.get_bind().dialect.name == "postgresql"


def numbers(session: ReadSession, ids: Iterable[int]) -> sa.Select[int]:
    """A SELECT of these whole numbers, for `IN`."""
    given = sa.literal(json.dumps(list(ids)), sa.Text)
    if is_postgresql(session):
        each = sa.func.json_array_elements_text(sa.cast(given, sa.JSON)).table_valued("value")
        return sa.select(sa.cast(each.c.value, sa.BigInteger))
    each = sa.func.json_each(given).table_valued("value")
    return sa.select(each.c.value)


def rows_given(
    session: ReadSession,
    rows: Sequence[Sequence[Any]],
    columns: Mapping[str, sa.types.TypeEngine[Any]],
    name: str = "given",
) -> sa.Subquery:
    """These rows as a table; datetimes in them are written by `moment`."""
    given = sa.literal(json.dumps(rows), sa.Text)
    if is_postgresql(session):
        each = sa.func.json_array_elements(sa.cast(given, sa.JSON)).table_valued("value")
        fields = [each.c.value.op("->>")(index) for index in range(len(columns))]
    else:
        each = sa.func.json_each(given).table_valued("value")
        fields = [each.c.value.op("->>")(sa.literal_column(f"'$[{index}]'")) for index in range(len(columns))]
    return sa.select(
        *(
            (sa.cast(field, kind) if is_postgresql(session) else sa.type_coerce(field, kind)).label(column)
            for field, (column, kind) in zip(fields, columns.items(), strict=True)
        )
    ).subquery(name)


def fetched(session: ReadSession, statement: sa.Select[Any]) -> list[Sequence[Any]]:
    """The rows of a SELECT of numbers, texts and NULLs."""
    if is_postgresql(session):
        return [tuple(row) for row in session.execute(statement)]
    inner = statement.subquery()
    gathered = sa.select(sa.func.json_group_array(sa.func.json_array(*inner.c)))
    found: list[Sequence[Any]] = json.loads(session.execute(gathered).scalar_one())
    return found
