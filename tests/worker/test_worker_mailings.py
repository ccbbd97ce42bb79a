"""A worker hands mailings over: on SQLite by asking the ledger, on PostgreSQL as jobs; pauses, ends, and tells figures."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from builders_mailing import Office
from cli_shell import Shell
from newsletter.cli.mailings import show_report
from newsletter.foundation.clock import now as wall
from newsletter.foundation.database import Database
from newsletter.foundation.settings import Settings
from newsletter.foundation.signing import Keyring
from newsletter.jobs.beats import workers_seen
from newsletter.jobs.on_procrastinate import live_payloads
from newsletter.mailing.models import Mailing, MailingState
from newsletter.mailing.planning_job import leave_planning_to_workers
from newsletter.mailing.portions import DELIVER, enqueue_portions, portions
from newsletter.mailing.queries import mailing_by_id, mailing_report
from newsletter.mailing.sending import start_mailing
from newsletter.transport.catcher import Catcher
from newsletter.wiring import Installation
from newsletter.worker.figures import Figures
from newsletter.worker.loop import work
from newsletter.worker.serving import AddressNotFree, serving
from newsletter.worker.standing import Standing, standing

SECRET = "a secret of the tests that is long enough to be one"
ADDRESSES = [f"reader{number}@example.org" for number in range(40)]


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    with Catcher(refused={"reader7@example.org"}) as caught:
        yield caught


@pytest.fixture
def office(db: Database, tmp_path: Path) -> Office:
    return Office(db, Keyring(SECRET), tmp_path, ADDRESSES)


def installation(office: Office, catcher: Catcher, **settings: object) -> Installation:
    values = {
        "database_url": office.db.url.render_as_string(hide_password=False),
        "smtp_url": SecretStr(f"smtp://127.0.0.1:{catcher.port}?tls=none"),
        "secret": SecretStr(SECRET),
        "worker_silence_seconds": 3,
        "smtp_connections": 2,
    }
    return Installation(Settings(**(values | settings)), office.db)  # type: ignore[arg-type]


def let_run(office: Office) -> None:
    with office.db.transaction() as session:
        start_mailing(session, mailing_by_id(session, office.mailing_id), wall())


def state(office: Office) -> MailingState:
    with office.db.read() as session:
        return session.scalars(sa.select(Mailing.state)).one()


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@contextmanager
def a_worker(place: Installation, figures: Figures | None = None) -> Iterator[threading.Thread]:
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(place, stop), kwargs={"figures": figures})
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


def recipients(catcher: Catcher) -> list[str]:
    return sorted(mail.recipient for mail in catcher.mails())


def test_worker_hands_over_what_runs_and_ends_the_mailing(office: Office, catcher: Catcher) -> None:
    figures = Figures()
    with a_worker(installation(office, catcher), figures):
        time.sleep(1)
        assert recipients(catcher) == []  # planned is not begun
        let_run(office)
        until(lambda: state(office) is MailingState.FINISHED)
        with office.db.read() as session:
            [seen] = workers_seen(session, wall(), timedelta(seconds=5))
        assert seen.is_alive
    assert recipients(catcher) == sorted(set(ADDRESSES) - {"reader7@example.org"})
    assert figures.counts() == {"accepted": 39, "rejected": 1}
    with office.db.read() as session:
        total = mailing_report(session, office.mailing_id).total
        assert workers_seen(session, wall(), timedelta(seconds=5)) == []  # it took its leave
    assert (total.accepted, total.rejected, total.planned) == (39, 1, 40)


def test_worker_plans_what_send_left_to_it_and_hands_it_over(
    postgresql_db: Database, tmp_path: Path, catcher: Catcher, capsys: pytest.CaptureFixture[str]
) -> None:
    office = Office(postgresql_db, Keyring(SECRET), tmp_path, ADDRESSES, is_planned=False)
    place = installation(office, catcher)
    settings = {
        "NEWSLETTER_DATABASE_URL": place.settings.database_url,
        "NEWSLETTER_SMTP_URL": place.settings.smtp_url.get_secret_value(),
        "NEWSLETTER_SECRET": SECRET,
    }
    left = Shell(tmp_path, settings).json("send", str(office.edition_id), "--background")
    assert (left["state"], left["planned"], left["planning_by"]) == ("running", 0, "")
    with office.db.read() as session:
        show_report(mailing_report(session, office.mailing_id))
    assert "no worker is at it yet (newsletter worker)" in capsys.readouterr().out
    with a_worker(place):
        until(lambda: state(office) is MailingState.FINISHED)
    assert recipients(catcher) == sorted(set(ADDRESSES) - {"reader7@example.org"})
    with office.db.read() as session:
        assert mailing_report(session, office.mailing_id).planning_since is None


def test_once_plans_too(postgresql_db: Database, tmp_path: Path, catcher: Catcher) -> None:
    office = Office(postgresql_db, Keyring(SECRET), tmp_path, ADDRESSES, is_planned=False)
    with office.db.transaction() as session:
        start_mailing(session, leave_planning_to_workers(session, office.edition_id, wall()), wall())
    work(installation(office, catcher), threading.Event(), once=True)
    assert len(recipients(catcher)) == 39


def test_once_hands_over_what_is_due_and_ends(office: Office, catcher: Catcher) -> None:
    let_run(office)
    work(installation(office, catcher), threading.Event(), once=True)
    assert len(recipients(catcher)) == 39
    assert state(office) is MailingState.FINISHED


def test_worker_that_is_told_to_stop_leaves_the_rest_to_others(office: Office, catcher: Catcher) -> None:
    place = installation(office, catcher, pace="relay 10/s")
    let_run(office)
    with a_worker(place):
        until(lambda: len(catcher.mails()) > 4)
    handed = len(catcher.mails())
    assert handed < 39
    assert state(office) is MailingState.RUNNING
    with office.db.read() as session:
        assert mailing_report(session, office.mailing_id).total.in_doubt == 0
    with a_worker(installation(office, catcher)):
        until(lambda: state(office) is MailingState.FINISHED)
    assert recipients(catcher) == sorted(set(ADDRESSES) - {"reader7@example.org"})


def test_worker_waits_for_a_relay_that_is_away(office: Office, catcher: Catcher) -> None:
    place, port = installation(office, catcher), catcher.port
    catcher.stop()
    let_run(office)
    with a_worker(place):
        time.sleep(3)
        assert state(office) is MailingState.RUNNING
        with Catcher(port) as back:
            until(lambda: state(office) is MailingState.FINISHED)
            assert recipients(back) == sorted(ADDRESSES)


def test_open_slices_get_a_job_each_once(postgresql_db: Database, tmp_path: Path) -> None:
    office = Office(postgresql_db, Keyring(SECRET), tmp_path, ADDRESSES)
    let_run(office)
    with office.db.transaction() as session:
        assert enqueue_portions(session, wall()) == 1
        assert enqueue_portions(session, wall()) == 0
        assert live_payloads(session, DELIVER) == [{"mailing_id": office.mailing_id, "slice_nos": [1]}]
        session.execute(sa.text("DELETE FROM procrastinate_jobs"))  # it is lost; the ledger knows
        assert enqueue_portions(session, wall()) == 1


@pytest.mark.parametrize(
    ("slices", "workers", "sizes"), [(1, 1, {1}), (40, 1, {10}), (1000, 4, {16, 8}), (7, 3, {1})]
)
def test_portions_hold_every_slice_once(slices: int, workers: int, sizes: set[int]) -> None:
    found = list(portions(range(1, slices + 1), workers))
    assert [number for portion in found for number in portion] == list(range(1, slices + 1))
    assert {len(portion) for portion in found} == sizes


def fetched(address: tuple[str, int], path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address[0]}:{address[1]}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_figures_are_served_and_name_nobody(office: Office, catcher: Catcher) -> None:
    figures = Figures()
    let_run(office)

    def look() -> Standing:
        with office.db.read() as session:
            return standing(session, wall(), timedelta(seconds=5))

    with serving(("127.0.0.1", 0), look, figures) as address:
        _, health = fetched(address, "/health")
        assert json.loads(health)["waiting"] == 40
        figures.count("accepted")
        status, metrics = fetched(address, "/metrics")
        assert status == 200
        assert (
            f'newsletter_deliveries{{group="other",mailing="{office.mailing_id}",state="pending"}} 40.0'
            in metrics
        )
        assert 'newsletter_messages_total{verdict="accepted"} 1.0' in metrics
        assert "newsletter_database_up 1.0" in metrics
        assert "@" not in metrics + health
        assert fetched(address, "/elsewhere")[0] == 404
        with pytest.raises(AddressNotFree, match="--metrics"), serving(address, look, figures):
            pass


def test_health_says_that_the_database_is_away() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")

    def look() -> Standing:
        with database.read() as session:
            return standing(session, wall(), timedelta(seconds=5))

    with serving(("127.0.0.1", 0), look, Figures()) as address:
        assert fetched(address, "/health") == (503, '{"state": "database_away"}')
        assert "newsletter_database_up 0.0" in fetched(address, "/metrics")[1]
