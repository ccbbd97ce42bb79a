"""On PostgreSQL a large mailing has a table of its own: the same rows, the same answers, and gone when it is folded."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from builders import NOW
from builders_mailing import ADDRESSES, LineOfAnswers, Office
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing import own_tables, slicing
from newsletter.mailing.folding import fold_old_mailings
from newsletter.mailing.models import (
    Delivery,
    DeliverySlice,
    DeliveryState,
    MailedList,
    Mailing,
    MailingState,
)
from newsletter.mailing.own_tables import give_up_own_tables
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.queries import mailing_report
from newsletter.transport.outcome import Outcome, Verdict

LONG_AFTER = NOW + timedelta(days=200)
REFUSED = {"dina@example.org": Outcome(Verdict.REJECTED, 550, "5.2.3", "too large")}


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slicing, "_MANY_READERS", len(ADDRESSES) - 1)


@pytest.fixture
def office(postgresql_db: Database, keyring: Keyring, tmp_path: Path) -> Iterator[Office]:
    return Office(postgresql_db, keyring, tmp_path)


def tables(database: Database) -> list[str]:
    """The parts of `delivery`."""
    with database.read() as session:
        parts = sa.text(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'delivery'::regclass"
        )
        return sorted(session.scalars(parts))


def rows(database: Database) -> list[tuple[object, ...]]:
    columns = [column for column in Delivery.__table__.columns if column.name != "mailing_id"]
    with database.read() as session:
        return [tuple(row) for row in session.execute(sa.select(*columns).order_by(Delivery.subscriber_id))]


def test_rows_are_those_that_a_shared_table_would_have(
    postgresql_db: Database, keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(postgresql_db, keyring, tmp_path)
    assert tables(postgresql_db) == [f"delivery_{office.mailing_id}", "delivery_others"]
    own = rows(postgresql_db)
    assert len(own) == len(ADDRESSES)
    with postgresql_db.transaction() as session:
        for table in (Delivery, DeliverySlice, MailedList, Mailing):
            session.execute(sa.delete(table))
    monkeypatch.setattr(slicing, "_MANY_READERS", 1000)
    with postgresql_db.transaction() as session:
        mailing_id = plan_mailing(session, office.edition_id, NOW).id
    assert f"delivery_{mailing_id}" not in tables(postgresql_db)
    assert rows(postgresql_db) == own


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"slice_no": "slice_no + 1"}, id="a reader twice"),
        pytest.param({"mailing_id": "99"}, id="a row of another mailing"),
    ],
)
def test_each_reader_is_once_in_it_and_only_this_mailing_is(office: Office, changed: dict[str, str]) -> None:
    name, columns = f"delivery_{office.mailing_id}", [column.name for column in Delivery.__table__.columns]
    again = ", ".join(changed.get(column, column) for column in columns)
    with office.db.engine.connect() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql(f"INSERT INTO {name} ({', '.join(columns)}) SELECT {again} FROM {name}")  # noqa: S608 - our own names


def test_role_that_may_make_no_tables_plans_into_the_shared_one(
    postgresql_db: Database, keyring: Keyring, tmp_path: Path
) -> None:
    office = Office(postgresql_db, keyring, tmp_path, is_planned=False)
    grants = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"
    with postgresql_db.transaction() as session:
        for statement in (
            "CREATE ROLE clerk",
            f"GRANT {grants} TO clerk",
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO clerk",
            "SET LOCAL ROLE clerk",
        ):
            session.execute(sa.text(statement))
        plan_mailing(session, office.edition_id, NOW)
        assert session.scalar(sa.text("SELECT count(*) FROM delivery_others")) == len(ADDRESSES)
        session.rollback()
    assert tables(postgresql_db) == ["delivery_others"]


def test_planning_that_fails_leaves_no_table(
    postgresql_db: Database, keyring: Keyring, tmp_path: Path
) -> None:
    office = Office(postgresql_db, keyring, tmp_path, is_planned=False)
    with pytest.raises(ZeroDivisionError), postgresql_db.transaction() as session:
        plan_mailing(session, office.edition_id, NOW)
        raise ZeroDivisionError
    assert tables(postgresql_db) == ["delivery_others"]


def test_mailing_runs_in_it_and_what_is_left_after_folding_moves_in_with_the_others(office: Office) -> None:
    assert office.run(LineOfAnswers(REFUSED)).state is MailingState.FINISHED
    with office.db.read() as session:
        before = mailing_report(session, office.mailing_id)
    assert (before.total.accepted, before.total.rejected) == (4, 1)
    assert fold_old_mailings(office.db, LONG_AFTER) == 4
    assert give_up_own_tables(office.db, NOW) == 0  # it ended at that moment, not before
    assert give_up_own_tables(office.db, LONG_AFTER) == 1
    assert tables(office.db) == ["delivery_others"]
    with office.db.read() as session:
        assert mailing_report(session, office.mailing_id) == before
        assert session.scalars(sa.select(Delivery.state)).all() == [DeliveryState.REJECTED]
    assert give_up_own_tables(office.db, LONG_AFTER) == 0


def test_table_stays_where_much_is_left_or_somebody_is_at_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.run(LineOfAnswers(REFUSED))
    monkeypatch.setattr(own_tables, "_PATIENCE", "50ms")
    with office.db.read() as session:
        assert len(session.scalars(sa.select(Delivery.subscriber_id)).all()) == len(ADDRESSES)
        assert give_up_own_tables(office.db, LONG_AFTER) == 0
    monkeypatch.setattr(own_tables, "_MOVED_MAX", len(ADDRESSES) - 1)
    assert give_up_own_tables(office.db, LONG_AFTER) == 0
    assert f"delivery_{office.mailing_id}" in tables(office.db)
    monkeypatch.setattr(own_tables, "_MOVED_MAX", len(ADDRESSES))
    assert give_up_own_tables(office.db, LONG_AFTER) == 1
    assert len(rows(office.db)) == len(ADDRESSES)
