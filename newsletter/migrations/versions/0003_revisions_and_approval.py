"""Revisions and approval of texts; each text that is there gets its first revision."""

import hashlib
import unicodedata

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_FIELDS = ("title", "summary", "body", "cta_label", "cta_url")


def upgrade() -> None:
    revisions = op.create_table(
        "translation_revision",
        sa.Column("translation_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("cta_label", sa.String(length=200), nullable=False),
        sa.Column("cta_url", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("source_hash", sa.String(length=64), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("is_minor", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["translation_id"],
            ["translation.id"],
            name=op.f("fk_translation_revision_translation_id_translation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("translation_id", "number", name=op.f("pk_translation_revision")),
    )
    with op.batch_alter_table("translation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("approved_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("approved_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("approved_at", UtcDateTime(), nullable=True))
    _write_first_revisions(revisions)


def _write_first_revisions(revisions: sa.Table) -> None:
    translations = sa.table(
        "translation",
        sa.column("id"),
        *(sa.column(name) for name in _FIELDS),
        sa.column("confirmed_source_hash"),
        sa.column("updated_at", UtcDateTime()),
    )
    connection = op.get_bind()
    written = sa.select(translations).where(sa.or_(translations.c.title != "", translations.c.body != ""))
    rows = [
        {
            "translation_id": text.id,
            "number": 1,
            **{name: text._mapping[name] for name in _FIELDS},
            "content_hash": _content_hash([text._mapping[name] for name in _FIELDS]),
            "source_hash": text.confirmed_source_hash,
            "author": "",
            "is_minor": False,
            "made_at": text.updated_at,
        }
        for text in connection.execute(written)
    ]
    if rows:
        connection.execute(revisions.insert(), rows)


def _content_hash(fields: list[str]) -> str:
    """The content hash as it was reckoned when this step was written."""
    plain = "\x1f".join(" ".join(unicodedata.normalize("NFC", field).split()) for field in fields)
    return hashlib.sha256(plain.encode()).hexdigest()
