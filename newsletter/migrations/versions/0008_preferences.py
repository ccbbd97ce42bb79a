"""Requests for preferences links, mails that came in; evidence may lose the visitor's address after its time."""

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEPT = "list_id, event, at, basis, way, form_url, shown_hash, message_id"
_VISIT = "ip, user_agent"
_IS_KEPT = "NEW.ip <> '' OR NEW.user_agent <> ''"


def upgrade() -> None:
    with op.batch_alter_table("preferences_link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("message_id", sa.String(length=255), server_default="", nullable=False))
    op.create_table(
        "preferences_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["link_id"],
            ["preferences_link.id"],
            name=op.f("fk_preferences_request_link_id_preferences_link"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preferences_request")),
    )
    op.create_index("ix_preferences_request_address_key", "preferences_request", ["address_key"])
    op.create_table(
        "inbound_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("result", sa.String(length=40), nullable=True),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column("sender", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.Column("forgotten_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_inbound_message_subscriber_id_subscriber")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_message")),
        sa.UniqueConstraint("digest", name=op.f("uq_inbound_message_digest")),
    )
    for column in ("kind", "state", "subscriber_id", "read_at"):
        op.create_index(f"ix_inbound_message_{column}", "inbound_message", [column])
    op.create_table(
        "inbound_mention",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("address_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("is_sender", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["inbound_message.id"],
            name=op.f("fk_inbound_mention_message_id_inbound_message"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", "address_key", name=op.f("pk_inbound_mention")),
    )
    op.create_index("ix_inbound_mention_address_key", "inbound_mention", ["address_key"])
    _let_visits_be_forgotten()


def _let_visits_be_forgotten() -> None:
    """Evidence stays unchangeable, but where the visitor's address and browser are taken out of it."""
    if op.get_bind().dialect.name == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'evidence of consent is never changed'); END"
        op.execute("DROP TRIGGER consent_stays")
        op.execute(f"CREATE TRIGGER consent_stays BEFORE UPDATE OF {_KEPT} ON consent {refuse}")
        op.execute(
            f"CREATE TRIGGER consent_visit_stays BEFORE UPDATE OF {_VISIT} ON consent WHEN {_IS_KEPT} {refuse}"
        )
        return
    refuse = "FOR EACH ROW {when} EXECUTE FUNCTION consent_stays()"
    op.execute("DROP TRIGGER consent_stays ON consent")
    op.execute(f"CREATE TRIGGER consent_stays BEFORE UPDATE OF {_KEPT} ON consent {refuse.format(when='')}")
    op.execute(
        f"CREATE TRIGGER consent_visit_stays BEFORE UPDATE OF {_VISIT} ON consent "
        + refuse.format(when=f"WHEN ({_IS_KEPT})")
    )
