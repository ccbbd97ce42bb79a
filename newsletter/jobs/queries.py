"""What can be asked about work that waits."""

from dataclasses import dataclass

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession
from newsletter.jobs.models import Job


@dataclass(frozen=True, slots=True)
class JobCounts:
    """Work of one kind: how much waits, how much of it failed before, and how much waits for a person."""

    kind: str
    waiting: int
    failing: int
    given_up: int


def job_counts(session: ReadSession) -> list[JobCounts]:
    """The work of each kind, by name of the kind."""
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
