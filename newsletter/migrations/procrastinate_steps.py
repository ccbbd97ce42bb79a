"""Procrastinate's own tables, which our steps on PostgreSQL take along.

Procrastinate ships its tables as they are in one file, and each change of them as a step that later releases keep. The step
of ours that brought the tables wrote down the last step of theirs that these had in them (table `procrastinate_step`).
When a new release of Procrastinate brings steps, one of ours more calls `catch_up`; a test fails until it is there.
"""

from pathlib import Path

import sqlalchemy as sa
from procrastinate.schema import SchemaManager
from sqlalchemy.engine import Connection


def create_tables(connection: Connection) -> None:
    """Creates the tables of the installed Procrastinate, and writes down as of which of its steps they are."""
    _run(connection, SchemaManager.get_schema())
    connection.execute(sa.text("CREATE TABLE procrastinate_step (name text PRIMARY KEY)"))
    connection.execute(
        sa.text("INSERT INTO procrastinate_step (name) VALUES (:name)"), {"name": step_names()[-1]}
    )


def catch_up(connection: Connection) -> None:
    """Runs the steps of the installed Procrastinate that its tables have not had yet."""
    reached = step_reached(connection)
    for name in step_names():
        if name > reached:
            _run(connection, (_folder() / name).read_text("utf-8"))
            connection.execute(sa.text("UPDATE procrastinate_step SET name = :name"), {"name": name})


def step_names() -> list[str]:
    """The names of the steps that the installed Procrastinate has, in their order."""
    return sorted(file.name for file in _folder().glob("*.sql"))


def step_reached(connection: Connection) -> str:
    """The last step of Procrastinate that the database has had."""
    return str(connection.execute(sa.text("SELECT name FROM procrastinate_step")).scalar_one())


def is_of_procrastinate(name: str | None) -> bool:
    """Whether a table or an index of that name is Procrastinate's and not ours."""
    return name is not None and name.startswith(("procrastinate_", "idx_procrastinate_"))


def _folder() -> Path:
    return Path(SchemaManager.get_migrations_path())


def _run(connection: Connection, sql: str) -> None:
    """Straight to the driver: the files hold several statements, and percent signs of their own."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a connection that is open has one
    driver.execute(sql)
