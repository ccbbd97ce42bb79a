"""Mailings whose deliveries a worker plans: since when, and which one is at it."""

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import UtcDateTime

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mailing", sa.Column("planning_since", UtcDateTime(), nullable=True))
    op.add_column(
        "mailing", sa.Column("planning_by", sa.String(length=200), server_default="", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("mailing", "planning_by")
    op.drop_column("mailing", "planning_since")
