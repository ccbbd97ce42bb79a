"""A clock that jumps an hour ahead and back while a mailing runs: nobody twice, nobody forgotten, no living run taken away."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders import NOW
from builders_mailing import ADDRESSES, LineOfAnswers, Office, claim_all
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.ledger import Ledger
from newsletter.mailing.models import DeliveryRun, MailingState
from newsletter.mailing.pace.limits import Limit
from newsletter.mailing.pace.reserving import reserve
from newsletter.mailing.queries import Counts
from newsletter.mailing.reclaim import reclaim_dead_runs
from newsletter.mailing.run import RunEnd
from newsletter.transport.outcome import Outcome, Verdict

HOUR = timedelta(hours=1)
JUMPS = (HOUR, -HOUR)


@pytest.mark.parametrize("jump", JUMPS, ids=["ahead", "back"])
def test_run_whose_clock_jumps_mails_everybody_once(
    db: Database, keyring: Keyring, tmp_path: Path, jump: timedelta
) -> None:
    office = Office(db, keyring, tmp_path)
    line = LineOfAnswers({"cleo@example.org": Outcome(Verdict.DEFERRED, 451, "4.7.1", "later")})

    def move_the_clock(recipient: str) -> None:
        office.now += {"ben@example.org": jump, "dina@example.org": -2 * jump}.get(recipient, timedelta())
        if recipient == "dina@example.org":
            time.sleep(0.2)  # so that what was heard is written with that clock

    line.at_each = move_the_clock
    assert office.run(line).state is MailingState.RUNNING
    assert line.handed == ADDRESSES
    assert office.counts() == Counts(planned=5, accepted=4, put_off=1)
    line.answers, line.at_each = {}, lambda _recipient: None
    office.now = NOW + 2 * HOUR  # she waits an hour longer at most
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert line.handed == [*ADDRESSES, "cleo@example.org"]


class JumpingClock:
    """The clock by which signs of life are judged: that of PostgreSQL, else the caller's."""

    def __init__(self, database: Database) -> None:
        self.offset = timedelta()
        self.database = database
        if not database.is_sqlite:
            # PostgreSQL looks for functions here first, so this one stands for its clock.
            self.run(
                "CREATE SCHEMA jumping",
                "CREATE TABLE jumping.clock (ahead interval NOT NULL)",
                "INSERT INTO jumping.clock VALUES ('0')",
                "CREATE FUNCTION jumping.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                "'SELECT pg_catalog.clock_timestamp() + ahead FROM jumping.clock'",
            )
            url = database.url.update_query_dict({"options": "-csearch_path=jumping,pg_catalog,public"})
            self.database = Database(url.render_as_string(hide_password=False))
        self._url_owner = database

    def run(self, *statements: str, **values: object) -> None:
        with self.database.transaction() as session:
            for statement in statements:
                session.execute(sa.text(statement), values)

    def now(self) -> datetime:
        return NOW + self.offset

    def jump(self, span: timedelta) -> None:
        self.offset += span
        if not self.database.is_sqlite:
            self.run("UPDATE jumping.clock SET ahead = :offset", offset=self.offset)

    def close(self) -> None:
        if self.database is not self._url_owner:
            self.run("DROP SCHEMA jumping CASCADE")
            self.database.close()


@pytest.fixture
def clock(db: Database) -> Iterator[JumpingClock]:
    jumping = JumpingClock(db)
    yield jumping
    jumping.close()


@contextmanager
def a_living_holder(clock: JumpingClock, token: int) -> Iterator[set[int]]:
    """Signs of life of a run that another machine holds, for the length of the block; what was taken away from it."""
    ended, taken_away = threading.Event(), set[int]()

    def live() -> None:
        while not ended.wait(0.1):
            with clock.database.transaction() as session:
                taken_away.update(Ledger().beat(session, [token], clock.now()))

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield taken_away
    finally:
        ended.set()
        thread.join()


def test_run_of_a_living_holder_is_not_taken_away_when_the_clock_jumps(
    db: Database, keyring: Keyring, tmp_path: Path, clock: JumpingClock
) -> None:
    office = Office(db, keyring, tmp_path)
    with clock.database.transaction() as session:
        [claim] = claim_all(session, office.mailing_id, NOW)
        session.execute(sa.update(DeliveryRun).values(holder="process 1 on another-machine"))
    twice = timedelta(seconds=1)
    with a_living_holder(clock, claim.run.token) as taken_away:
        for jump in (HOUR, -2 * HOUR):
            clock.jump(jump)
            assert reclaim_dead_runs(clock.database, clock.now, look_again_after=twice) == 0
    assert taken_away == set()
    clock.jump(-HOUR)  # now it is silent, though its last sign seems to lie ahead
    assert reclaim_dead_runs(clock.database, clock.now, look_again_after=timedelta(seconds=0.2)) == 1
    assert office.counts() == Counts(planned=5, in_doubt=5)


def test_pace_does_not_wait_for_an_hour_that_the_clock_was_put_back(sqlite_db: Database) -> None:
    limit, now = Limit(10, 1), time.time()
    with sqlite_db.transaction() as session:
        for _ in range(20):
            reserve(session, "gmail.com", limit, 1, now)
        assert reserve(session, "gmail.com", limit, 1, now).wait == pytest.approx(2.0, abs=0.05)
        assert reserve(session, "gmail.com", limit, 1, now - 3600).wait == pytest.approx(0.0, abs=0.05)
        assert reserve(session, "gmail.com", limit, 1, now - 3600).wait == pytest.approx(0.1, abs=0.05)


def test_slow_pace_is_kept_though_its_places_lie_far_ahead(sqlite_db: Database) -> None:
    limit, now = Limit(6, 3600), time.time()
    with sqlite_db.transaction() as session:
        waits = [reserve(session, "gmail.com", limit, 1, now).wait for _ in range(20)]
    assert waits == pytest.approx([600.0 * place for place in range(20)], abs=0.05)
