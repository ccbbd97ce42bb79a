"""The loop of a worker: work that waits, and the mailings that run; by itself, or notices alone beside the web pages."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from newsletter.foundation import clock as wall
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.jobs.crew import Crew, Post, Tempo
from newsletter.jobs.queues import Queue
from newsletter.jobs.run import Handler, do_due_jobs
from newsletter.mailing.ledger import Ledger
from newsletter.mailing.planning_job import PLAN
from newsletter.mailing.portions import DELIVER
from newsletter.wiring import Installation, job_handlers, open_line, plan_periodic_work
from newsletter.worker.beating import beating, worker_name
from newsletter.worker.delivering import MailDesk
from newsletter.worker.figures import Figures

_LOOK_SECONDS = 1.0
_DATABASE_AWAY_SECONDS = 5.0
_TEND_EVERY_SECONDS = 2

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shift:
    """What a worker works with; `figures` are what it counts."""

    installation: Installation
    stop: threading.Event
    figures: Figures
    clock: Callable[[], datetime] = wall.now

    @property
    def tempo(self) -> Tempo:
        """How often signs of life are given and looked for: ten in the silence after which a worker is taken for dead."""
        silence = self.installation.settings.worker_silence_seconds
        return Tempo(min(2.0, silence / 10), silence, _TEND_EVERY_SECONDS)


def work(
    installation: Installation,
    stop: threading.Event,
    *,
    once: bool = False,
    clock: Callable[[], datetime] = wall.now,
    figures: Figures | None = None,
    ledger: Ledger | None = None,
) -> int:
    """Does what is due until `stop` is set, or with `once` until nothing is; how many jobs were done.

    What is on the wire is finished first. A database that is away is waited for, except with `once`.
    Raises RelayNotSet, SecretMissing, DatabaseNotReady; with `once` also RelayUnreachable, RelayRefusedLogin.
    """
    shift = Shift(installation, stop, figures or Figures(), clock)
    name = worker_name()
    with ExitStack() as open_:
        line = open_.enter_context(open_line(installation.settings))
        handlers = job_handlers(installation, line, clock)
        desk = open_.enter_context(MailDesk(installation, name, shift.figures, clock, stop.is_set, ledger))
        open_.enter_context(beating(installation.database, name, shift.figures, clock))
        _prepare(shift, desk, once=once)
        if once:
            done_count = do_due_jobs(installation.database, handlers, clock, stop.is_set)
            desk.work_alone(stop, once=True)
            return done_count
        if installation.database.is_sqlite:
            return _work_alone(shift, handlers, desk)
        crew = Crew(
            installation.database,
            {Queue.NOTICES: Post(handlers), Queue.MAIL: Post({DELIVER: desk.deliver, PLAN: desk.plan})},
            name,
            clock,
            desk.tend,
            shift.tempo,
        )
        return crew.work(stop)


def _prepare(shift: Shift, desk: MailDesk | None = None, *, once: bool = False) -> None:
    """Tidies up, and sees to it that the jobs stand which come back by themselves.

    Waits for a database that is away, except with `once`.
    """
    while not shift.stop.is_set():
        try:
            if desk is not None:
                desk.tidy()
            plan_periodic_work(shift.installation, shift.clock())
            return
        except DatabaseNotReady as error:
            if once:
                raise
            _log.error("database_not_ready", reason=str(error))
            shift.stop.wait(_DATABASE_AWAY_SECONDS)


def _work_alone(shift: Shift, handlers: Mapping[str, Handler], desk: MailDesk) -> int:
    """On SQLite, where one worker does everything: mailings in a thread of their own, so that notices do not wait."""
    mailings = threading.Thread(target=desk.work_alone, args=(shift.stop,), name="mailings")
    mailings.start()
    try:
        return _do_jobs(shift, handlers)
    finally:
        shift.stop.set()
        mailings.join()


def _do_jobs(shift: Shift, handlers: Mapping[str, Handler], woken: threading.Event | None = None) -> int:
    """Does jobs as they fall due, looking every second or when woken, until it is told to stop."""
    woken = woken or threading.Event()
    done_count = 0
    while not shift.stop.is_set():
        woken.clear()
        try:
            done_count += do_due_jobs(shift.installation.database, handlers, shift.clock, shift.stop.is_set)
        except DatabaseNotReady as error:
            _log.error("database_not_ready", reason=str(error))
            shift.stop.wait(_DATABASE_AWAY_SECONDS)
        woken.wait(_LOOK_SECONDS)
    return done_count


@contextmanager
def working(
    installation: Installation, clock: Callable[[], datetime] = wall.now
) -> Iterator[Callable[[], None]]:
    """A worker for notices in a thread, for the length of the block; yields what wakes it when there is work.

    It hands no mailing over. Without a relay nothing can be sent: no worker then, and the work waits.
    """
    shift, woken = Shift(installation, threading.Event(), Figures(), clock), threading.Event()
    if not installation.settings.smtp_url.get_secret_value():
        _log.warning("no_relay_set", consequence="confirmations and other notices wait")
        yield woken.set
        return

    def run() -> None:
        with open_line(installation.settings) as line:
            handlers = job_handlers(installation, line, clock)
            _prepare(shift)
            if installation.database.is_sqlite:
                _do_jobs(shift, handlers, woken)
            else:
                posts = {Queue.NOTICES: Post(handlers)}
                crew = Crew(installation.database, posts, worker_name(), clock, tempo=shift.tempo)
                crew.work(shift.stop)

    thread = threading.Thread(target=run, name="worker", daemon=True)
    thread.start()
    try:
        yield woken.set
    finally:
        shift.stop.set()
        woken.set()
        thread.join(5)
