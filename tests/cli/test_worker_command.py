"""`newsletter worker` and `newsletter pace`, as an operator uses them."""

import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from builders_mailing import Office
from cli_shell import Shell
from newsletter.cli.worker import worker
from newsletter.cli.worker_view import drawn
from newsletter.foundation import clock
from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseAway
from newsletter.foundation.signing import Keyring
from newsletter.jobs.beats import WorkerSeen, living_workers
from newsletter.jobs.queries import JobCounts
from newsletter.mailing.models import MailingState
from newsletter.mailing.queries import Counts, mailing_by_id
from newsletter.mailing.sending import start_mailing
from newsletter.transport.catcher import Catcher
from newsletter.worker.standing import MailingUnderWay, Standing
from scripted_smtp import Answer, Say, Turn, scripted_server

SECRET = "a secret of the tests that is long enough to be one"


def test_mailing_that_is_left_to_workers_is_handed_over_by_one(
    ready: Shell, catcher: Catcher, readers: Callable[[int], list[str]]
) -> None:
    addresses = readers(6)
    ready.ok("send", "1", "--background")
    status = ready.json("worker", "--status")
    assert (status["waiting"], status["workers"], status["troubles"]) == (6, [], [])
    assert status["mailings"]["1"]["by_group"] == {"other": {"pending": 6}}
    assert "Mailings under way" in ready.ok("worker", "--status")
    port = catcher.port
    catcher.stop()
    assert f"127.0.0.1:{port}" in ready.refused("worker", "--once", code=1)
    with Catcher(port) as back:
        ready.ok("worker", "--once")
        assert sorted(mail.recipient for mail in back.mails()) == addresses
    assert ready.json("worker", "--status")["mailings"] == {}
    assert ready.ok("worker", "--retry") == "Jobs that are tried again: 0.\n"
    assert "--json goes with --status" in ready.refused("worker", "--json")
    assert "127.0.0.1:9400" in ready.refused("worker", "--metrics", "nowhere")


def test_pace_is_shown_and_changed(ready: Shell) -> None:
    shown = {row["name"]: row for row in ready.json("pace", "show")}
    assert shown["gmail.com"]["words"] == "600/min burst 2000 connections 20"
    assert (
        ready.ok("pace", "set", "Gmail.com", "300/min", "connections", "5")
        == "gmail.com: 300/min connections 5\n"
    )
    [changed] = [row for row in ready.json("pace", "show") if row["name"] == "gmail.com"]
    assert (changed["words"], changed["set_by"]) == ("300/min connections 5", "newsletter pace")
    assert "neither a rate" in ready.refused("pace", "set", "gmail.com", "fast")
    assert ready.ok("pace", "reset", "gmail.com") == "gmail.com: 600/min burst 2000 connections 20\n"
    ready.settings["NEWSLETTER_PACE"] = ""
    assert ready.ok("pace", "show") == "No limits: mail leaves as fast as the relay takes it.\n"


def test_live_view_tells_rate_backlog_providers_and_retries() -> None:
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    seen = Standing(
        {
            7: MailingUnderWay(
                "running", {"gmail.com": {"pending": 6000, "deferred": 12, "accepted": 3400, "rejected": 3}}
            )
        },
        [JobCounts("deliver", 4, 0, 0), JobCounts("welcome", 1, 1, 1)],
        [
            WorkerSeen("process 1 on a", now, now, True, {"per_second": 60.0}),
            WorkerSeen("process 2 on b", now, now, True, {"per_second": 40.2}),
            WorkerSeen("process 3 on c", now, now, False, {"per_second": 99.0}),
        ],
    )
    screen = io.StringIO()
    Console(file=screen, width=110).print(drawn(seen))
    lines = screen.getvalue().splitlines()
    assert lines[0].strip() == "100 messages a second · 2 workers · 6,012 waiting · about 1:00 left"
    assert lines[2].split() == ["7", "gmail.com", "6,000", "12", "0", "3,400", "3", "0"]
    assert lines[3].strip() == "jobs: deliver 4 · welcome 1 (1 given up)"


@pytest.fixture
def signals() -> Iterator[None]:
    """Signals are handled after the test as before it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("comes_back", [False, True])
@pytest.mark.usefixtures("signals")
def test_worker_waits_for_a_database_that_is_away_until_it_answers_or_it_is_told_to_end(
    postgresql_db: Database, tmp_path: Path, comes_back: bool
) -> None:
    folder = str(postgresql_db.url.query["host"])
    way = tmp_path / "way"  # to the server's socket: not there yet
    settings = {
        "NEWSLETTER_DATABASE_URL": f"postgresql+psycopg://postgres@/postgres?host={way}",
        "NEWSLETTER_SECRET": SECRET,
        "NEWSLETTER_SMTP_URL": "smtp://127.0.0.1:1?tls=none",
    }
    runner = CliRunner(env=settings)
    assert isinstance(runner.invoke(worker, ["--once"]).exception, DatabaseAway)

    def happen() -> None:
        time.sleep(0.5)
        if comes_back:
            way.symlink_to(folder)
            until(lambda: bool(living(postgresql_db)))
        os.kill(os.getpid(), signal.SIGTERM)

    happening = threading.Thread(target=happen)
    happening.start()
    done = runner.invoke(worker)
    happening.join()
    assert done.exit_code == 0, done.exception
    [told, *others] = done.stderr.splitlines()
    assert "does not answer; is the server running? It is tried again until it answers" in told
    assert others == []
    assert ("Working (Ctrl-C ends)." in done.stdout) is comes_back


@pytest.mark.usefixtures("signals")
def test_sigterm_lets_what_is_on_the_wire_be_answered_and_leaves_the_rest_to_others(
    sqlite_db: Database, tmp_path: Path
) -> None:
    addresses = [f"reader{number:03}@example.org" for number in range(200)]
    office = Office(sqlite_db, Keyring(SECRET), tmp_path, addresses)
    with sqlite_db.transaction() as session:
        start_mailing(session, mailing_by_id(session, office.mailing_id), clock.now())
    told: list[float] = []

    def answer(turn: Turn) -> Answer | None:
        return Say(b"250 2.0.0 Taken\r\n", after_seconds=0.3) if turn.verb == "CONTENT" else None

    with scripted_server(answer) as server:
        settings = {
            "NEWSLETTER_DATABASE_URL": str(sqlite_db.url),
            "NEWSLETTER_SECRET": SECRET,
            "NEWSLETTER_SMTP_URL": f"smtp://127.0.0.1:{server.port}?tls=none",
            "NEWSLETTER_PACE": "",
        }

        def end_it() -> None:
            until(lambda: len(server.taken) >= 8)
            told.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGTERM)

        ending = threading.Thread(target=end_it)
        ending.start()
        done = CliRunner(env=settings).invoke(worker)
        took = time.monotonic() - told[0]
        ending.join()
        assert done.exit_code == 0, done.exception
        taken = len(server.taken)
    assert took < 3
    assert len({recipient for recipient, _ in server.taken}) == taken < 200
    # Nothing is in doubt: every message that was on the wire had its answer.
    assert office.counts() == Counts(planned=200, accepted=taken, pending=200 - taken)
    assert office.state() is MailingState.RUNNING


def living(database: Database) -> list[str]:
    with database.read() as session:
        return living_workers(session, clock.now(), timedelta(seconds=30))


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
