"""One way to the database, SQLite or PostgreSQL: sessions for reading and for writing, and the column types they share."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from newsletter.foundation.errors import DatabaseNotReady

_SQLITE_BUSY_SECONDS = 30


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; SQLite keeps no zone, so a naive one is refused on the way in."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """To the database: UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        """From the database: aware, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class LanguageList(sa.types.TypeDecorator[tuple[str, ...]]):
    """Language tags in order, as text with commas between ("fr-BE,en"); "" is the empty tuple."""

    impl = sa.String(200)
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, _dialect: sa.Dialect) -> str | None:
        """To the database: "fr,en"."""
        return None if value is None else ",".join(value)

    def process_result_value(self, value: str | None, _dialect: sa.Dialect) -> tuple[str, ...] | None:
        """From the database: ("fr", "en")."""
        return None if value is None else tuple(filter(None, value.split(",")))


def state_column(kind: type[StrEnum]) -> sa.Enum:
    """The column type of a StrEnum: its values as text, which a later release may add to without a migration."""
    return sa.Enum(
        kind, native_enum=False, length=40, values_callable=lambda states: [state.value for state in states]
    )


class Base(DeclarativeBase):
    """The root of every table; constraints get names, so that migrations can speak of them."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, str]: sa.JSON, dict[str, Any]: sa.JSON}  # noqa: RUF012


class ReadSession(Session):
    """A session that queries take. Writing through it is a mistake and raises."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        """Refuses to write where something was changed; a WriteSession may."""
        if not isinstance(self, WriteSession) and (self.new or self.dirty or self.deleted):
            raise RuntimeError(
                "a ReadSession was written to; open the transaction with Database.transaction()"
            )
        super().flush(objects)


class WriteSession(ReadSession):
    """A session that actions take. They may flush; the entrance that opened it commits."""


class Database:
    """The database behind a URL. Short-lived processes call `close` when they are done."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._reader = _sqlite_engine(self.url, "BEGIN") if self.is_sqlite else _postgresql_engine(self.url)
        # SQLite has one writer at a time: asking for the lock at the start avoids the deadlock of two
        # readers that both want to write (docs/decisions/0003-databases.md).
        self._writer = _sqlite_engine(self.url, "BEGIN IMMEDIATE") if self.is_sqlite else self._reader

    @property
    def engine(self) -> Engine:
        """The engine that may write: for migrations and bulk statements."""
        return self._writer

    @contextmanager
    def read(self) -> Iterator[ReadSession]:
        """A session that reads one consistent state and leaves nothing behind."""
        with clear_errors(self.url), ReadSession(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[WriteSession]:
        """A session whose work is committed at the end of the block, or undone where the block raises."""
        with (
            clear_errors(self.url),
            WriteSession(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        """Closes every connection."""
        self._reader.dispose()
        self._writer.dispose()


def insert_unless_there(session: ReadSession, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that leaves out rows which a unique column has already, be it from another session just now."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _postgresql_engine(url: sa.URL) -> Engine:
    return sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)


def _sqlite_engine(url: sa.URL, begin: str) -> Engine:
    engine = sa.create_engine(
        url,
        connect_args={"timeout": _SQLITE_BUSY_SECONDS, "check_same_thread": False},
        hide_parameters=True,  # an error's text reaches logs, and parameters are people's addresses (threat T28)
    )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        # The driver's own implicit BEGIN is off: SQLAlchemy's "begin" event below opens every transaction.
        connection.isolation_level = None
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def clear_errors(url: sa.URL) -> Iterator[None]:
    """Turns the trouble an operator can mend (read-only file, no server) into one clear line."""
    try:
        yield
    except (OperationalError, DatabaseError) as error:
        message = _explain(str(error.orig), url.render_as_string(hide_password=True))
        if message is None:
            raise
        raise DatabaseNotReady(message) from error


def _explain(words: str, shown_url: str) -> str | None:
    lowered = words.lower()
    if "readonly" in lowered or "read-only" in lowered:
        return (
            f"The database {shown_url} is read-only; make the file and its folder writable, then try again."
        )
    if "unable to open database file" in lowered:
        return f"The database {shown_url} cannot be opened; does its folder exist, and may you write there?"
    if "file is not a database" in lowered or "malformed" in lowered:
        return f"The file behind {shown_url} is not a database of this program."
    if "database is locked" in lowered:
        return f"The database {shown_url} is busy with another command; try again in a moment."
    if "no such table" in lowered or ("relation" in lowered and "does not exist" in lowered):
        return "The database has no tables yet; run `newsletter init` first."
    if "connection refused" in lowered or "could not connect" in lowered or "connection failed" in lowered:
        return f"The database {shown_url} does not answer; is the server running?"
    if "disk is full" in lowered or "disk i/o error" in lowered or "no space left" in lowered:
        return f"The disk under {shown_url} is full or failing; nothing was changed."
    return None
