"""One way to the database, SQLite or PostgreSQL: sessions for reading and for writing, and the column types they share."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

from newsletter.foundation.errors import DatabaseAway, DatabaseNotReady
from newsletter.foundation.folding import register

_SQLITE_BUSY_SECONDS = 30
# Of libpq: a connection that leads nowhere (a cable, a firewall) is given up after half a minute, and not after two hours.
_WATCHFUL = {
    "connect_timeout": 10,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


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
    def file(self) -> Path | None:
        """The file of an SQLite database that is named by its path; None of any other."""
        name = self.url.database or ""
        is_path = self.is_sqlite and name not in {"", ":memory:"} and not name.startswith("file:")
        return Path(name) if is_path else None

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

    def empty_log(self) -> None:
        """Brings what SQLite's write-ahead log holds into the file and empties the log, as far as readers let it.

        Erased data would otherwise stand in the log until it is written over. Nothing on PostgreSQL.
        """
        if not self.is_sqlite:
            return
        with clear_errors(self.url), self._writer.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # a checkpoint is refused inside a transaction
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Closes every connection."""
        self._reader.dispose()
        self._writer.dispose()


def is_postgresql(session: ReadSession) -> bool:
    """Whether the session is one of PostgreSQL; else it is one of SQLite."""
    return session.get_bind().dialect.name == "postgresql"


@contextmanager
def room_for_pages(session: ReadSession, kib: int) -> Iterator[None]:
    """Lets SQLite keep so much of the database in memory while the block runs, where 2 MB are usual; else nothing.

    For many rows that go to all places of their indexes.
    """
    if is_postgresql(session):
        yield
        return
    connection = session.connection()
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size = -{kib}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {usual}")


def insert_into(session: ReadSession, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can be told what to do where the row is there already (`on_conflict_do_update`)."""
    return postgresql.insert(table) if is_postgresql(session) else sqlite.insert(table)


def insert_unless_there(session: ReadSession, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that leaves out rows which a unique column has already, be it from another session just now."""
    return insert_into(session, table).on_conflict_do_nothing()


def _postgresql_engine(url: sa.URL) -> Engine:
    return sa.create_engine(
        url,
        # UTF8 whatever PGCLIENTENCODING says.
        connect_args={"client_encoding": "UTF8", **watchful_options(url)},
        pool_pre_ping=True,
        hide_parameters=True,
    )


def watchful_options(url: sa.URL) -> dict[str, int]:
    """The options by which a connection to PostgreSQL notices that it leads nowhere, where the URL says nothing of them."""
    return {name: value for name, value in _WATCHFUL.items() if name not in url.query}


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
        register(connection)
        # secure_delete: what is erased is overwritten with zeros, not only let go of.
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
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
    except DBAPIError as error:
        words = str(error.orig)
        message = explain(words, url.render_as_string(hide_password=True))
        if message is None:
            raise
        if re.search(f"{_WENT_AWAY}|{_DOES_NOT_ANSWER}", words, re.IGNORECASE):
            raise DatabaseAway(message) from error
        raise DatabaseNotReady(message) from error


_WENT_AWAY = (
    r"server closed the connection|terminating connection|connection is (lost|closed)"
    r"|connection has been closed|consuming input failed|connection reset"
)
_DOES_NOT_ANSWER = (
    r"connection refused|could not connect|connection failed|connection is bad|connection timeout"
    r"|could not translate host name|failed to resolve host|system is (starting up|shutting down)"
)
# What the drivers say, and what it means to the operator; the first that fits holds.
_EXPLANATIONS = (
    (
        r"readonly|read-only",
        "The database {url} is read-only; make the file and its folder writable, then try again.",
    ),
    (
        r"unable to open database file",
        "The database {url} cannot be opened; does its folder exist, and may you write there?",
    ),
    (r"file is not a database|malformed", "The file behind {url} is not a database of this program."),
    (r"database is locked", "The database {url} is busy with another command; try again in a moment."),
    (
        r"no such table|relation .* does not exist",
        "The database has no tables yet; run `newsletter init` first.",
    ),
    (
        r"database \"[^\"]*\" does not exist",
        "The server has no database of the name in {url}; create it with encoding UTF8, then run `newsletter init`.",
    ),
    (
        r"authentication failed|no password supplied|role \"[^\"]*\" does not exist|no pg_hba\.conf entry",
        "The database {url} does not let this user in; check the name and the password.",
    ),
    (
        r"invalid connection option|invalid uri query",
        "The server takes no such option as stands after the ? in {url}.",
    ),
    (
        _WENT_AWAY,
        "The database {url} went away; what was not finished is undone, and the same command goes on when it is back.",
    ),
    (
        _DOES_NOT_ANSWER,
        "The database {url} does not answer; is the server running?",
    ),
    (
        r"has no equivalent in encoding",
        "The database {url} cannot keep every script; its encoding must be UTF8.",
    ),
    (
        r"disk is full|disk i/o error|no space left",
        "The disk under {url} is full or failing; what was not finished is undone. Make room; the same command goes on.",
    ),
)


def explain(words: str, shown_url: str) -> str | None:
    """What an error of the driver means to the operator, in one line; None for one that may be a bug of ours."""
    for pattern, meaning in _EXPLANATIONS:
        if re.search(pattern, words, re.IGNORECASE | re.DOTALL):
            return meaning.format(url=shown_url)
    return None
