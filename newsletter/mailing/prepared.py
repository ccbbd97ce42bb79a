"""Statements that are made for every slice: put into words once, and then handed to the driver as they are.

SQLAlchemy looks at a statement, its values and its rows anew each time, which takes longer than most of these take the
database; and every microsecond of it is one in which the thread that talks to the mail servers waits.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler

from newsletter.foundation.database import ReadSession

_Processor = Callable[[Any], Any]


class Prepared:
    """One statement, for both databases. Its values are bound by name; what it gives are the driver's own values."""

    def __init__(self, build: Callable[[bool], sa.Executable]) -> None:
        """`build` gives the statement, for PostgreSQL where it is told True; no `IN` of it may stand for a list."""
        self._build = build
        self._wordings: dict[str, _Wording] = {}

    def __call__(self, session: ReadSession, values: Mapping[str, Any]) -> sa.CursorResult[Any]:
        """Makes it in the session's transaction, with these values. Raises as `Session.execute` does."""
        connection = session.connection()
        wording = self._wordings.get(connection.dialect.name)
        if wording is None:
            statement = self._build(connection.dialect.name == "postgresql")
            wording = self._wordings[connection.dialect.name] = _Wording(statement, connection.dialect)
        return connection.exec_driver_sql(wording.text, wording.parameters(values))


class _Wording:
    """A statement in the words of one database."""

    def __init__(self, statement: sa.Executable, dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - as every statement's is
        self.text = str(compiled)
        self._names: Sequence[str] | None = compiled.positiontup
        self._fixed: dict[str, Any] = {}
        self._given: list[tuple[str, _Processor | None]] = []
        for name, bind in compiled.binds.items():
            process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.required:
                self._given.append((name, process))
            else:
                self._fixed[name] = process(bind.value) if process else bind.value

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any] | tuple[Any, ...]:
        """The values as the driver takes them, with those that never change."""
        given = dict(self._fixed)
        for name, process in self._given:
            given[name] = process(values[name]) if process else values[name]
        return given if self._names is None else tuple([given[name] for name in self._names])
