"""The loop of a worker: looks for work every second, or at once when it is told that there is some."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from newsletter.foundation import clock as wall
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.jobs.run import do_due_jobs
from newsletter.wiring import Installation, job_handlers, open_line, plan_periodic_work

_LOOK_SECONDS = 1.0
_DATABASE_AWAY_SECONDS = 5.0

_log = structlog.get_logger()


def work(
    installation: Installation,
    stop: threading.Event,
    *,
    once: bool = False,
    clock: Callable[[], datetime] = wall.now,
    woken: threading.Event | None = None,
) -> int:
    """Does what is due until `stop` is set, or with `once` until nothing is; how many jobs were done.

    `woken` cuts the wait short: somebody wrote down work just now. It is a hint only, so nothing is lost without it.
    A database that is away is waited for, except with `once`. Raises RelayNotSet, SecretMissing, DatabaseNotReady.
    """
    woken = woken or threading.Event()
    done_count, is_planned = 0, False
    with open_line(installation.settings) as line:
        handlers = job_handlers(installation, line, clock)
        while not stop.is_set():
            woken.clear()
            try:
                if not is_planned:
                    plan_periodic_work(installation, clock())
                    is_planned = True
                done_count += do_due_jobs(installation.database, handlers, clock, stop.is_set)
            except DatabaseNotReady as error:
                if once:
                    raise
                _log.error("database_not_ready", reason=str(error))
                stop.wait(_DATABASE_AWAY_SECONDS)
            if once:
                break
            woken.wait(_LOOK_SECONDS)
    return done_count


@contextmanager
def working(
    installation: Installation, clock: Callable[[], datetime] = wall.now
) -> Iterator[Callable[[], None]]:
    """A worker in a thread for the length of the block; yields what wakes it when there is work.

    Without a relay nothing can be sent: no worker then, and the work waits.
    """
    stop, woken = threading.Event(), threading.Event()
    if not installation.settings.smtp_url.get_secret_value():
        _log.warning("no_relay_set", consequence="confirmations and other notices wait")
        yield woken.set
        return

    def run() -> None:
        work(installation, stop, clock=clock, woken=woken)

    thread = threading.Thread(target=run, name="worker", daemon=True)
    thread.start()
    try:
        yield woken.set
    finally:
        stop.set()
        woken.set()
        thread.join(5)
