"""Slices and runs: a mailing is handed over in pieces, by any number of processes; times and limits of a mailing."""

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Rows of earlier mailings are cut in the order of their readers; who their domains are is not asked any more.
_NUMBER_ROWS = """
UPDATE delivery SET slice_no = numbered.slice_no FROM (
    SELECT mailing_id, subscriber_id,
           1 + (row_number() OVER (PARTITION BY mailing_id ORDER BY subscriber_id) - 1) / 500 AS slice_no
    FROM delivery
) AS numbered
WHERE delivery.mailing_id = numbered.mailing_id AND delivery.subscriber_id = numbered.subscriber_id
"""
_MAKE_SLICES = """
INSERT INTO delivery_slice (mailing_id, slice_no, domain_group, count, state)
SELECT mailing_id, slice_no, 'other', count(*),
       CASE WHEN max(CASE WHEN state IN ('pending', 'deferred') THEN 1 ELSE 0 END) = 1 THEN 'open'
            WHEN max(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END) = 1 THEN 'waiting'
            ELSE 'closed' END
FROM delivery GROUP BY mailing_id, slice_no
"""
_DOUBT = "handed over by a run of an earlier release that was broken off; no answer heard"


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for added in (
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("paused_because", sa.Text(), server_default="", nullable=False),
        sa.Column("connections", sa.Integer(), nullable=True),
        sa.Column("per_minute", sa.Integer(), nullable=True),
    ):
        op.add_column("mailing", added)
    # "running" meant one process of the earlier release. None runs while the tables change.
    op.execute(
        "UPDATE mailing SET state = 'paused', run_token = NULL, run_holder = NULL, run_beat_at = NULL"
        " WHERE state = 'running'"
    )
    op.execute(
        sa.text("UPDATE delivery SET state = 'in_doubt', reply_text = :doubt WHERE state = 'attempting'")
        .bindparams(doubt=_DOUBT)
    )  # fmt: skip
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        for column in ("mailing_id", "subscriber_id", "subscription_id"):
            table = column.removesuffix("_id")
            batch_op.drop_constraint(op.f(f"fk_delivery_{column}_{table}"), type_="foreignkey")
        batch_op.add_column(sa.Column("slice_no", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("run_token", sa.BigInteger(), nullable=True))
    if is_postgresql:
        op.execute("ALTER TABLE delivery SET (fillfactor = 50)")
    op.create_table(
        "delivery_slice",
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("slice_no", sa.Integer(), nullable=False),
        sa.Column("domain_group", sa.String(length=255), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("held_because", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailing.id"], name=op.f("fk_delivery_slice_mailing_id_mailing")
        ),
        sa.PrimaryKeyConstraint("mailing_id", "slice_no", name=op.f("pk_delivery_slice")),
    )
    op.create_table(
        "delivery_run",
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("slice_no", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("journal", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=False),
        sa.Column("is_revoked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailing.id"], name=op.f("fk_delivery_run_mailing_id_mailing")
        ),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_delivery_run")),
    )
    op.create_index("ix_delivery_run_mailing_id_slice_no", "delivery_run", ["mailing_id", "slice_no"])
    op.execute(_NUMBER_ROWS)
    op.execute(_MAKE_SLICES)
    op.create_index("ix_delivery_mailing_id_slice_no", "delivery", ["mailing_id", "slice_no"])
