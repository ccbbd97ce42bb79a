"""What is done with work that waits: write it down, take it, tick it off, put it off."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.foundation.database import WriteSession, insert_unless_there
from newsletter.foundation.logs import redact_text
from newsletter.jobs.models import Job
from newsletter.jobs.rules import LEASE, wait_after

_ERROR_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker may do until its lease runs out; `attempt_count` counts this attempt, too."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    attempt_count: int
    leased_until: datetime


def enqueue(
    session: WriteSession,
    kind: str,
    payload: Mapping[str, Any],
    now: datetime,
    *,
    due_at: datetime | None = None,
    key: str | None = None,
) -> None:
    """Writes down work for `due_at` (None: at once). With a `key`, nothing where work of that key waits already.

    `payload` holds ids, never personal data.
    """
    row = {
        "kind": kind,
        "key": key,
        "payload": dict(payload),
        "due_at": due_at or now,
        "attempt_count": 0,
        "last_error": "",
        "created_at": now,
    }
    session.execute(insert_unless_there(session, Job), row)


def enqueue_each(
    session: WriteSession, kind: str, payloads: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    """Writes down one piece of work for each payload, all due at once, in one statement."""
    rows = [
        {
            "kind": kind,
            "payload": dict(payload),
            "due_at": now,
            "attempt_count": 0,
            "last_error": "",
            "created_at": now,
        }
        for payload in payloads
    ]
    session.execute(sa.insert(Job.metadata.tables["job"]), rows)


def claim_job(session: WriteSession, kinds: Collection[str], now: datetime) -> ClaimedJob | None:
    """The job of these kinds that is due longest, leased to the caller; None where nothing is due."""
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
    return ClaimedJob(job.id, job.kind, job.payload, job.attempt_count, job.leased_until)


def finish_job(session: WriteSession, job: ClaimedJob, again_at: datetime | None = None) -> None:
    """Ticks the job off: it is deleted, or waits until `again_at` where it comes back regularly.

    Nothing where the lease ran out and another worker has the job now.
    """
    if again_at is None:
        session.execute(sa.delete(Job).where(*_still_ours(job)))
        return
    session.execute(
        sa.update(Job)
        .where(*_still_ours(job))
        .values(due_at=again_at, leased_until=None, attempt_count=0, last_error="")
    )


def put_job_off(session: WriteSession, job: ClaimedJob, reason: str, now: datetime) -> None:
    """Lets a failed job wait, longer each time; after `ATTEMPTS_MAX` failures until a person looks at it."""
    wait = wait_after(job.attempt_count)
    session.execute(
        sa.update(Job)
        .where(*_still_ours(job))
        .values(
            due_at=None if wait is None else now + wait,
            leased_until=None,
            last_error=redact_text(reason)[:_ERROR_LENGTH_MAX],
        )
    )


def _still_ours(job: ClaimedJob) -> tuple[sa.ColumnElement[bool], ...]:
    return (Job.id == job.id, Job.leased_until == job.leased_until)
