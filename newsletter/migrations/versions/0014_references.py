"""PostgreSQL no longer checks for each imported reader four times that she and her list are there."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("subscription", "consent"):
        op.drop_constraint(f"fk_{table}_list_id_mailing_list", table)
        op.drop_constraint(f"fk_{table}_subscriber_id_subscriber", table)
