"""What linked pages answered when the check of an edition asked them."""

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_answer",
        sa.Column("url_hash", sa.String(64), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("fate", sa.String(40), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("moved_to", sa.Text(), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("url_hash", name=op.f("pk_link_answer")),
    )
    op.create_index(op.f("ix_link_answer_asked_at"), "link_answer", ["asked_at"])
