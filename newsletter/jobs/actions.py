"""What is done with work that waits: write it down, take it, tick it off, put it off.

On SQLite it stands in the table `job`; on PostgreSQL it is Procrastinate's (`on_procrastinate.py`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.foundation.database import WriteSession, insert_unless_there, is_postgresql
from newsletter.foundation.logs import redact_text
from newsletter.jobs import on_procrastinate
from newsletter.jobs.models import Job
from newsletter.jobs.on_procrastinate import NewJob
from newsletter.jobs.queues import Queue
from newsletter.jobs.rules import LEASE, wait_after

_ERROR_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker may do; `attempt_count` counts this attempt, too.

    It holds until the lease runs out, and on PostgreSQL for as long as the worker of that number gives signs of life.
    """

    id: int
    kind: str
    payload: Mapping[str, Any]
    attempt_count: int
    leased_until: datetime | None = None
    worker_id: int | None = None
    key: str | None = None
    queue: Queue = Queue.NOTICES


def enqueue(
    session: WriteSession,
    kind: str,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    due_at: datetime | None = None,
    key: str | None = None,
    queue: Queue = Queue.NOTICES,
) -> None:
    """Writes down work for `due_at` (None: at once). With a `key`, nothing where work of that key waits already.

    `payload` holds ids, never personal data.
    """
    enqueue_all(session, [NewJob(kind, payload, due_at, key, queue)], now)


def enqueue_all(session: WriteSession, jobs: Sequence[NewJob], now: datetime) -> None:
    """As `enqueue`, many at once."""
    if not jobs:
        return
    if is_postgresql(session):
        on_procrastinate.defer(session, jobs)
        return
    rows = [
        {
            "kind": job.kind,
            "key": job.key,
            "payload": dict(job.payload),
            "due_at": job.due_at or now,
            "attempt_count": 0,
            "last_error": "",
            "created_at": now,
        }
        for job in jobs
    ]
    # Past the ORM, which would look at each row: they may be two hundred at a time.
    session.connection().execute(insert_unless_there(session, Job), rows)


def claim_job(
    session: WriteSession, kinds: Collection[str], now: datetime, worker_id: int | None = None
) -> ClaimedJob | None:
    """The job of these kinds that is due longest, held by the caller; None where nothing is due.

    On PostgreSQL the caller has signed on as the worker of that number.
    """
    if worker_id is not None:
        taken = on_procrastinate.take(session, kinds, now, worker_id)
        if taken is None:
            return None
        return ClaimedJob(
            taken.id,
            taken.kind,
            taken.payload,
            taken.attempt_count,
            worker_id=worker_id,
            key=taken.key,
            queue=taken.queue,
        )
    free = sa.or_(Job.leased_until.is_(None), Job.leased_until <= now)
    job = session.scalars(
        sa.select(Job)
        .where(Job.kind.in_(kinds), Job.due_at <= now, free)
        .order_by(Job.due_at, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if job is None:
        return None
    job.leased_until = now + LEASE
    job.attempt_count += 1
    session.flush()
    return ClaimedJob(job.id, job.kind, job.payload, job.attempt_count, job.leased_until, key=job.key)


def finish_job(session: WriteSession, job: ClaimedJob, again_at: datetime | None = None) -> None:
    """Ticks the job off: it is deleted, or waits until `again_at` where it comes back regularly.

    Nothing where another worker has the job now.
    """
    if job.worker_id is not None:
        if again_at is not None:
            come_back(session, job, again_at)
        on_procrastinate.finish(session, job.id, job.worker_id)
        return
    if again_at is None:
        session.execute(sa.delete(Job).where(*_still_ours(job)))
        return
    session.execute(
        sa.update(Job)
        .where(*_still_ours(job))
        .values(due_at=again_at, leased_until=None, attempt_count=0, last_error="")
    )


def come_back(session: WriteSession, job: ClaimedJob, again_at: datetime) -> None:
    """Writes down on PostgreSQL that a job which is being done comes back, counted anew."""
    again = NewJob(job.kind, job.payload, again_at, job.key, job.queue)
    on_procrastinate.defer(session, [again], alone=False)


def words_of(reason: str) -> str:
    """Why a job failed, as it may be kept: without addresses, and not at length."""
    return redact_text(reason)[:_ERROR_LENGTH_MAX]


def put_job_off(session: WriteSession, job: ClaimedJob, reason: str, now: datetime) -> None:
    """Lets a failed job wait, longer each time; after `ATTEMPTS_MAX` failures until a person looks at it."""
    wait = wait_after(job.attempt_count)
    if job.worker_id is not None:
        on_procrastinate.note_error(session, job.id, words_of(reason))
        on_procrastinate.put_off(session, job.id, job.worker_id, None if wait is None else now + wait)
        return
    session.execute(
        sa.update(Job)
        .where(*_still_ours(job))
        .values(
            due_at=None if wait is None else now + wait,
            leased_until=None,
            last_error=words_of(reason),
        )
    )


def retry_given_up(session: WriteSession, now: datetime) -> int:
    """Lets every job that waits for a person be tried again; how many these are."""
    if is_postgresql(session):
        return on_procrastinate.let_go(session, now)
    statement = (
        sa.update(Job)
        .where(Job.due_at.is_(None))
        .values(due_at=now, attempt_count=0, leased_until=None)
        .returning(Job.id)
    )
    return len(session.execute(statement).all())


def _still_ours(job: ClaimedJob) -> tuple[sa.ColumnElement[bool], ...]:
    return (Job.id == job.id, Job.leased_until == job.leased_until)
