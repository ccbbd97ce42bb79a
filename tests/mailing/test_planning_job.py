"""Planning by a worker, on PostgreSQL: all rows or none, once, whoever dies or interferes in the middle."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders import NOW
from builders_mailing import Office
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.jobs.on_procrastinate import live_payloads
from newsletter.mailing.actions import cancel_mailing
from newsletter.mailing.errors import MailingIsBeingPlanned
from newsletter.mailing.models import MailingState, SkipReason
from newsletter.mailing.planning_job import PLAN, enqueue_planning, leave_planning_to_workers, make_rows
from newsletter.mailing.queries import Counts, mailing_by_id, mailing_report
from newsletter.mailing.sending import start_mailing
from newsletter.mailing.slices import finish_if_done, open_slices

TWO_MINUTES = timedelta(minutes=2)


@pytest.fixture
def office(postgresql_db: Database, keyring: Keyring, tmp_path: Path) -> Office:
    """A mailing that runs and whose rows are still to be made."""
    office = Office(postgresql_db, keyring, tmp_path, is_planned=False)
    with office.db.transaction() as session:
        mailing = leave_planning_to_workers(session, office.edition_id, NOW)
        office.mailing_id = mailing.id
        start_mailing(session, mailing, NOW)
    return office


def plan(office: Office, planner: str = "worker 1") -> bool:
    return make_rows(office.db, office.mailing_id, lambda: NOW, planner=planner)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@contextmanager
def locked(database: Database, table: str) -> Iterator[None]:
    """Whoever plans stops for the length of the block, where it comes to this table."""
    with database.engine.begin() as connection:
        connection.execute(sa.text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
        yield


def is_in_the_middle(database: Database) -> bool:
    with database.read() as session:
        waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(session.scalar(waiting))


def test_rows_are_made_once_by_a_job_and_the_mailing_waits_for_them(office: Office) -> None:
    assert office.counts() == Counts()
    with office.db.transaction() as session:
        assert live_payloads(session, PLAN) == [{"mailing_id": office.mailing_id}]
        enqueue_planning(session, NOW)
        assert len(live_payloads(session, PLAN)) == 1
        session.execute(sa.text("DELETE FROM procrastinate_jobs"))  # it is lost; the mailing knows
        enqueue_planning(session, NOW)
        assert len(live_payloads(session, PLAN)) == 1
        assert finish_if_done(session, office.mailing_id, NOW) is MailingState.RUNNING  # not done: not begun
        # The same command again finds the mailing, and plans nothing by itself.
        assert leave_planning_to_workers(session, office.edition_id, NOW).id == office.mailing_id
    assert plan(office)
    assert not plan(office)
    assert office.counts() == Counts(planned=5, pending=5)
    with office.db.read() as session:
        assert len(open_slices(session, NOW)) == 1
        assert mailing_report(session, office.mailing_id).planning_since is None


def test_undo_window_begins_when_the_rows_are_there(office: Office) -> None:
    make_rows(office.db, office.mailing_id, lambda: NOW, planner="worker 1", undo=TWO_MINUTES)
    with office.db.read() as session:
        assert mailing_by_id(session, office.mailing_id).starts_at == NOW + TWO_MINUTES
        assert open_slices(session, NOW + timedelta(seconds=119)) == []


def plan_elsewhere(url: str, mailing_id: int) -> None:
    make_rows(Database(url), mailing_id, lambda: NOW, planner="worker that dies")


def test_worker_that_is_killed_in_the_middle_leaves_nothing_and_another_plans(office: Office) -> None:
    url = office.db.url.render_as_string(hide_password=False)
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=plan_elsewhere, args=(url, office.mailing_id))
    with locked(office.db, "delivery_slice"):  # the deliveries are written then, and the slices are not
        process.start()
        until(lambda: is_in_the_middle(office.db))
        process.kill()
        process.join()
    with office.db.read() as session:
        report = mailing_report(session, office.mailing_id)
    assert (report.total, report.planning_by) == (Counts(), "worker that dies")
    until(lambda: _planned(office))  # the server has noticed, and let go of what the dead one held
    assert office.counts() == Counts(planned=5, pending=5)


def _planned(office: Office) -> bool:
    try:
        return plan(office)
    except MailingIsBeingPlanned:
        return False


def test_second_planner_is_sent_away_and_a_cancelling_need_not_wait(office: Office) -> None:
    first = threading.Thread(target=plan, args=(office, "worker 1"), daemon=True)
    with locked(office.db, "suppression"):
        first.start()
        until(lambda: is_in_the_middle(office.db))
        with pytest.raises(MailingIsBeingPlanned, match="by worker 1"):
            plan(office, "worker 2")
        began = time.monotonic()
        with office.db.transaction() as session:
            cancel_mailing(session, office.mailing_id, NOW)
        assert time.monotonic() - began < 1
    first.join()
    assert office.state() is MailingState.CANCELLED
    assert office.counts() == Counts(planned=5, skipped={SkipReason.CANCELLED: 5})
    with office.db.read() as session:
        assert open_slices(session, NOW) == []
