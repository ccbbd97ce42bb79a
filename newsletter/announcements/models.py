"""The tables of what there is to tell."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.foundation.database import Base, state_column


class TranslationState(StrEnum):
    """How far a text is. *Missing* is the absence of a row; *stale* is computed, see `rules.is_stale`."""

    DRAFT = "draft"  # being written
    REVIEW = "review"  # written, waits for a second pair of eyes
    APPROVED = "approved"  # may go out
    NOT_APPLICABLE = "not_applicable"  # not meant to exist in this language


class Announcement(Base):
    """One piece of news. Its structure stands here once; its words stand in its translations."""

    __tablename__ = "announcement"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_language: Mapped[str] = mapped_column(sa.String(20))
    topic: Mapped[str] = mapped_column(sa.String(100), default="")
    reference: Mapped[str] = mapped_column(sa.String(200), default="")
    source_name: Mapped[str] = mapped_column(sa.String(500), default="")
    # What makes a second import of the same source add nothing: sha256 of the source, in hex.
    source_key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    published_on: Mapped[date | None]
    happens_on: Mapped[date | None]
    created_at: Mapped[datetime]

    translations: Mapped[list["Translation"]] = relationship(
        back_populates="announcement",
        lazy="raise",
        cascade="all, delete-orphan",
        order_by="Translation.language",
    )
    remarks: Mapped[list["AnnouncementRemark"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="AnnouncementRemark.id"
    )
    pictures: Mapped[list["AnnouncementPicture"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="AnnouncementPicture.position"
    )


class Translation(Base):
    """The text of an announcement in one language, its source language included."""

    __tablename__ = "translation"
    __table_args__ = (sa.UniqueConstraint("announcement_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("announcement.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[TranslationState] = mapped_column(state_column(TranslationState))
    title: Mapped[str] = mapped_column(sa.Text)
    is_title_derived: Mapped[bool] = mapped_column(default=False)
    summary: Mapped[str] = mapped_column(sa.Text, default="")
    body: Mapped[str] = mapped_column(sa.Text, default="")
    cta_label: Mapped[str] = mapped_column(sa.String(200), default="")
    cta_url: Mapped[str] = mapped_column(sa.Text, default="")
    # The hash of the source text that this one was last confirmed against; None for the source itself.
    confirmed_source_hash: Mapped[str | None] = mapped_column(sa.String(64))
    updated_at: Mapped[datetime]
    # What was approved, by whom and when; None while the text is not approved.
    approved_hash: Mapped[str | None] = mapped_column(sa.String(64))
    approved_by: Mapped[str | None] = mapped_column(sa.String(200))
    approved_at: Mapped[datetime | None]

    announcement: Mapped[Announcement] = relationship(back_populates="translations", lazy="raise")
    revisions: Mapped[list["TranslationRevision"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="TranslationRevision.number"
    )


class TranslationRevision(Base):
    """A text as it once was. Only ever added; the one with the highest number is the text as it is."""

    __tablename__ = "translation_revision"

    translation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("translation.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(sa.Text)
    summary: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[str] = mapped_column(sa.Text)
    cta_label: Mapped[str] = mapped_column(sa.String(200))
    cta_url: Mapped[str] = mapped_column(sa.Text)
    content_hash: Mapped[str] = mapped_column(sa.String(64))
    # The hash of the source text that it was written against; None for the source itself, or where nobody knows.
    source_hash: Mapped[str | None] = mapped_column(sa.String(64))
    author: Mapped[str] = mapped_column(sa.String(200))  # "" where nobody knows
    is_minor: Mapped[bool]
    made_at: Mapped[datetime]


class AnnouncementRemark(Base):
    """Something an editor should look at; the text itself is never changed silently."""

    __tablename__ = "announcement_remark"

    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(
        sa.ForeignKey("announcement.id", ondelete="CASCADE"), index=True
    )
    language: Mapped[str] = mapped_column(sa.String(20))
    code: Mapped[str] = mapped_column(sa.String(50))
    message: Mapped[str] = mapped_column(sa.Text)
    excerpt: Mapped[str] = mapped_column(sa.Text, default="")
    line: Mapped[int | None]


class Picture(Base):
    """A picture as it is mailed and served: re-encoded, stored once under its own hash."""

    __tablename__ = "picture"

    sha256: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    content_type: Mapped[str] = mapped_column(sa.String(50))
    width: Mapped[int]
    height: Mapped[int]
    data: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True, deferred_raiseload=True)


class AnnouncementPicture(Base):
    """A picture's place in an announcement, with what it shows, in words, per language."""

    __tablename__ = "announcement_picture"

    announcement_id: Mapped[int] = mapped_column(
        sa.ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("picture.sha256"))
    alt_texts: Mapped[dict[str, str]] = mapped_column(default=dict)

    picture: Mapped[Picture] = relationship(lazy="raise")
