"""A database of an earlier release that is in use comes through every step with everything in it."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.announcements.revisions.queries import revisions_of
from newsletter.announcements.rules import content_hash, is_stale, text_hash
from newsletter.editions.models import EditionMode, EditionState, EditionText, Fallback
from newsletter.editions.wording import revisions_of_words
from newsletter.foundation.database import Database
from newsletter.jobs.actions import ClaimedJob
from newsletter.jobs.queries import JobCounts, job_counts, troubled_jobs
from newsletter.jobs.run import do_due_jobs
from newsletter.migrations.procrastinate_steps import catch_up, step_names, step_reached
from newsletter.migrations.upgrade import latest_version, upgrade_database

WHEN = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ROWS = 3
JOB_COLUMNS = ("id", "kind", "key", "payload", "due_at", "attempt_count", "last_error", "created_at")
VERSIONS = {"alembic_version", "procrastinate_step"}
# What stands elsewhere since, each with a test of its own.
MOVED = {("announcement_picture", "alt_texts"), ("section", "titles")}
# What must be one of the words that the program knows, so that the rows can be read again.
WORDS = {
    ("translation", "state"): TranslationState.DRAFT.value,
    ("translation", "language"): "fr",
    ("announcement", "source_language"): "fr",
    ("edition_text", "language"): "fr",
    ("edition", "languages"): "fr,en",
    ("edition", "mode"): EditionMode.SEPARATE.value,
    ("edition", "fallback"): Fallback.LABEL.value,
    ("edition", "state"): EditionState.DRAFT.value,
    ("edition_item", "fallback"): Fallback.OMIT.value,
}


@pytest.fixture(params=["sqlite", "postgresql"])
def first_release(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as the first release made it."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/first.db")
        upgrade_database(database, "0001")
        yield database
        database.close()
        return
    url = sa.make_url(request.getfixturevalue("postgresql_url"))
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE first_release"))
    database = Database(url.set(database="first_release").render_as_string(hide_password=False))
    upgrade_database(database, "0001")
    yield database
    database.close()
    with server.connect() as connection:
        connection.execute(sa.text("DROP DATABASE first_release"))
    server.dispose()


def fill(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Puts rows into every table that there is; table -> its rows."""
    tables = sa.MetaData()
    with database.engine.begin() as connection:
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                rows = [
                    {column.name: a_value(column, n) for column in table.columns} for n in range(1, ROWS + 1)
                ]
                connection.execute(table.insert(), rows)
    return rows_of(database)


def a_value(column: sa.Column[Any], number: int) -> Any:
    """A value that fits the column, another one for each row; a reference points to the row of the same number."""
    if (column.table.name, column.name) in WORDS:
        return WORDS[column.table.name, column.name]
    if column.foreign_keys:
        return a_value(next(iter(column.foreign_keys)).column, number)
    match column.type:
        case sa.Boolean():
            return number % 2 == 0
        case sa.Integer():
            return number
        case sa.DateTime():
            return WHEN if column.type.timezone else WHEN.replace(tzinfo=None)
        case sa.Date():
            return date(2026, 11, 20 + number)
        case sa.LargeBinary():
            return hashlib.sha256(f"{column.name}{number}".encode()).digest()[:12]
        case sa.JSON():
            return {"fr": f"été {number}"}
    length = getattr(column.type, "length", None) or 60
    return f"{number} {column.name} l’été\u202f!"[:length]


