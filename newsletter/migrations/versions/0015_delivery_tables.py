"""On PostgreSQL a large mailing's deliveries get a table of their own; those that are there stay where they are."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_INDEX = "ix_delivery_subscriber_id_mailing_id"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.rename_table("delivery", "delivery_others")
    op.execute("ALTER INDEX pk_delivery RENAME TO pk_delivery_others")
    op.execute(f"ALTER INDEX {_INDEX} RENAME TO {_INDEX}_others")
    op.execute(
        "CREATE TABLE delivery (LIKE delivery_others INCLUDING DEFAULTS) PARTITION BY LIST (mailing_id)"
    )
    op.create_primary_key("pk_delivery", "delivery", ["mailing_id", "slice_no", "subscriber_id"])
    op.create_index(_INDEX, "delivery", ["subscriber_id", "mailing_id"], unique=True)
    # The indexes that it has are taken for those of the whole; nothing is made anew.
    op.execute("ALTER TABLE delivery ATTACH PARTITION delivery_others DEFAULT")
