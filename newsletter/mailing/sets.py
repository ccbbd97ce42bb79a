"""Rows as one JSON text: so a statement takes or gives hundreds of them in a single call of the driver.

SQLite's driver gives up the interpreter's lock for every row that it reads or writes, and waits to have it back while
the thread that talks to the mail servers works; one row costs more than five hundred in one text. With PostgreSQL it
spares making an object of every value on the way.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, is_postgresql
from newsletter.mailing.prepared import Prepared


def numbers(session: ReadSession, ids: Iterable[int]) -> sa.Select[int]:
    """A SELECT of these whole numbers, for `IN`."""
    return _each_number(sa.literal(as_text(list(ids)), sa.Text), on_postgresql=is_postgresql(session))


def is_among(column: sa.ColumnElement[int], name: str, *, on_postgresql: bool) -> sa.ColumnElement[bool]:
    """Whether a column with an index is one of the whole numbers that the statement is given under this name, `as_text`."""
    given = _each_number(sa.bindparam(name, type_=sa.Text), on_postgresql=on_postgresql)
    if on_postgresql:
        # An array, which PostgreSQL looks up in the index; what `IN` selects it may look for in all rows of the mailing.
        return column == sa.any_(sa.func.array(given.scalar_subquery(), type_=sa.ARRAY(sa.BigInteger)))
    return column.in_(given)


def _each_number(given: sa.ColumnElement[str], *, on_postgresql: bool) -> sa.Select[int]:
    if on_postgresql:
        each = sa.func.json_array_elements_text(sa.cast(given, sa.JSON)).table_valued("value")
        return sa.select(sa.cast(each.c.value, sa.BigInteger))
    each = sa.func.json_each(given).table_valued("value")
    return sa.select(each.c.value)


def rows_given(
    name: str, columns: Mapping[str, sa.types.TypeEngine[Any]], *, on_postgresql: bool
) -> sa.Subquery:
    """The rows that the statement is given under this name, `as_text`, as a table of this name."""
    given = sa.bindparam(name, type_=sa.Text)
    if on_postgresql:
        each = sa.func.json_array_elements(sa.cast(given, sa.JSON)).table_valued("value")
        fields = [each.c.value.op("->>")(index) for index in range(len(columns))]
    else:
        each = sa.func.json_each(given).table_valued("value")
        fields = [each.c.value.op("->>")(sa.literal_column(f"'$[{index}]'")) for index in range(len(columns))]
    return sa.select(
        *(
            (sa.cast(field, kind) if on_postgresql else sa.type_coerce(field, kind)).label(column)
            for field, (column, kind) in zip(fields, columns.items(), strict=True)
        )
    ).subquery(name)


def as_text(values: Sequence[Any]) -> str:
    """Numbers, or rows of numbers, texts and None, as `is_among` and `rows_given` take them."""
    return json.dumps(values, separators=(",", ":"))


def gathered(statement: sa.Select[Any], *, on_postgresql: bool) -> sa.Select[str]:
    """The rows of a SELECT of numbers, texts and NULLs as one text, for `fetched`."""
    inner = statement.subquery()
    if on_postgresql:
        rows = sa.func.json_agg(sa.func.json_build_array(*inner.c))
        return sa.select(sa.func.coalesce(sa.cast(rows, sa.Text), "[]"))
    return sa.select(sa.func.json_group_array(sa.func.json_array(*inner.c)))


def fetched(gathering: Prepared, session: ReadSession, values: Mapping[str, Any]) -> list[list[Any]]:
    """The rows of a statement that was `gathered`, with these values in it."""
    found: list[list[Any]] = json.loads(gathering(session, values).scalar_one())
    return found
