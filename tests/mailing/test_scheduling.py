"""When a mailing begins: zones, clocks that change, starts that nobody was there for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW
from builders_mailing import LineOfAnswers, Office
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.actions import pause_mailing, set_limits
from newsletter.mailing.errors import MailingIsOver
from newsletter.mailing.models import MailingState
from newsletter.mailing.queries import mailing_by_id, mailing_report
from newsletter.mailing.run import MailingRun
from newsletter.mailing.scheduling import TimeRefused, moment_of, schedule_mailing, start_due_mailings
from newsletter.mailing.sending import start_mailing
from newsletter.mailing.slices import open_slices

BRUSSELS = "Europe/Brussels"
HOUR = timedelta(hours=1)


@pytest.fixture
def office(db: Database, keyring: Keyring, tmp_path: Path) -> Office:
    return Office(db, keyring, tmp_path)


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2026-12-01 09:00", BRUSSELS, datetime(2026, 12, 1, 8, 0, tzinfo=UTC)),
        ("2026-07-01T09:00", BRUSSELS, datetime(2026, 7, 1, 7, 0, tzinfo=UTC)),
        ("2026-12-01 09:00", "America/New_York", datetime(2026, 12, 1, 14, 0, tzinfo=UTC)),
        ("2026-12-01 09:00+05:30", BRUSSELS, datetime(2026, 12, 1, 3, 30, tzinfo=UTC)),
        ("2026-10-25 01:59", BRUSSELS, datetime(2026, 10, 24, 23, 59, tzinfo=UTC)),
        ("2026-10-25 03:00", BRUSSELS, datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
        ("2026-10-25 02:30+02:00", BRUSSELS, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25 02:30+01:00", BRUSSELS, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2027-03-28 01:59", BRUSSELS, datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        ("2027-03-28 03:00", BRUSSELS, datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
    ],
)
def test_time_is_the_moment_that_the_clocks_of_the_zone_show(text: str, zone: str, moment: datetime) -> None:
    assert moment_of(text, zone) == moment


def test_hour_that_the_clocks_skip_is_refused_and_the_next_one_named() -> None:
    with pytest.raises(TimeRefused, match=r"no 02:30 on 2027-03-28 .* Take 2027-03-28 03:30"):
        moment_of("2027-03-28 02:30", BRUSSELS)


def test_hour_that_the_clocks_show_twice_is_asked_about() -> None:
    with pytest.raises(TimeRefused, match=r"twice .* 2026-10-25 02:30\+02:00 or 2026-10-25 02:30\+01:00"):
        moment_of("2026-10-25 02:30", BRUSSELS)


@given(st.text(max_size=12))
def test_what_is_no_time_is_refused(text: str) -> None:
    try:
        moment = moment_of(text, BRUSSELS)
    except TimeRefused:
        return
    assert moment.tzinfo is UTC


def test_scheduled_mailing_begins_at_its_time_and_not_before(office: Office) -> None:
    with office.db.transaction() as session:
        schedule_mailing(session, office.mailing_id, NOW + HOUR, NOW)
        assert start_due_mailings(session, NOW + HOUR / 2, HOUR) == []
        assert open_slices(session, NOW + 2 * HOUR) == []
        assert start_due_mailings(session, NOW + HOUR, HOUR) == [office.mailing_id]
        assert start_due_mailings(session, NOW + HOUR, HOUR) == []
        assert len(open_slices(session, NOW + HOUR)) == 1
        with pytest.raises(MailingIsOver):
            schedule_mailing(session, office.mailing_id, NOW + 2 * HOUR, NOW)


def test_start_that_nobody_was_there_for_asks_instead_of_sending(office: Office) -> None:
    with office.db.transaction() as session:
        schedule_mailing(session, office.mailing_id, NOW + HOUR, NOW)
    with office.db.transaction() as session:
        assert start_due_mailings(session, NOW + 2 * HOUR + timedelta(seconds=1), HOUR) == []
    with office.db.read() as session:
        report = mailing_report(session, office.mailing_id)
    assert report.state is MailingState.PAUSED
    assert report.paused_because.startswith("it was to begin at 2026-11-23 10:00 UTC and nobody was there")
    assert office.run(LineOfAnswers()).state is MailingState.FINISHED  # somebody said so


def test_time_that_has_passed_is_refused(office: Office) -> None:
    with office.db.transaction() as session, pytest.raises(TimeRefused, match="has passed"):
        schedule_mailing(session, office.mailing_id, NOW, NOW)


def test_nothing_goes_out_in_the_undo_window_and_a_pause_calls_it_back(office: Office) -> None:
    two_minutes = timedelta(minutes=2)
    with office.db.transaction() as session:
        start_mailing(session, mailing_by_id(session, office.mailing_id), NOW, two_minutes)
    line = LineOfAnswers()
    run = MailingRun(office.parts(), line)
    office.now = NOW + timedelta(seconds=119)
    run.run_slices(office.mailing_id, on_result=lambda _outcome: None, stop=lambda: False)
    assert line.handed == []
    with office.db.transaction() as session:
        pause_mailing(session, office.mailing_id)
    office.now = NOW + timedelta(minutes=3)
    run.run_slices(office.mailing_id, on_result=lambda _outcome: None, stop=lambda: False)
    assert line.handed == []
    with office.db.transaction() as session:
        start_mailing(session, mailing_by_id(session, office.mailing_id), office.now)
    run.run_slices(office.mailing_id, on_result=lambda _outcome: None, stop=lambda: False)
    assert len(line.handed) == 5


def test_limits_of_a_mailing_that_is_over_cannot_be_changed(office: Office) -> None:
    with office.db.transaction() as session:
        assert set_limits(session, office.mailing_id, {"connections": 2}).connections == 2
        assert set_limits(session, office.mailing_id, {"connections": None}).connections is None
    office.run(LineOfAnswers())
    with office.db.transaction() as session, pytest.raises(MailingIsOver):
        set_limits(session, office.mailing_id, {"per_minute": 5})
