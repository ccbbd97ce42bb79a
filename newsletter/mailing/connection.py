"""One connection to the database, kept by one thread for as long as it works."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from newsletter.foundation.database import Database, WriteSession, clear_errors
from newsletter.foundation.errors import DatabaseNotReady

# A run whose machine falls asleep in the middle of a claim keeps the mailing from being paused or ended for so long.
_FROZEN_AFTER = "SET LOCAL idle_in_transaction_session_timeout = '5s'"
# How long a database that is away is waited for. SQLite waits for locks by itself before.
_PATIENCE_SECONDS_SQLITE = 2.0
_PATIENCE_SECONDS_POSTGRESQL = 60.0
_PAUSE_SECONDS, _PAUSE_SECONDS_MAX = 0.1, 1.0
IS_AWAY = (DatabaseNotReady, OperationalError)
"""What is raised where the database is away."""


class OwnConnection:
    """A connection of one thread's own: SQLite tells on it whether anybody else has written since.

    After an error the next transaction is on a new one. PostgreSQL breaks off one in which nothing happens for seconds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: sa.Connection | None = None
        self._version: int | None = None

    @contextmanager
    def transaction(self) -> Iterator[WriteSession]:
        """As `Database.transaction`. Raises DatabaseNotReady."""
        with clear_errors(self._database.url):
            if self._connection is None:
                self._connection = self._database.engine.connect()
            try:
                with (
                    WriteSession(self._connection, expire_on_commit=False) as session,
                    session.begin(),
                ):
                    if not self._database.is_sqlite:
                        session.connection().exec_driver_sql(_FROZEN_AFTER)
                    yield session
            except (DatabaseNotReady, SQLAlchemyError):
                self.close()
                raise

    def write(self, write: Callable[[WriteSession], None], *, is_hurried: Callable[[], bool]) -> None:
        """Commits what `write` writes, which is called again for as long as the database is away and may be waited for.

        In a hurry that is a tenth of the time. Raises `IS_AWAY` afterwards: nobody knows then whether it was committed.
        """
        is_sqlite = self._database.is_sqlite
        patience = _PATIENCE_SECONDS_SQLITE if is_sqlite else _PATIENCE_SECONDS_POSTGRESQL
        begin, pause = time.monotonic(), _PAUSE_SECONDS
        while True:
            try:
                with self.transaction() as session:
                    write(session)
                return
            except IS_AWAY:
                if time.monotonic() - begin + pause > (patience / 10 if is_hurried() else patience):
                    raise
                time.sleep(pause)
                pause = min(2 * pause, _PAUSE_SECONDS_MAX)

    def was_written_to(self) -> bool:
        """Whether somebody else may have written since this was last asked; PostgreSQL does not say, so yes."""
        if not self._database.is_sqlite:
            return True
        if self._connection is None or self._connection.in_transaction():
            return True
        driver = self._connection.connection.dbapi_connection
        if not isinstance(driver, sqlite3.Connection):
            return True
        [version] = driver.execute("PRAGMA data_version").fetchone()
        was, self._version = self._version, version
        return bool(was != version)

    def close(self) -> None:
        """Gives the connection back."""
        connection, self._connection, self._version = self._connection, None, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()
