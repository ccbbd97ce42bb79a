"""What tests share: a real database of each kind, emptied between tests; keys; a clock that stands still."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from builders import KEYRING_SECRET
from forked_commands import end_server
from needed_parts import missing_part
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.migrations.upgrade import upgrade_database

POSTGRESQL = Path("/usr/lib/postgresql/15/bin")
# Not TRUNCATE: that makes a new file of each table and index, a hundred times as slow on a disk.
_EMPTY_POSTGRESQL = """
SET LOCAL session_replication_role = replica; -- in any order
DO $$ DECLARE found text; BEGIN
    FOR found IN SELECT tablename FROM pg_tables WHERE tablename ~ '^delivery_[0-9]+$' -- of large mailings
    LOOP EXECUTE 'DROP TABLE ' || found; END LOOP;
    FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('alembic_version', 'procrastinate_step')
    LOOP EXECUTE 'DELETE FROM ' || quote_ident(found); END LOOP;
END $$;
SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
"""
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - folders with random names are made in it
_ROOM_BYTES = 4 * 1024**3
# Settings of the person who runs the tests must not leak into them.
for _name in [
    name for name in os.environ if name.startswith("NEWSLETTER_") and name != "NEWSLETTER_SHARED_DATA"
]:
    del os.environ[_name]


def _quick_folder() -> Path | None:
    """Where files lie in memory and no test waits for a disk; None where there is no such place, or no room."""
    has_room = _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free > _ROOM_BYTES
    return _IN_MEMORY if has_room and os.access(_IN_MEMORY, os.W_OK) else None


def pytest_configure() -> None:
    """Tests have their folders in memory, where they can."""
    if folder := _quick_folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


def pytest_sessionfinish() -> None:
    """Nothing that the tests started is left."""
    end_server()


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """No test logs to the captured stderr, long closed, of one before it that configured the logs."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def now() -> datetime:
    """The moment at which tests happen."""
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def keyring() -> Keyring:
    """Keys for signing in tests."""
    return Keyring(KEYRING_SECRET)


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server of our own on a Unix socket, for as long as the tests run."""
    if not (POSTGRESQL / "initdb").exists():
        missing_part("PostgreSQL 15")
    # Not pytest's own folder: that one's parents are closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="newsletter-postgresql-", dir=_quick_folder()))
    as_user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, capture_output=True, cwd=folder)

    run(
        f"{POSTGRESQL}/initdb",
        "-D",
        "data",
        "-A",
        "trust",
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "-N",
    )
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c max_connections=50"
    run(f"{POSTGRESQL}/pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        run(f"{POSTGRESQL}/pg_ctl", "-D", "data", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _postgresql_database(postgresql_url: str) -> Iterator[Database]:
    database = Database(postgresql_url)
    upgrade_database(database)
    yield database
    database.close()


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    upgrade_database(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def sqlite_db(_sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty SQLite database with every table."""
    path = tmp_path / "subscribers.db"
    shutil.copy(_sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgresql_db(_postgresql_database: Database) -> Iterator[Database]:
    """An empty PostgreSQL database with every table."""
    database = _postgresql_database
    yield database
    with database.engine.begin() as connection:
        connection.exec_driver_sql(_EMPTY_POSTGRESQL)


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Database:
    """An empty database with every table: each test runs on SQLite and on PostgreSQL."""
    database: Database = request.getfixturevalue(f"{request.param}_db")
    return database