def rows_of(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    tables = sa.MetaData()
    with database.engine.connect() as connection:
        tables.reflect(connection)
        return {
            table.name: [
                tuple(row) for row in connection.execute(table.select().order_by(*table.primary_key))
            ]
            for table in tables.sorted_tables
            if table.name not in VERSIONS
        }


def columns_of(database: Database) -> dict[str, list[str]]:
    tables = sa.MetaData()
    with database.engine.connect() as connection:
        tables.reflect(connection)
    return {table.name: [column.name for column in table.columns] for table in tables.sorted_tables}


def test_upgrade_keeps_everything_of_a_database_in_use(first_release: Database) -> None:
    before_columns = {
        name: [column for column in columns if (name, column) not in MOVED]
        for name, columns in columns_of(first_release).items()
    }
    all_columns = columns_of(first_release)
    before = fill(first_release)
    assert {name: len(rows) for name, rows in before.items()} == dict.fromkeys(before, ROWS)
    assert upgrade_database(first_release) == ("0001", latest_version())
    after, after_columns = rows_of(first_release), columns_of(first_release)
    kept = {
        name: [
            tuple(row[after_columns[name].index(column)] for column in before_columns[name])
            for row in after[name]
        ]
        for name in before
    }
    assert kept == {
        name: [
            tuple(row[all_columns[name].index(column)] for column in before_columns[name])
            for row in before[name]
        ]
        for name in before
    }


def test_upgrade_gives_each_text_its_first_revision(first_release: Database) -> None:
    fill(first_release)
    upgrade_database(first_release)
    with first_release.read() as session:
        text = session.scalars(sa.select(Translation).where(Translation.announcement_id == 2)).one()
        assert session.get_one(Announcement, 2).source_language == "fr"
        [revision] = revisions_of(session, 2, "fr")
    assert (revision.number, revision.author, revision.is_minor) == (1, "", False)
    assert (revision.title, revision.body, revision.made_at) == (text.title, text.body, text.updated_at)
    assert revision.source_hash == text.confirmed_source_hash
    assert revision.content_hash == text_hash(text)


def test_upgrade_makes_what_a_picture_shows_a_part_of_the_text(first_release: Database) -> None:
    fill(first_release)
    with first_release.engine.begin() as connection:
        english = "INSERT INTO translation SELECT 9, 2, 'en', state, title, {}, summary, body, cta_label, cta_url, {}, updated_at FROM translation WHERE id = 2"
        source = content_hash(
            *(f"2 {name} l’été\u202f!" for name in ("title", "summary", "body", "cta_label", "cta_url"))
        )
        connection.execute(sa.text(english.format("false", f"'{source}'")))
    upgrade_database(first_release)
    with first_release.read() as session:
        texts = session.scalars(
            sa.select(Translation).where(Translation.announcement_id == 2).order_by(Translation.language)
        ).all()
        assert [(text.language, text.alt_texts) for text in texts] == [("en", {}), ("fr", {"2": "été 2"})]
        assert not is_stale(texts[0], texts[1])
        for text in texts:
            [revision] = revisions_of(session, 2, text.language)
            assert (revision.content_hash, revision.words) == (text_hash(text), text.words)


def test_upgrade_gives_the_words_of_an_edition_states_and_revisions(first_release: Database) -> None:
    fill(first_release)
    upgrade_database(first_release)
    with first_release.read() as session:
        texts = session.scalars(sa.select(EditionText).order_by(EditionText.edition_id)).all()
        assert [(text.state, text.section_titles) for text in texts] == [
            (TranslationState.DRAFT, {str(number): f"été {number}"}) for number in (1, 2, 3)
        ]
        for text in texts:
            [revision] = revisions_of_words(session, text.edition_id, "fr")
            assert (revision.number, revision.author, revision.made_at) == (1, "", text.updated_at)
            assert (revision.content_hash, revision.words) == (text_hash(text), text.words)


def test_upgrade_of_an_empty_database_leaves_it_empty(first_release: Database) -> None:
    upgrade_database(first_release)
    assert [name for name, rows in rows_of(first_release).items() if rows] == []


def test_upgrade_hands_waiting_jobs_to_procrastinate(first_release: Database) -> None:
    upgrade_database(first_release, "0006")
    jobs = sa.table("job", *map(sa.column, JOB_COLUMNS))
    rows = [
        dict(zip(JOB_COLUMNS, row, strict=True))
        for row in (
            (1, "sweep", "sweep", '{"number": 1}', "2026-11-24 09:00:00", 0, "", "2026-11-23 09:00:00"),
            (2, "mail", None, '{"number": 2}', None, 12, "away", "2026-11-23 09:00:00"),
        )
    ]
    with first_release.engine.begin() as connection:
        for row in rows:
            values = ", ".join("NULL" if value is None else repr(value) for value in row.values())
            connection.exec_driver_sql(f"INSERT INTO job ({', '.join(row)}) VALUES ({values})")  # noqa: S608
    upgrade_database(first_release)
    with first_release.read() as session:
        assert job_counts(session) == [JobCounts("mail", 0, 0, 1), JobCounts("sweep", 1, 0, 0)]
        [trouble] = troubled_jobs(session)
    assert (trouble.attempts, trouble.last_error) == (12, "away")
    done: list[int] = []

    def handler(job: ClaimedJob) -> None:
        done.append(job.payload["number"])

    for moment in (WHEN, WHEN + timedelta(days=1)):
        do_due_jobs(first_release, {"sweep": handler}, lambda moment=moment: moment)  # type: ignore[misc]
        assert done == [1] * (moment > WHEN)
    if not first_release.is_sqlite:
        with first_release.engine.connect() as connection:
            assert connection.execute(jobs.select()).all() == []


def test_tables_of_procrastinate_are_those_of_the_installed_release(db: Database) -> None:
    if db.is_sqlite:
        return
    with db.engine.begin() as connection:
        assert step_reached(connection) == step_names()[-1]
        # As if they were of the release before: the last step is run again, and can be.
        connection.execute(sa.text("UPDATE procrastinate_step SET name = :name"), {"name": step_names()[-2]})
        catch_up(connection)
        assert step_reached(connection) == step_names()[-1]
        connection.rollback()


def test_content_hash_is_what_it_was_when_confirmations_were_stored() -> None:
    assert (
        content_hash("Un titre", "", "Le  corps\n", "", "")
        == hashlib.sha256(b"Un titre\x1f\x1fLe corps\x1f\x1f").hexdigest()
    )
