"""An edition's own words have states and revisions; what pictures show and how sections are headed belongs to the texts."""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from newsletter.foundation.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXT = ("title", "summary", "body", "cta_label", "cta_url")
_EDITION_TEXT = ("subject", "preheader", "intro")


def upgrade() -> None:
    with op.batch_alter_table("edition_text", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.String(length=40), server_default="draft", nullable=False))
        batch_op.add_column(sa.Column("section_titles", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("confirmed_source_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("updated_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("approved_hash", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("approved_by", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("approved_at", UtcDateTime(), nullable=True))
    for table in ("translation", "translation_revision"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("alt_texts", sa.JSON(), server_default="{}", nullable=False))
    _move_alt_texts()
    _move_section_titles()
    _tell_when_written()
    # On SQLite this makes the table anew, and what points to its rows would go: the revisions come after it.
    with op.batch_alter_table("edition_text", schema=None) as batch_op:
        batch_op.alter_column("updated_at", existing_type=UtcDateTime(), nullable=False)
    _write_first_revisions(_create_revisions())
    # Not in a batch, which would make the tables anew: items point to sections.
    op.drop_column("announcement_picture", "alt_texts")
    op.drop_column("section", "titles")


def _create_revisions() -> sa.Table:
    return op.create_table(
        "edition_text_revision",
        sa.Column("edition_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("intro", sa.Text(), nullable=False),
        sa.Column("section_titles", sa.JSON(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("source_hash", sa.String(length=64), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("is_minor", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id", "language"],
            ["edition_text.edition_id", "edition_text.language"],
            name=op.f("fk_edition_text_revision_edition_id_language_edition_text"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("edition_id", "language", "number", name=op.f("pk_edition_text_revision")),
    )


_ANNOUNCEMENTS = sa.table("announcement", sa.column("id"), sa.column("source_language"))
_PICTURES = sa.table(
    "announcement_picture",
    sa.column("announcement_id"),
    sa.column("position"),
    sa.column("alt_texts", sa.JSON()),
)
_TRANSLATIONS = sa.table(
    "translation",
    sa.column("id"),
    sa.column("announcement_id"),
    sa.column("language"),
    *(sa.column(name) for name in _TEXT),
    sa.column("alt_texts", sa.JSON()),
    sa.column("confirmed_source_hash"),
    sa.column("approved_hash"),
)
_REVISIONS = sa.table(
    "translation_revision",
    sa.column("translation_id"),
    sa.column("number"),
    *(sa.column(name) for name in _TEXT),
    sa.column("alt_texts", sa.JSON()),
    sa.column("content_hash"),
    sa.column("source_hash"),
)
_EDITIONS = sa.table(
    "edition", sa.column("id"), sa.column("languages"), sa.column("created_at", UtcDateTime())
)
_EDITION_TEXTS = sa.table(
    "edition_text",
    sa.column("edition_id"),
    sa.column("language"),
    *(sa.column(name) for name in _EDITION_TEXT),
    sa.column("is_subject_derived", sa.Boolean()),
    sa.column("is_preheader_derived", sa.Boolean()),
    sa.column("section_titles", sa.JSON()),
    sa.column("confirmed_source_hash"),
    sa.column("updated_at", UtcDateTime()),
)
_SECTIONS = sa.table("section", sa.column("id"), sa.column("edition_id"), sa.column("titles", sa.JSON()))


def _move_alt_texts() -> None:
    """What a picture shows becomes a part of the text in each language, and counts in its hash.

    All revisions get the words that are there: nobody knows which they had. What is told in a language in which there
    is no text was shown nowhere.
    """
    connection = op.get_bind()
    described: dict[int, dict[str, dict[str, str]]] = {}
    for picture in connection.execute(sa.select(_PICTURES)):
        for language, words in (picture.alt_texts or {}).items():
            if words:
                by_language = described.setdefault(picture.announcement_id, {})
                by_language.setdefault(language, {})[str(picture.position)] = words
    sources = dict(connection.execute(sa.select(_ANNOUNCEMENTS.c.id, _ANNOUNCEMENTS.c.source_language)).all())
    for announcement_id, by_language in described.items():
        mine = _TRANSLATIONS.c.announcement_id == announcement_id
        texts = connection.execute(sa.select(_TRANSLATIONS).where(mine)).all()
        ids = [text.id for text in texts]
        kept = connection.execute(sa.select(_REVISIONS).where(_REVISIONS.c.translation_id.in_(ids))).all()
        hashes: dict[str, dict[str, str]] = {}  # language -> hash as it was -> hash with the pictures' words
        for text in texts:
            alt = by_language.get(text.language, {})
            mine_too = [text, *(row for row in kept if row.translation_id == text.id)]
            hashes[text.language] = {
                _hash(row, _TEXT): _hash(row, _TEXT, {f"alt.{key}": words for key, words in alt.items()})
                for row in mine_too
            }
        source = hashes.get(sources[announcement_id], {})
        for text in texts:
            _describe(text, kept, by_language.get(text.language, {}), hashes[text.language], source)


def _describe(
    text: sa.Row[Any],
    kept: Sequence[sa.Row[Any]],
    alt: Mapping[str, str],
    own: Mapping[str, str],
    source: Mapping[str, str],
) -> None:
    connection = op.get_bind()
    connection.execute(
        _TRANSLATIONS.update()
        .where(_TRANSLATIONS.c.id == text.id)
        .values(
            alt_texts=alt,
            confirmed_source_hash=source.get(text.confirmed_source_hash, text.confirmed_source_hash),
            approved_hash=own.get(text.approved_hash, text.approved_hash),
        )
    )
    for row in kept:
        if row.translation_id == text.id:
            mine = sa.and_(_REVISIONS.c.translation_id == text.id, _REVISIONS.c.number == row.number)
            values = {
                "alt_texts": alt,
                "content_hash": own.get(row.content_hash, row.content_hash),
                "source_hash": source.get(row.source_hash, row.source_hash),
            }
            connection.execute(_REVISIONS.update().where(mine).values(**values))


def _move_section_titles() -> None:
    connection = op.get_bind()
    titles: dict[tuple[int, str], dict[str, str]] = {}
    for section in connection.execute(sa.select(_SECTIONS)):
        for language, title in (section.titles or {}).items():
            titles.setdefault((section.edition_id, language), {})[str(section.id)] = title
    for place, of_sections in titles.items():
        connection.execute(_EDITION_TEXTS.update().where(_is(place)).values(section_titles=of_sections))


def _tell_when_written() -> None:
    created = sa.select(_EDITIONS.c.created_at).where(_EDITIONS.c.id == _EDITION_TEXTS.c.edition_id)
    op.get_bind().execute(_EDITION_TEXTS.update().values(updated_at=created.scalar_subquery()))


def _write_first_revisions(revisions: sa.Table) -> None:
    """What an editor wrote is the first revision of her text, and was right for the source when the edition was made."""
    connection = op.get_bind()
    editions = {edition.id: edition for edition in connection.execute(sa.select(_EDITIONS))}
    texts = connection.execute(sa.select(_EDITION_TEXTS)).all()
    hashes = {
        (text.edition_id, text.language): _hash_of(_own_words(text).values(), _titles(text)) for text in texts
    }
    rows = []
    for text in texts:
        edition = editions[text.edition_id]
        place, words = (text.edition_id, text.language), _own_words(text)
        first = edition.languages.split(",")[0]
        is_written = any(words.values()) or bool(_titles(text))
        is_translation = is_written and text.language != first
        source_hash = hashes.get((text.edition_id, first)) if is_translation else None
        connection.execute(
            _EDITION_TEXTS.update().where(_is(place)).values(confirmed_source_hash=source_hash)
        )
        if is_written:
            rows.append(
                {
                    "edition_id": text.edition_id,
                    "language": text.language,
                    "number": 1,
                    **words,
                    "section_titles": text.section_titles,
                    "content_hash": hashes[place],
                    "source_hash": source_hash,
                    "author": "",
                    "is_minor": False,
                    "made_at": edition.created_at,
                }
            )
    if rows:
        connection.execute(revisions.insert(), rows)


def _is(place: tuple[int, str]) -> sa.ColumnElement[bool]:
    return sa.and_(_EDITION_TEXTS.c.edition_id == place[0], _EDITION_TEXTS.c.language == place[1])


def _own_words(text: sa.Row[Any]) -> dict[str, str]:
    """What an editor wrote; the program makes the rest."""
    return {
        "subject": "" if text.is_subject_derived else text.subject,
        "preheader": "" if text.is_preheader_derived else text.preheader,
        "intro": text.intro,
    }


def _titles(text: sa.Row[Any]) -> dict[str, str]:
    return {f"section.{number}": title for number, title in text.section_titles.items() if title}


def _hash(row: sa.Row[Any], fields: Iterable[str], numbered: Mapping[str, str] | None = None) -> str:
    return _hash_of([row._mapping[name] for name in fields], numbered or {})


def _hash_of(fields: Iterable[str], numbered: Mapping[str, str]) -> str:
    """The content hash as it was reckoned when this step was written."""
    more = (f"{name}={words}" for name, words in sorted(numbered.items()) if words.strip())
    plain = "\x1f".join(" ".join(unicodedata.normalize("NFC", field).split()) for field in (*fields, *more))
    return hashlib.sha256(plain.encode()).hexdigest()
