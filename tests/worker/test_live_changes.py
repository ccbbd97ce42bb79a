"""What an operator changes while a worker hands a mailing over holds within a second, and nobody is lost by it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import SecretStr

from builders_mailing import Office
from newsletter.foundation.clock import now
from newsletter.foundation.database import Database, is_postgresql
from newsletter.foundation.settings import Settings
from newsletter.foundation.signing import Keyring
from newsletter.mailing.actions import cancel_mailing, pause_mailing, set_limits
from newsletter.mailing.models import MailingState, SkipReason
from newsletter.mailing.pace.gate import change_limit
from newsletter.mailing.pace.limits import Limit
from newsletter.mailing.portions import enqueue_portions
from newsletter.mailing.queries import Counts, mailing_by_id
from newsletter.mailing.sending import start_mailing
from newsletter.wiring import Installation
from newsletter.worker.loop import work
from scripted_smtp import Answer, Say, ScriptedServer, Turn, scripted_server

SECRET = "a secret of the tests that is long enough to be one"
ADDRESSES = [f"reader{number:04}@example.org" for number in range(1500)]
CONNECTIONS = 4
# The server takes so long over each message: 4 connections hand over some hundred a second.
BUSY_SECONDS = 0.03
# An order holds within a second; a test takes it that what leaves after this was not to leave.
HOLDS_SECONDS = 1.0


class Taken:
    """When the server took which message, and on which connection."""

    def __init__(self) -> None:
        self.turns: list[tuple[float, int, str]] = []

    def answer(self, turn: Turn) -> Answer | None:
        if turn.verb != "CONTENT":
            return None
        self.turns.append((time.monotonic(), turn.connection, turn.recipient))
        return Say(b"250 2.0.0 Taken\r\n", after_seconds=BUSY_SECONDS)

    def between(self, begin: float, end: float) -> list[tuple[float, int, str]]:
        return [turn for turn in self.turns if begin <= turn[0] < end]

    @property
    def recipients(self) -> list[str]:
        return sorted(recipient for _, _, recipient in self.turns)


class Desk:
    """A mailing that a worker hands over, the server that it goes to, and the operator's orders."""

    def __init__(self, office: Office, taken: Taken, server: ScriptedServer) -> None:
        self.office, self.taken, self.server = office, taken, server

    def begin(self) -> float:
        """Lets the mailing run, as `send --background` does; the moment."""
        with self.office.db.transaction() as session:
            start_mailing(session, mailing_by_id(session, self.office.mailing_id, lock=True), now())
            if is_postgresql(session):
                enqueue_portions(session, now())
        return time.monotonic()

    def limit(self, **limits: int | None) -> float:
        """Changes the limits of the mailing; the moment from which on they must hold."""
        with self.office.db.transaction() as session:
            set_limits(session, self.office.mailing_id, limits)
        return time.monotonic() + HOLDS_SECONDS

    def pace(self, limit: Limit | None) -> float:
        """Changes the pace of the relay in the same way."""
        with self.office.db.transaction() as session:
            change_limit(session, "relay", limit, now())
        return time.monotonic() + HOLDS_SECONDS

    def after(self, moment: float, seconds: float) -> list[tuple[float, int, str]]:
        """What the server takes in so many seconds from that moment on."""
        time.sleep(max(0.0, moment + seconds - time.monotonic()))
        return self.taken.between(moment, moment + seconds)

    def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.01)

    def until_it_flows(self, since: float) -> None:
        """Within a second of that moment, and for some time, as fast as the server lets it."""
        self.until(lambda: any(moment > since for moment, _, _ in self.taken.turns))
        first = next(moment for moment, _, _ in self.taken.turns if moment > since)
        assert first - since < HOLDS_SECONDS
        count = len(self.taken.turns)
        self.until(lambda: len(self.taken.turns) > count + 20)


@contextmanager
def a_desk(db: Database, folder: Path) -> Iterator[Desk]:
    office, taken = Office(db, Keyring(SECRET), folder, ADDRESSES), Taken()
    with scripted_server(taken.answer) as server, a_worker(office, server):
        yield Desk(office, taken, server)


@contextmanager
def a_worker(office: Office, server: ScriptedServer) -> Iterator[None]:
    settings = Settings(
        database_url=office.db.url.render_as_string(hide_password=False),
        smtp_url=SecretStr(f"smtp://127.0.0.1:{server.port}?tls=none"),
        secret=SecretStr(SECRET),
        smtp_connections=CONNECTIONS,
        pace="",
    )
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(Installation(settings, office.db), stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


@pytest.mark.slow
def test_pause_resume_and_cancel_hold_within_a_second_and_lose_nobody(db: Database, tmp_path: Path) -> None:
    with a_desk(db, tmp_path) as desk:
        desk.until_it_flows(desk.begin() + 2)  # the worker is starting, too
        office = desk.office
        with office.db.transaction() as session:
            pause_mailing(session, office.mailing_id)
        assert desk.after(time.monotonic() + HOLDS_SECONDS, 0.7) == []
        paused = len(desk.taken.turns)
        assert office.counts() == Counts(planned=1500, accepted=paused, pending=1500 - paused)
        desk.until_it_flows(desk.begin())
        with office.db.transaction() as session:
            cancel_mailing(session, office.mailing_id, now())
        assert desk.after(time.monotonic() + HOLDS_SECONDS, 0.7) == []
        taken = len(desk.taken.turns)
        assert paused < taken < 1500
        assert len(set(desk.taken.recipients)) == taken  # nobody twice
        assert office.state() is MailingState.CANCELLED
        assert office.counts() == Counts(
            planned=1500, accepted=taken, skipped={SkipReason.CANCELLED: 1500 - taken}
        )


@pytest.mark.slow
def test_connections_rate_and_pace_hold_within_a_second(sqlite_db: Database, tmp_path: Path) -> None:
    with a_desk(sqlite_db, tmp_path) as desk:
        desk.until_it_flows(desk.begin() + 2)

        one_at_a_time = desk.after(desk.limit(connections=1), 0.5)
        moments = [moment for moment, _, _ in one_at_a_time]
        assert moments
        assert min(later - earlier for earlier, later in pairwise(moments)) >= BUSY_SECONDS

        slow = desk.after(desk.limit(connections=None, per_minute=1200), 0.5)
        assert 0 < len(slow) <= 11

        desk.limit(per_minute=None)
        assert 0 < len(desk.after(desk.pace(Limit(40, 1)), 0.5)) <= 21

        holds_from = desk.pace(Limit(per_connection=3))
        desk.after(holds_from, 0.7)
        first_of = {connection: moment for moment, connection, _ in reversed(desk.taken.turns)}
        fresh = Counter(
            connection for _, connection, _ in desk.taken.turns if first_of[connection] > holds_from
        )
        assert len(fresh) > CONNECTIONS
        assert max(fresh.values()) == 3

        many_on_each = desk.after(desk.pace(None), 0.7)
        assert max(Counter(connection for _, connection, _ in many_on_each).values()) > 3
        with desk.office.db.transaction() as session:
            pause_mailing(session, desk.office.mailing_id)
        desk.after(time.monotonic(), HOLDS_SECONDS)
        count = len(desk.taken.turns)
        assert len(set(desk.taken.recipients)) == count
        assert desk.office.counts() == Counts(planned=1500, accepted=count, pending=1500 - count)
