"""The tables of what there is to tell."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.foundation.database import Base, state_column


class TranslationState(StrEnum):
    """How far a text is. *Missing* is the absence of a row; *stale* is computed, see `rules.is_stale`."""

    DRAFT = "draft"  # being written
    REVIEW = "review"  # written, waits for a second pair of eyes
    APPROVED = "approved"  # may go out
    NOT_APPLICABLE = "not_applicable"  # not meant to exist in this language


class Worded:
    """A row that holds words: a column per field, and one column of JSON for the fields that are numbered (`alt.0`)."""

    FIELDS: ClassVar[tuple[str, ...]]
    NUMBERED: ClassVar[tuple[str, str]]  # what the names of numbered fields begin with, and their column

    @property
    def words(self) -> dict[str, str]:
        """Field -> words, "" where there is none; of the numbered fields those that are there, in order."""
        kind, column = self.NUMBERED
        plain: dict[str, str] = {name: getattr(self, name) for name in self.FIELDS}
        numbered: Mapping[str, str] = getattr(self, column) or {}
        return plain | {f"{kind}.{key}": numbered[key] for key in sorted(numbered, key=int) if numbered[key]}

    def write(self, words: Mapping[str, str]) -> None:
        """Puts these words into their fields; the other fields stay. Raises KeyError for a field that there is not."""
        kind, column = self.NUMBERED
        numbered: dict[str, str] = dict(getattr(self, column) or {})
        for name, text in words.items():
            if name in self.FIELDS:
                setattr(self, name, text)
            elif name.startswith(f"{kind}."):
                numbered[name.removeprefix(f"{kind}.")] = text
            else:
                raise KeyError(name)
        setattr(self, column, numbered)


class KeptRevision(Worded):
    """What every revision tells, whatever it is one of."""

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content_hash: Mapped[str] = mapped_column(sa.String(64))
    # The hash of the source text that it was written against; None for the source itself, or where nobody knows.
    source_hash: Mapped[str | None] = mapped_column(sa.String(64))
    author: Mapped[str] = mapped_column(sa.String(200))  # "" where nobody knows
    is_minor: Mapped[bool]
    made_at: Mapped[datetime]


class KeptText(Worded):
    """What every text has, whatever it belongs to: a language, a state, what it was confirmed against, its approval.

    Rules for all of them: `rules.py`, and `revisions/`.
    """

    REVISIONS: ClassVar[type[KeptRevision]]

    language: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[TranslationState] = mapped_column(state_column(TranslationState))
    # The hash of the source text that this one was last confirmed against; None for the source itself.
    confirmed_source_hash: Mapped[str | None] = mapped_column(sa.String(64))
    updated_at: Mapped[datetime]
    # What was approved, by whom and when; None while the text is not approved.
    approved_hash: Mapped[str | None] = mapped_column(sa.String(64))
    approved_by: Mapped[str | None] = mapped_column(sa.String(200))
    approved_at: Mapped[datetime | None]

    @property
    def identity(self) -> dict[str, object]:
        """The columns by which its revisions point to it."""
        raise NotImplementedError


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


_FIELDS = ("title", "summary", "body", "cta_label", "cta_url")
_ALT_TEXTS = ("alt", "alt_texts")


class TranslationRevision(KeptRevision, Base):
    """A text as it once was. Only ever added; the one with the highest number is the text as it is."""

    __tablename__ = "translation_revision"
    FIELDS = _FIELDS
    NUMBERED = _ALT_TEXTS

    translation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("translation.id", ondelete="CASCADE"), primary_key=True
    )
    title: Mapped[str] = mapped_column(sa.Text)
    summary: Mapped[str] = mapped_column(sa.Text)
    body: Mapped[str] = mapped_column(sa.Text)
    cta_label: Mapped[str] = mapped_column(sa.String(200))
    cta_url: Mapped[str] = mapped_column(sa.Text)
    alt_texts: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")


class Translation(KeptText, Base):
    """The text of an announcement in one language, its source language included."""

    __tablename__ = "translation"
    __table_args__ = (sa.UniqueConstraint("announcement_id", "language"),)
    FIELDS = _FIELDS
    NUMBERED = _ALT_TEXTS
    REVISIONS = TranslationRevision

    id: Mapped[int] = mapped_column(primary_key=True)
    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("announcement.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(sa.Text)
    is_title_derived: Mapped[bool] = mapped_column(default=False)
    summary: Mapped[str] = mapped_column(sa.Text, default="")
    body: Mapped[str] = mapped_column(sa.Text, default="")
    cta_label: Mapped[str] = mapped_column(sa.String(200), default="")
    cta_url: Mapped[str] = mapped_column(sa.Text, default="")
    # What the pictures show, in words: position -> words.
    alt_texts: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")

    announcement: Mapped[Announcement] = relationship(back_populates="translations", lazy="raise")
    revisions: Mapped[list[TranslationRevision]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="TranslationRevision.number"
    )

    @property
    def identity(self) -> dict[str, object]:
        """The columns by which its revisions point to it."""
        return {"translation_id": self.id}

    def alt_text(self, position: int) -> str:
        """What the picture at a position shows, "" where nobody says."""
        return (self.alt_texts or {}).get(str(position), "")

    def write(self, words: Mapping[str, str]) -> None:
        """Puts these words into their fields; a title that somebody wrote is no longer a derived one."""
        self.is_title_derived = self.is_title_derived and "title" not in words
        super().write(words)


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
    """A picture's place in an announcement. What it shows, in words, stands in the texts."""

    __tablename__ = "announcement_picture"

    announcement_id: Mapped[int] = mapped_column(
        sa.ForeignKey("announcement.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("picture.sha256"))

    picture: Mapped[Picture] = relationship(lazy="raise")
