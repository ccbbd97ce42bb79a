"""What can be asked about work that waits."""

from dataclasses import dataclass

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, is_postgresql
from newsletter.jobs import on_procrastinate
from newsletter.jobs.models import Job

_TROUBLES_MAX = 100


@dataclass(frozen=True, slots=True)
class JobCounts:
    """Work of one kind: how much waits, how much of it failed before, and how much waits for a person."""

    kind: str
    waiting: int
    failing: int
    given_up: int


def job_counts(session: ReadSession) -> list[JobCounts]:
    """The work of each kind, by name of the kind."""
    if is_postgresql(session):
        return [JobCounts(*row) for row in on_procrastinate.counts(session)]
    is_hopeless = Job.due_at.is_(None)
    has_failed = sa.and_(Job.last_error != "", Job.due_at.is_not(None))
    statement = (
        sa.select(
            Job.kind,
            sa.func.count(Job.due_at),
            sa.func.sum(sa.case((has_failed, 1), else_=0)),
            sa.func.sum(sa.case((is_hopeless, 1), else_=0)),
        )
        .group_by(Job.kind)
        .order_by(Job.kind)
    )
    return [JobCounts(*row) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class TroubledJob:
    """A job that failed, with the words of its last failure; it waits for its next attempt, or for a person."""

    id: int
    kind: str
    attempts: int
    last_error: str
    is_given_up: bool


def troubled_jobs(session: ReadSession) -> list[TroubledJob]:
    """The jobs that failed and are not done yet, the oldest first, a hundred at most."""
    if is_postgresql(session):
        return [TroubledJob(*row) for row in on_procrastinate.troubled(session, _TROUBLES_MAX)]
    statement = (
        sa.select(Job.id, Job.kind, Job.attempt_count, Job.last_error, Job.due_at.is_(None))
        .where(Job.last_error != "")
        .order_by(Job.id)
        .limit(_TROUBLES_MAX)
    )
    return [TroubledJob(*row) for row in session.execute(statement)]
