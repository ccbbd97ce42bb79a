"""Work that waits, on PostgreSQL: rows of Procrastinate, written and ticked off by its own SQL functions.

Everything here runs in the session that it is given, so a job stands and falls with the data that it follows from.
What a worker does day by day (fetching, heartbeats, listening) is Procrastinate's own loop: `crew.py`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.jobs.queues import PRIORITY, Queue


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be written down; `due_at` None is at once."""

    kind: str
    payload: Mapping[str, Any]
    due_at: datetime | None = None
    key: str | None = None
    queue: Queue = Queue.NOTICES


# `alone` asks whether work of that key waits or is being done; the unique index of Procrastinate is for what waits only.
_DEFER = sa.text("""
    SELECT procrastinate_defer_jobs_v1(ARRAY(
        SELECT ROW(new.queue, new.kind, new.priority, NULL, new.key, new.args, new.due_at)
               ::procrastinate_job_to_defer_v1
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(
            place integer, queue text, kind text, priority integer, key text, args jsonb, due_at timestamptz)
        WHERE NOT EXISTS (
            SELECT FROM procrastinate_jobs old WHERE old.queueing_lock = new.key
            AND (old.status = 'todo' OR :alone AND old.status = 'doing'))
        ORDER BY new.place
    ))
""")
_TAKE = sa.text("""
    WITH candidate AS (
        SELECT id FROM procrastinate_jobs
        WHERE status = 'todo' AND task_name = ANY(:kinds) AND (scheduled_at IS NULL OR scheduled_at <= :now)
        ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    UPDATE procrastinate_jobs AS job SET status = 'doing', worker_id = :worker_id
    FROM candidate WHERE job.id = candidate.id
    RETURNING job.id, job.task_name, job.args, job.attempts, job.queueing_lock, job.queue_name
""")
_FINISH = sa.text("""
    SELECT procrastinate_finish_job_v1(id, CAST(:state AS procrastinate_job_status), :state = 'succeeded')
    FROM procrastinate_jobs
    WHERE id = :job_id AND status = 'doing' AND worker_id IS NOT DISTINCT FROM CAST(:worker_id AS bigint)
""")
_RETRY = sa.text("""
    SELECT procrastinate_retry_job_v2(id, :again_at, NULL, NULL, NULL) FROM procrastinate_jobs
    WHERE id = :job_id AND status = 'doing' AND worker_id IS NOT DISTINCT FROM CAST(:worker_id AS bigint)
""")
_NOTE = sa.text("""
    UPDATE procrastinate_jobs SET args = args || jsonb_build_object('last_error', CAST(:words AS text))
    WHERE id = :job_id AND status = 'doing'
""")


def defer(session: WriteSession, jobs: Sequence[NewJob], *, alone: bool = True) -> None:
    """Writes jobs down; nothing for a key of which one waits already, or (`alone`) is being done just now."""
    if not jobs:
        return
    rows = [
        {
            "place": place,
            "queue": job.queue.value,
            "kind": job.kind,
            "priority": PRIORITY[job.queue],
            "key": job.key,
            "args": {"payload": dict(job.payload)},
            "due_at": job.due_at.isoformat() if job.due_at else None,
        }
        for place, job in enumerate(jobs)
    ]
    try:
        with session.begin_nested():
            session.execute(_DEFER, {"rows": json.dumps(rows), "alone": alone})
    except IntegrityError:  # another session wrote one of these keys down just now
        if len(jobs) > 1:
            for job in jobs:
                defer(session, [job], alone=alone)


