from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from newsletter.audience.models import MailingList
from newsletter.foundation.database import Database, explain
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.migrations.procrastinate_steps import is_of_procrastinate
from newsletter.migrations.upgrade import database_version, latest_version, require_current, upgrade_database
from newsletter.wiring import METADATA


def a_list(now: datetime, slug: str = "letter") -> MailingList:
    return MailingList(
        slug=slug,
        names={"fr": "La lettre"},
        sender_address="a@example.org",
        list_id=f"{slug}.example.org",
        created_at=now,
    )


def test_migrations_give_what_the_models_say(db: Database) -> None:
    dialect = db.engine.dialect.name
    options = {
        "compare_type": True,
        "include_name": lambda name, _kind, _parents: (
            not is_of_procrastinate(name) and name != "delivery_others"  # a part of `delivery`
        ),
        "include_object": lambda item, *_: item.info.get("checked_by", dialect) == dialect,
    }
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)
    assert differences == []
    assert database_version(db) == latest_version()


def test_transaction_commits_and_an_error_undoes(db: Database, now: datetime) -> None:
    with db.transaction() as session:
        session.add(a_list(now))
    with pytest.raises(ZeroDivisionError), db.transaction() as session:
        session.add(a_list(now, "other"))
        session.flush()
        raise ZeroDivisionError
    with db.read() as session:
        assert session.scalars(sa.select(MailingList.slug)).all() == ["letter"]


def test_datetimes_come_back_aware_and_in_utc(db: Database) -> None:
    brussels = timezone(timedelta(hours=1))
    with db.transaction() as session:
        session.add(a_list(datetime(2026, 11, 23, 10, 0, tzinfo=brussels)))
    with db.read() as session:
        assert session.scalars(sa.select(MailingList.created_at)).one() == datetime(
            2026, 11, 23, 9, 0, tzinfo=UTC
        )


def test_naive_datetime_is_refused(db: Database) -> None:
    with pytest.raises(sa.exc.StatementError), db.transaction() as session:
        session.add(a_list(datetime(2026, 11, 23, 10, 0)))  # noqa: DTZ001


def test_read_session_refuses_to_write(db: Database, now: datetime) -> None:
    with pytest.raises(RuntimeError, match="ReadSession"), db.read() as session:
        session.add(a_list(now))
        session.flush()


def test_database_that_is_missing_says_what_to_do(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(DatabaseNotReady, match="newsletter init"):
        require_current(database)
    assert not (tmp_path / "none.db").exists()


def test_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"hello, this is not a database at all" * 50)
    with pytest.raises(DatabaseNotReady, match="not a database"):
        upgrade_database(Database(f"sqlite:///{tmp_path}/x.db"))


def test_database_of_a_later_release_is_refused(sqlite_db: Database) -> None:
    with sqlite_db.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNotReady, match="later release"):
        upgrade_database(sqlite_db)


def test_server_that_is_down_says_so() -> None:
    with pytest.raises(DatabaseNotReady, match="does not answer"):
        upgrade_database(Database("postgresql+psycopg://nobody@127.0.0.1:1/none"))


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ('connection is bad: connection to server on socket "/run/x" failed: No such file or directory', "does not answer"),
        ('connection failed: FATAL:  database "news" does not exist', "no database of the name"),
        ('relation "subscriber" does not exist\nLINE 1: SELECT', "no tables yet"),
        ("consuming input failed: server closed the connection unexpectedly", "went away"),
        ("terminating connection due to administrator command", "went away"),
        ("the connection is lost", "went away"),
        ("the connection is closed", "went away"),
        ('character with byte sequence 0xe2 0x80 in encoding "UTF8" has no equivalent in encoding "LATIN1"', "UTF8"),
        ('connection failed: FATAL:  role "me" does not exist', "does not let this user in"),
        ("connection failed: FATAL:  the database system is starting up", "does not answer"),
        ('invalid URI query parameter: "colour"', "takes no such option"),
        ("attempt to write a readonly database", "is read-only"),
    ],
)  # fmt: skip
def test_words_of_the_driver_become_what_an_operator_understands(words: str, meaning: str) -> None:
    told = explain(words, "URL")
    assert told is not None
    assert meaning in told
    assert "\n" not in told


def test_words_that_nobody_foresaw_stay_a_bug_of_ours() -> None:
    assert explain("null value in column violates not-null constraint", "URL") is None


def test_socket_without_a_server_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatabaseNotReady, match="does not answer"):
        upgrade_database(Database(f"postgresql+psycopg://nobody@/none?host={tmp_path}"))


def test_database_that_the_server_lacks_is_named(postgresql_url: str) -> None:
    url = sa.make_url(postgresql_url).set(database="elsewhere")
    with pytest.raises(DatabaseNotReady, match="no database of the name"):
        upgrade_database(Database(url.render_as_string()))


def test_server_that_goes_away_in_the_middle_says_so(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    with pytest.raises(DatabaseNotReady, match="went away"), database.transaction() as session:
        session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    database.close()


def test_database_of_another_encoding_is_refused(postgresql_url: str) -> None:
    server = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    latin = Database(sa.make_url(postgresql_url).set(database="latin").render_as_string())
    with server.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"))
        with pytest.raises(DatabaseNotReady, match="LATIN1"):
            upgrade_database(latin)
        latin.close()
        connection.execute(sa.text("DROP DATABASE latin"))
    server.dispose()
