"""Deliveries lie in the order of their slices, and one index says that each reader is there once."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_delivery_subscriber_id", "delivery")
        op.drop_index("ix_delivery_mailing_id_slice_no", "delivery")
        op.drop_constraint("pk_delivery", "delivery")
        op.create_primary_key("pk_delivery", "delivery", ["mailing_id", "slice_no", "subscriber_id"])
    else:
        _make_anew()
    op.create_index(
        "ix_delivery_subscriber_id_mailing_id", "delivery", ["subscriber_id", "mailing_id"], unique=True
    )


def _make_anew() -> None:
    """In SQLite the order of a table's rows is said where it is made."""
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("mailing_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slice_no", sa.Integer(), autoincrement=False, server_default="0", nullable=False),
        sa.Column("subscriber_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("run_token", sa.BigInteger(), nullable=True),
        sa.Column("variant", sa.String(length=41), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("skip_reason", sa.String(length=40), nullable=True),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("reply_code", sa.Integer(), nullable=True),
        sa.Column("reply_enhanced", sa.String(length=20), nullable=True),
        sa.Column("reply_text", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
    )
    names = ", ".join(column.name for column in columns)
    op.rename_table("delivery", "delivery_before")
    op.create_table(
        "delivery",
        *columns,
        sa.PrimaryKeyConstraint("mailing_id", "slice_no", "subscriber_id", name=op.f("pk_delivery")),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO delivery ({names}) SELECT {names} FROM delivery_before"  # noqa: S608
        " ORDER BY mailing_id, slice_no, subscriber_id"
    )
    op.drop_table("delivery_before")
