"""Mailings to several lists and to segments; indexes for pages of readers at a million of them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailed_list",
        sa.Column("mailing_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_list.id"], name=op.f("fk_mailed_list_list_id_mailing_list")
        ),
        sa.ForeignKeyConstraint(
            ["mailing_id"], ["mailing.id"], name=op.f("fk_mailed_list_mailing_id_mailing")
        ),
        sa.PrimaryKeyConstraint("mailing_id", "list_id", name=op.f("pk_mailed_list")),
    )
    op.execute(
        "INSERT INTO mailed_list (mailing_id, list_id, place)"
        " SELECT mailing.id, edition.list_id, 0 FROM mailing JOIN edition ON edition.id = mailing.edition_id"
    )
    with op.batch_alter_table("mailing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("filter", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_subscriber_languages_id", "subscriber", ["languages", "id"])
    op.create_index(
        "ix_subscription_list_id_state_subscriber_id", "subscription", ["list_id", "state", "subscriber_id"]
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE subscriber ALTER COLUMN address_lower TYPE varchar(320) COLLATE "C"')