@dataclass(frozen=True, slots=True)
class TakenJob:
    """A job as Procrastinate keeps it, being done by the worker that took it."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    attempt_count: int
    key: str | None
    queue: Queue


def take(session: WriteSession, kinds: Collection[str], now: datetime, worker_id: int) -> TakenJob | None:
    """The next job of these kinds that is due at `now`; None where there is none."""
    row = session.execute(_TAKE, {"kinds": list(kinds), "now": now, "worker_id": worker_id}).one_or_none()
    if row is None:
        return None
    job_id, kind, args, attempts, key, queue = row
    return TakenJob(job_id, kind, args["payload"], attempts + 1, key, Queue(queue))


def finish(session: WriteSession, job_id: int, worker_id: int) -> None:
    """Ticks off a job of this worker; nothing where it has been given to another."""
    session.execute(_FINISH, {"job_id": job_id, "state": "succeeded", "worker_id": worker_id})


def note_error(session: WriteSession, job_id: int, words: str) -> None:
    """Writes down why a job could not be done; `words` name nobody."""
    session.execute(_NOTE, {"job_id": job_id, "words": words})


def put_off(session: WriteSession, job_id: int, worker_id: int, again_at: datetime | None) -> None:
    """Lets a job of this worker wait until `again_at`; None: until a person looks at it."""
    mine = {"job_id": job_id, "worker_id": worker_id}
    if again_at is None:
        session.execute(_FINISH, mine | {"state": "failed"})
    else:
        session.execute(_RETRY, mine | {"again_at": again_at})


def sign_on(session: WriteSession) -> int:
    """The number of a new worker: as long as it gives a sign of life, nobody takes up its jobs."""
    statement = sa.text("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
    return int(session.execute(statement).scalar_one())


def give_sign(session: WriteSession, worker_id: int) -> None:
    """A sign of life of a worker that signed on."""
    statement = sa.text("UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = :id")
    session.execute(statement, {"id": worker_id})


def sign_off(session: WriteSession, worker_id: int) -> None:
    """Ends a worker; what it had not finished is taken up by others."""
    session.execute(sa.text("DELETE FROM procrastinate_workers WHERE id = :id"), {"id": worker_id})


_COUNTS = sa.text("""
    SELECT task_name,
           count(*) FILTER (WHERE status IN ('todo', 'doing')),
           count(*) FILTER (WHERE status IN ('todo', 'doing') AND args ? 'last_error'),
           count(*) FILTER (WHERE status = 'failed')
    FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed') AND queue_name <> 'sys'
    GROUP BY task_name ORDER BY task_name COLLATE "C"
""")
_TROUBLED = sa.text("""
    SELECT id, task_name, attempts, coalesce(args->>'last_error', ''), status = 'failed'
    FROM procrastinate_jobs
    WHERE status = 'failed' OR status IN ('todo', 'doing') AND args ? 'last_error'
    ORDER BY id LIMIT :limit
""")
_LET_GO = sa.text("""
    SELECT count(procrastinate_retry_job_v2(id, :now, NULL, NULL, NULL)::text)
    FROM procrastinate_jobs job WHERE status = 'failed'
    AND NOT EXISTS (SELECT FROM procrastinate_jobs other
                    WHERE other.queueing_lock = job.queueing_lock AND other.status = 'todo')
""")


def counts(session: ReadSession) -> list[tuple[str, int, int, int]]:
    """Of each kind: how many wait or are being done, how many of these failed before, how many were given up."""
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(_COUNTS)]


def troubled(session: ReadSession, limit: int) -> list[tuple[int, str, int, str, bool]]:
    """Jobs that failed: number, kind, attempts, words, and whether they wait for a person."""
    return [tuple(row) for row in session.execute(_TROUBLED, {"limit": limit})]


def let_go(session: WriteSession, now: datetime) -> int:
    """Lets every job that was given up be tried again; how many these are."""
    return int(session.execute(_LET_GO, {"now": now}).scalar_one())


def live_payloads(session: ReadSession, kind: str) -> list[dict[str, Any]]:
    """The payloads of the jobs of a kind that wait or are being done."""
    statement = sa.text(
        "SELECT args->'payload' FROM procrastinate_jobs WHERE task_name = :kind AND status IN ('todo', 'doing')"
    )
    return list(session.scalars(statement, {"kind": kind}))
