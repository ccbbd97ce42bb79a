"""A mailing of an earlier release that was paused in the middle, or broken off, goes on after the upgrade."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from builders import NOW
from newsletter.foundation.database import Database
from newsletter.mailing.models import Delivery, DeliverySlice, DeliveryState, MailingState, SliceState
from newsletter.mailing.queries import mailing_by_id, mailing_report
from newsletter.mailing.sending import start_mailing
from newsletter.mailing.slices import open_slices
from newsletter.migrations.upgrade import upgrade_database

STATES = ["accepted", "pending", "deferred", "attempting", "skipped", "in_doubt"]


def fill(database: Database, readers: int) -> None:
    """A list, an edition, two mailings in the shape of release 0006: one paused, one whose process was killed."""
    tables = sa.MetaData()
    when = NOW.replace(tzinfo=None) if database.is_sqlite else NOW
    with database.engine.begin() as connection:
        tables.reflect(connection)

        def add(table: str, *rows: dict[str, Any]) -> None:
            filled = [
                {**{column.name: a_value(column, when) for column in tables.tables[table].columns}, **row}
                for row in rows
            ]
            connection.execute(tables.tables[table].insert(), filled)

        add("mailing_list", {"id": 1, "slug": "letter", "opt_in": "double"})
        add("edition", *({"id": number, "list_id": 1, "issue_number": number, "state": "frozen", "mode": "separate",
                          "public_name": bytes([number]) * 12, "languages": "fr", "fallback": "label"} for number in (1, 2)))  # fmt: skip
        add("mailing", {"id": 1, "edition_id": 1, "state": "paused", "run_token": None, "run_holder": None, "run_beat_at": None},
                       {"id": 2, "edition_id": 2, "state": "running", "run_token": "dead", "run_holder": "process 1 on x"})  # fmt: skip
        add("subscriber", *({"id": number, "address": f"r{number}@example.org", "address_lower": f"r{number}@example.org",
                             "address_key": number.to_bytes(16), "erased_at": None, "paused_until": None, "languages": "fr",
                             "language_origin": "import"} for number in range(1, readers + 1)))  # fmt: skip
        add("subscription", *({"id": number, "list_id": 1, "subscriber_id": number, "state": "active", "end_reason": None,
                               "public_name": number.to_bytes(12)} for number in range(1, readers + 1)))  # fmt: skip
        add("delivery", *({"mailing_id": mailing, "subscriber_id": number, "subscription_id": number, "variant": "fr",
                           "state": STATES[number % len(STATES)], "skip_reason": None}
                          for mailing in (1, 2) for number in range(1, readers + 1)))  # fmt: skip


def a_value(column: sa.Column[Any], when: Any) -> Any:
    if column.nullable and not isinstance(column.type, sa.DateTime):
        return None
    match column.type:
        case sa.Boolean():
            return False
        case sa.Integer():
            return 1
        case sa.DateTime():
            return when
        case sa.LargeBinary():
            return b"x" * 12
        case sa.JSON():
            return {}
    return "" if column.name != "list_id" else "letter.example.org"


@pytest.fixture(params=["sqlite", "postgresql"])
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/earlier.db")
        upgrade_database(database, "0008")
        yield database
        database.close()
        return
    url = sa.make_url(request.getfixturevalue("postgresql_url"))
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE earlier_mailings"))
    database = Database(url.set(database="earlier_mailings").render_as_string(hide_password=False))
    upgrade_database(database, "0008")
    yield database
    database.close()
    with server.connect() as connection:
        connection.execute(sa.text("DROP DATABASE earlier_mailings"))
    server.dispose()


def test_rows_of_a_live_mailing_get_slices_and_the_mailing_goes_on(earlier: Database) -> None:
    fill(earlier, 1206)
    upgrade_database(earlier)
    each = 1206 // len(STATES)
    with earlier.read() as session:
        slices = session.scalars(sa.select(DeliverySlice).where(DeliverySlice.mailing_id == 1)).all()
        assert sorted((item.slice_no, item.count, item.state) for item in slices) == [
            (1, 500, SliceState.OPEN), (2, 500, SliceState.OPEN), (3, 206, SliceState.OPEN)]  # fmt: skip
        for mailing_id in (1, 2):
            report = mailing_report(session, mailing_id)
            assert report.state is MailingState.PAUSED
            # What a process of the earlier release had claimed is in doubt: its journal is not read any more.
            assert (report.total.in_doubt, report.total.pending) == (2 * each, each)
            assert (report.total.put_off, report.total.accepted, report.total.planned) == (each, each, 1206)
        unnumbered = sa.select(sa.func.count()).select_from(Delivery).where(Delivery.slice_no == 0)
        assert session.scalar(unnumbered) == 0
        assert open_slices(session, NOW) == []
    with earlier.transaction() as session:
        start_mailing(session, mailing_by_id(session, 1), NOW)
        assert [key.slice_no for key in open_slices(session, NOW)] == [1, 2, 3]
        states = {state for (state,) in session.execute(sa.select(Delivery.state).distinct())}
        assert DeliveryState.ATTEMPTING not in states
