"""`newsletter send --at`, `--background`, and the undo window, down to what a worker then does."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from builders import many_readers
from cli_shell import Shell
from newsletter.audience.models import MailingList
from newsletter.cli.errors import exit_code_of
from newsletter.cli.mailings import mailings
from newsletter.cli.sending import send
from newsletter.transport.catcher import Catcher
from newsletter.wiring import open_installation
from newsletter.worker.loop import work

# A summer and a winter that are still to come, in a zone whose clocks change between them.
SUMMER, WINTER = "2031-07-01 09:00", "2031-12-01 09:00"
ZONE = ("--time-zone", "Europe/Brussels")


@pytest.fixture
def office(ready: Shell, catcher: Catcher, monkeypatch: pytest.MonkeyPatch) -> Iterator["Desk"]:
    """An installation in this process's working directory, with four readers."""
    monkeypatch.chdir(ready.folder)
    for name, value in ready.settings.items():
        monkeypatch.setenv(name, value)
    installation = open_installation()
    with installation.database.transaction() as session:
        mailing_list = session.get_one(MailingList, 1)
        many_readers(
            session, installation.keyring, mailing_list, [f"r{number}@example.org" for number in range(4)]
        )
    installation.database.close()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield Desk(catcher, monkeypatch)
    for number, handler in before.items():
        signal.signal(number, handler)


class Desk:
    """Commands, a worker at a given time, and what has arrived."""

    def __init__(self, catcher: Catcher, monkeypatch: pytest.MonkeyPatch) -> None:
        self.catcher, self._monkeypatch = catcher, monkeypatch

    def send(self, *options: str, code: int = 0) -> dict[str, Any]:
        done = CliRunner().invoke(send, ["1", *options, "--json"])
        assert done.exit_code == code, (done.output, done.exception)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def refused(self, *options: str) -> str:
        done = CliRunner().invoke(send, ["1", *options])
        assert done.exception is not None
        assert exit_code_of(done.exception) == 2
        return str(done.exception)

    def status(self) -> dict[str, Any]:
        done = CliRunner().invoke(mailings, ["status", "1", "--json"])
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def worker(self, at: datetime) -> None:
        """A worker that does what is due at that moment."""
        installation = open_installation()
        work(installation, threading.Event(), once=True, clock=lambda: at)
        installation.database.close()

    def wait_before_the_first(self, seconds: int) -> None:
        self._monkeypatch.setenv("NEWSLETTER_UNDO_SECONDS", str(seconds))

    @property
    def arrived(self) -> int:
        return len(self.catcher.mails())


def test_mailing_begins_at_the_time_of_a_named_zone_and_not_before(office: Desk) -> None:
    assert office.send("--at", WINTER, *ZONE)["starts_at"] == "2031-12-01T08:00:00+00:00"
    scheduled = office.send("--at", SUMMER, *ZONE)  # said again, another time
    assert (scheduled["state"], scheduled["pending"]) == ("scheduled", 4)
    assert scheduled["starts_at"] == "2031-07-01T07:00:00+00:00"
    starts_at = datetime(2031, 7, 1, 7, tzinfo=UTC)
    office.worker(starts_at - timedelta(seconds=1))
    assert (office.arrived, office.status()["state"]) == (0, "scheduled")
    office.worker(starts_at + timedelta(seconds=1))
    assert (office.arrived, office.status()["state"]) == (4, "finished")


def test_time_that_cannot_be_meant_changes_nothing(office: Desk) -> None:
    assert "There is no 02:30 on 2031-03-30" in office.refused("--at", "2031-03-30 02:30", *ZONE)
    assert "comes twice on 2031-10-26" in office.refused("--at", "2031-10-26 02:30", *ZONE)
    assert "has passed" in office.refused("--at", "2026-01-01 09:00", *ZONE)
    assert "not the name of a time zone" in office.refused("--at", SUMMER, "--time-zone", "Brussels")
    assert json.loads(CliRunner().invoke(mailings, ["list", "--json"]).stdout) == []
    assert office.send("--at", "2031-10-26 02:30+01:00", *ZONE)["starts_at"] == "2031-10-26T01:30:00+00:00"


def test_start_that_is_late_asks_instead_of_sending(office: Desk) -> None:
    office.send("--at", SUMMER, *ZONE)
    office.worker(datetime(2031, 7, 2, tzinfo=UTC))
    asked = office.status()
    assert (office.arrived, asked["state"], asked["pending"]) == (0, "paused", 4)
    assert "nobody was there" in asked["paused_because"]
    done = CliRunner().invoke(mailings, ["resume", "1", "--json"])  # somebody says so
    assert json.loads(done.stdout)["state"] == "finished"
    assert office.arrived == 4


def test_mailing_in_the_background_waits_for_a_worker_and_the_end_of_the_undo_window(office: Desk) -> None:
    office.wait_before_the_first(600)
    begun = office.send("--background")
    now = datetime.now(UTC)
    left = datetime.fromisoformat(begun["starts_at"]) - now
    assert begun["state"] == "running"
    assert timedelta(seconds=500) < left <= timedelta(seconds=600)
    office.worker(now)
    assert office.arrived == 0
    office.worker(now + timedelta(seconds=601))
    assert (office.arrived, office.status()["state"]) == (4, "finished")


def test_nothing_goes_out_in_the_undo_window_and_a_signal_calls_it_back(office: Desk) -> None:
    office.wait_before_the_first(2)
    arrived: list[int] = []

    def look_and_stop() -> None:
        time.sleep(1)
        arrived.append(office.arrived)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=look_and_stop)
    thread.start()
    called_back = office.send(code=1)
    thread.join()
    assert arrived == [0]
    assert (office.arrived, called_back["state"], called_back["pending"]) == (0, "paused", 4)
    began = time.monotonic()
    assert office.send()["state"] == "finished"
    assert time.monotonic() - began >= 2
    assert office.arrived == 4
