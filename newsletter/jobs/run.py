"""Does work that is due, one job after another, each by the handler of its kind."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import structlog

from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.foundation.logs import redact_text
from newsletter.jobs.actions import ClaimedJob, claim_job, finish_job, put_job_off
from newsletter.jobs.on_procrastinate import give_sign, sign_off, sign_on

_log = structlog.get_logger()

# Does one job, opening the transactions that it needs; the moment at which it comes back, None where it is done for good.
# May be called again for a job that was done when the process died before ticking it off.
Handler = Callable[[ClaimedJob], datetime | None]


class TryLater(Exception):
    """A handler could not do its job now, for a reason that may pass: a server that is away."""


def do_due_jobs(
    database: Database,
    handlers: Mapping[str, Handler],
    clock: Callable[[], datetime],
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Does what is due until nothing is, or `stop` says so; returns how many jobs were done. Raises DatabaseNotReady.

    A job that fails is put off and the next one done: no job can hold up the others.
    """
    done_count = 0
    with _signed_on(database) as worker_id:
        while not stop():
            with database.transaction() as session:
                if worker_id is not None:
                    give_sign(session, worker_id)
                job = claim_job(session, list(handlers), clock(), worker_id)
            if job is None:
                break
            done_count += _do(database, handlers[job.kind], job, clock)
    return done_count


@contextmanager
def _signed_on(database: Database) -> Iterator[int | None]:
    """The number of a worker for the length of the block; None on SQLite, where jobs are leased."""
    if database.is_sqlite:
        yield None
        return
    with database.transaction() as session:
        worker_id = sign_on(session)
    try:
        yield worker_id
    finally:
        with database.transaction() as session:
            sign_off(session, worker_id)


def _do(database: Database, handler: Handler, job: ClaimedJob, clock: Callable[[], datetime]) -> bool:
    again_at, reason = attempt(handler, job)
    with database.transaction() as session:
        if reason is None:
            finish_job(session, job, again_at)
        else:
            put_job_off(session, job, reason, clock())
    return reason is None


def attempt(handler: Handler, job: ClaimedJob) -> tuple[datetime | None, str | None]:
    """Does one job: when it comes back, and why it could not be done (None where it was). Raises DatabaseNotReady."""
    try:
        return handler(job), None
    except DatabaseNotReady:
        raise
    except TryLater as error:
        reason = str(error)
    except Exception as error:  # whatever it is, the jobs behind it must go on
        reason = f"{type(error).__name__}: {error}"
        _log.error("job failed", job_id=job.id, kind=job.kind, trace=redact_text(traceback.format_exc()))
    _log.info("job put off", job_id=job.id, kind=job.kind, attempts=job.attempt_count)
    return None, reason
