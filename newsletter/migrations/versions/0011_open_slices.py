"""Open slices of a mailing are found by an index, and not by going through those that are closed."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_delivery_slice_mailing_id_state_due_at_slice_no",
        "delivery_slice",
        ["mailing_id", "state", "due_at", "slice_no"],
        unique=False,
    )
