"""Nothing is sent on a database that may forget what it has committed: it would mail people twice after a power cut."""

import sqlalchemy as sa

from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseNotReady

# Of PostgreSQL: the setting, and the values with which a commit that was answered may be lost.
_POSTGRESQL = ("fsync", "full_page_writes", "synchronous_commit")
_SQLITE_FULL = 2
_SQLITE_JOURNALS = frozenset({"delete", "truncate", "persist", "wal"})


class DatabaseForgets(DatabaseNotReady):
    """The database may lose a commit that it has answered."""

    def __init__(self, setting: str, value: str, remedy: str) -> None:
        super().__init__(
            f"Nothing is sent: the database has {setting}={value}, so after a power cut it may have forgotten who was "
            f"mailed, and they would be mailed again. {remedy}"
        )
        self.setting = setting
        self.value = value


def require_memory(database: Database) -> None:
    """Raises DatabaseForgets where an answered commit may be lost: a promise of the settings that cost speed.

    PostgreSQL: fsync, full_page_writes, synchronous_commit (documentation, "Write Ahead Log"). SQLite: synchronous FULL
    and a rollback journal or WAL on disk (documentation, "PRAGMA synchronous").
    """
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            for name in _POSTGRESQL:
                value = connection.scalar(sa.select(sa.func.current_setting(name)))
                if value == "off":
                    raise DatabaseForgets(name, value, f"Set {name} to on in the server's configuration.")
            return
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar_one()
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        if synchronous < _SQLITE_FULL:
            raise DatabaseForgets("synchronous", str(synchronous), "It must be FULL.")
        if journal not in _SQLITE_JOURNALS:
            raise DatabaseForgets("journal_mode", journal, "It must be WAL.")
