"""Several workers: jobs of Procrastinate on PostgreSQL, the shared pace, and the workers' signs of life."""

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import UtcDateTime
from newsletter.migrations.procrastinate_steps import create_tables

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker")),
    )
    op.create_table(
        "pace",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("due_seconds", sa.Float(precision=53), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("day_count", sa.Integer(), nullable=False),
        sa.Column("day_before_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pace")),
    )
    op.create_table(
        "pace_limit",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pace_limit")),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        create_tables(connection)
        # What waits goes on waiting, and what waited for a person does so.
        op.execute("""
            INSERT INTO procrastinate_jobs
                (queue_name, task_name, queueing_lock, args, scheduled_at, attempts, status)
            SELECT 'notices', kind, key,
                   jsonb_build_object('payload', payload)
                   || CASE last_error WHEN '' THEN '{}' ELSE jsonb_build_object('last_error', last_error) END,
                   due_at, attempt_count,
                   CASE WHEN due_at IS NULL THEN 'failed' ELSE 'todo' END::procrastinate_job_status
            FROM job ORDER BY due_at, id
        """)
        op.execute("DELETE FROM job")
