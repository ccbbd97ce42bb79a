"""Waves and roll-over."""

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import LanguageList

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shown_item",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("showing", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcement.id"], name=op.f("fk_shown_item_announcement_id_announcement")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_shown_item_edition_id_edition")
        ),
        sa.PrimaryKeyConstraint("edition_id", "announcement_id", "language", name=op.f("pk_shown_item")),
    )
    with op.batch_alter_table("edition", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("left_out_languages", LanguageList(), server_default="", nullable=False)
        )

    with op.batch_alter_table("edition_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("only_languages", LanguageList(), server_default="", nullable=False))
