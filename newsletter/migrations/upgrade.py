"""Brings a database to this release's version, and refuses to work on one that is not."""

import os
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from newsletter.foundation.database import Database, clear_errors
from newsletter.foundation.errors import DatabaseNotReady


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def latest_version() -> str:
    """The version that this release works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 - the package always has steps
    return head


def database_version(database: Database) -> str | None:
    """The version that the database is at; None where it has no tables of ours."""
    with clear_errors(database.url), database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade_database(database: Database, to: str = "head") -> tuple[str | None, str]:
    """Creates or upgrades the tables, all steps in one transaction; returns the versions before and after.

    A new SQLite file can be read by its owner only. Raises DatabaseNotReady for a database of a later release, and
    for one that cannot keep every script.
    """
    if database.file is not None:
        with suppress(OSError):  # there already; or it cannot be made, and then SQLite says so
            os.close(os.open(database.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    _require_utf8(database)
    before = database_version(database)
    known = {step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()}
    if before is not None and before not in known:
        raise DatabaseNotReady(
            "The database belongs to a later release of this program; upgrade the program."
        )
    with clear_errors(database.url), database.engine.begin() as connection:
        command.upgrade(_config(connection), to)
        after = MigrationContext.configure(connection).get_current_revision()
    return before, after or ""


def _require_utf8(database: Database) -> None:
    if database.is_sqlite:
        return
    with clear_errors(database.url), database.engine.connect() as connection:
        encoding = connection.scalar(sa.text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise DatabaseNotReady(
            f"The database's encoding is {encoding}, which cannot keep every script; create one with encoding UTF8."
        )


def require_current(database: Database) -> None:
    """Raises DatabaseNotReady unless the database is at this release's version."""
    if database.file is not None and not database.file.exists():
        raise DatabaseNotReady(f"There is no database at {database.file} yet; run `newsletter init` first.")
    version = database_version(database)
    if version is None:
        raise DatabaseNotReady("The database has no tables yet; run `newsletter init` first.")
    if version != latest_version():
        raise DatabaseNotReady(
            "The database is not at this release's version; run `newsletter init` to upgrade it."
        )
