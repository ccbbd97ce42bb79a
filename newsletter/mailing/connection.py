"""One connection to the database, kept by one thread for as long as it works."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from newsletter.foundation.database import Database, WriteSession, clear_errors
from newsletter.foundation.errors import DatabaseNotReady

# A run whose machine falls asleep in the middle of a claim keeps the mailing from being paused or ended for so long.
_FROZEN_AFTER = "SET LOCAL idle_in_transaction_session_timeout = '5s'"


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
