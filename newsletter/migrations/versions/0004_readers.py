"""Consent, sign-ups, preferences, segments, jobs; the evidence is append-only, and what is known of imports moves into it."""

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import LanguageList, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_count",
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "begins_at", name=op.f("pk_form_count")),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("attempt_count", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("key", name=op.f("uq_job_key")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index("ix_job_due_at", ["due_at"], unique=False)

    op.create_table(
        "segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("slug", name=op.f("uq_segment_slug")),
    )
    op.create_table(
        "shown_text",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_shown_text")),
    )
    op.create_table(
        "spent_token",
        sa.Column("hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_spent_token")),
    )
    with op.batch_alter_table("spent_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spent_token_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "consent",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=True),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("way", sa.String(length=40), nullable=False),
        sa.Column("form_url", sa.Text(), nullable=False),
        sa.Column("shown_hash", sa.String(length=64), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=400), nullable=False),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_list.id"], name=op.f("fk_consent_list_id_mailing_list")
        ),
        sa.ForeignKeyConstraint(
            ["shown_hash"], ["shown_text.hash"], name=op.f("fk_consent_shown_hash_shown_text")
        ),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_consent_subscriber_id_subscriber")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    with op.batch_alter_table("consent", schema=None) as batch_op:
        batch_op.create_index("ix_consent_subscriber_id", ["subscriber_id"], unique=False)

    op.create_table(
        "preferences_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_name", sa.LargeBinary(length=12), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_preferences_link_subscriber_id_subscriber")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preferences_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_preferences_link_token_hash")),
    )
    with op.batch_alter_table("preferences_link", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_preferences_link_subscriber_id"), ["subscriber_id"], unique=False
        )

    op.create_table(
        "sign_up",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_name", sa.LargeBinary(length=12), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("languages", LanguageList(), nullable=False),
        sa.Column("reads_both", sa.Boolean(), nullable=False),
        sa.Column("form_language", sa.String(length=20), nullable=False),
        sa.Column("form_url", sa.Text(), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=400), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("mailed_at", UtcDateTime(), nullable=True),
        sa.Column("message_id", sa.String(length=255), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("declined_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscriber.id"], name=op.f("fk_sign_up_subscriber_id_subscriber")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_up_token_hash")),
    )
    with op.batch_alter_table("sign_up", schema=None) as batch_op:
        batch_op.create_index(
            "ix_sign_up_address_key_requested_at", ["address_key", "requested_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_sign_up_requested_at"), ["requested_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_up_subscriber_id"), ["subscriber_id"], unique=False)

    op.create_table(
        "sign_up_list",
        sa.Column("sign_up_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("shown_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["mailing_list.id"], name=op.f("fk_sign_up_list_list_id_mailing_list")
        ),
        sa.ForeignKeyConstraint(
            ["shown_hash"], ["shown_text.hash"], name=op.f("fk_sign_up_list_shown_hash_shown_text")
        ),
        sa.ForeignKeyConstraint(
            ["sign_up_id"],
            ["sign_up.id"],
            name=op.f("fk_sign_up_list_sign_up_id_sign_up"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("sign_up_id", "list_id", name=op.f("pk_sign_up_list")),
    )
    with op.batch_alter_table("mailing_list", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cadences", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("is_public", sa.Boolean(), server_default="1", nullable=False))
        batch_op.add_column(
            sa.Column("opt_in", sa.String(length=40), server_default="double", nullable=False)
        )
        batch_op.add_column(sa.Column("sends_welcome", sa.Boolean(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("consent_texts", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(
            sa.Column("legal_basis", sa.String(length=200), server_default="consent", nullable=False)
        )

    with op.batch_alter_table("subscriber", schema=None) as batch_op:
        batch_op.add_column(sa.Column("paused_until", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("erased_at", UtcDateTime(), nullable=True))

    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.add_column(sa.Column("leave_way", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("leave_reason", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
    _refuse_changes_of_evidence()
    _write_evidence_of_imports()


_KEPT = "list_id, event, at, basis, way, form_url, shown_hash, ip, user_agent, message_id"


def _refuse_changes_of_evidence() -> None:
    """Nothing but whose evidence it is may change, for two rows of one person may become one."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER consent_stays BEFORE UPDATE OF {_KEPT} ON consent"
            " BEGIN SELECT RAISE(ABORT, 'evidence of consent is never changed'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION consent_stays() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'evidence of consent is never changed'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER consent_stays BEFORE UPDATE OF {_KEPT} ON consent"
        " FOR EACH ROW EXECUTE FUNCTION consent_stays()"
    )


def _write_evidence_of_imports() -> None:
    op.execute(
        "INSERT INTO consent (subscriber_id, list_id, event, at, basis, way, form_url, ip, user_agent, message_id)"
        " SELECT subscriber_id, list_id, 'imported', since, consent_basis, '', '', '', '', ''"
        " FROM subscription WHERE consent_basis <> ''"
    )
