"""What waits to be done, on either database."""

from typing import Any

import sqlalchemy as sa

from newsletter.foundation.database import Database, is_postgresql
from newsletter.jobs.models import Job


def waiting_work(db: Database) -> list[tuple[str, dict[str, Any], int]]:
    """Kind, payload and attempts so far of each job, in the order in which they were written down."""
    with db.read() as session:
        if is_postgresql(session):
            statement = "SELECT task_name, args->'payload', attempts FROM procrastinate_jobs ORDER BY id"
            return [tuple(row) for row in session.execute(sa.text(statement))]
        rows = sa.select(Job.kind, Job.payload, Job.attempt_count).order_by(Job.id)
        return [tuple(row) for row in session.execute(rows)]
