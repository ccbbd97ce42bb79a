"""Mailings whose deliveries a worker plans, since when and which one is at it; and old deliveries, folded."""

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mailing", sa.Column("planning_since", UtcDateTime(), nullable=True))
    op.add_column(
        "mailing", sa.Column("planning_by", sa.String(length=200), server_default="", nullable=False)
    )
    op.create_table(
        "folded_deliveries",
        sa.Column("mailing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slice_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("list_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("variant", sa.String(length=41), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("left_count", sa.Integer(), nullable=False),
        sa.Column("wrong_language_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_list.id"], name=op.f("fk_folded_deliveries_list_id_mailing_list")
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailing.id"], name=op.f("fk_folded_deliveries_mailing_id_mailing")
        ),
        sa.PrimaryKeyConstraint(
            "mailing_id", "slice_no", "list_id", "variant", name=op.f("pk_folded_deliveries")
        ),
    )
    op.create_index("ix_folded_deliveries_first_id_last_id", "folded_deliveries", ["first_id", "last_id"])


def downgrade() -> None:
    op.drop_table("folded_deliveries")
    op.drop_column("mailing", "planning_by")
    op.drop_column("mailing", "planning_since")
