"""Does work that is due, one job after another, each by the handler of its kind."""

import traceback
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.foundation.logs import redact_text
from newsletter.jobs.actions import ClaimedJob, claim_job, finish_job, put_job_off

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
    while not stop():
        with database.transaction() as session:
            job = claim_job(session, list(handlers), clock())
        if job is None:
            break
        done_count += _do(database, handlers[job.kind], job, clock)
    return done_count


def _do(database: Database, handler: Handler, job: ClaimedJob, clock: Callable[[], datetime]) -> bool:
    try:
        again_at = handler(job)
    except DatabaseNotReady:
        raise
    except TryLater as error:
        reason = str(error)
    except Exception as error:  # whatever it is, the jobs behind it must go on
        reason = f"{type(error).__name__}: {error}"
        _log.error("job failed", job_id=job.id, kind=job.kind, trace=redact_text(traceback.format_exc()))
    else:
        with database.transaction() as session:
            finish_job(session, job, again_at)
        return True
    _log.info("job put off", job_id=job.id, kind=job.kind, attempts=job.attempt_count)
    with database.transaction() as session:
        put_job_off(session, job, reason, clock())
    return False
