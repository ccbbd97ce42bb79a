"""The tables of editions: what is in one, its words per language, and the frozen result."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.announcements.models import Announcement
from newsletter.foundation.database import Base, LanguageList, state_column
from newsletter.foundation.signing import random_name


class EditionMode(StrEnum):
    """How the languages of an edition are mailed."""

    SEPARATE = "separate"  # one mail per language, with a link to the other on the web
    COMBINED = "combined"  # both in one mail, the reader's own first


class Fallback(StrEnum):
    """What becomes of an item in a language that it lacks."""

    OMIT = "omit"  # left out of that language
    LABEL = "label"  # shown in the other language, marked, in a block with that `lang`
    SUMMARY = "summary"  # title and link only, marked
    BLOCK = "block"  # the edition cannot be frozen


class EditionState(StrEnum):
    """Where an edition stands."""

    DRAFT = "draft"  # being put together
    PARTLY_FROZEN = (
        "partly_frozen"  # rendered for good in some languages, which may be mailed; others to come
    )
    FROZEN = "frozen"  # rendered for good; only frozen editions are mailed


class Edition(Base):
    """One issue of a list."""

    __tablename__ = "edition"
    __table_args__ = (sa.UniqueConstraint("list_id", "issue_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # A plain number here: the room of lists stands on the same storey (docs/map.md).
    list_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing_list.id"))
    issue_number: Mapped[int]
    # What public addresses name it by.
    public_name: Mapped[bytes] = mapped_column(sa.LargeBinary(12), unique=True, default=random_name)
    languages: Mapped[tuple[str, ...]] = mapped_column(LanguageList)
    mode: Mapped[EditionMode] = mapped_column(state_column(EditionMode))
    fallback: Mapped[Fallback] = mapped_column(state_column(Fallback))
    # Languages that this edition was frozen without, on purpose.
    left_out_languages: Mapped[tuple[str, ...]] = mapped_column(LanguageList, default=(), server_default="")
    theme: Mapped[str] = mapped_column(sa.String(100), default="")
    state: Mapped[EditionState] = mapped_column(state_column(EditionState))
    created_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]

    texts: Mapped[list["EditionText"]] = relationship(lazy="raise", cascade="all, delete-orphan")
    sections: Mapped[list["Section"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="Section.position"
    )


class EditionText(Base):
    """The words of an edition itself in one language."""

    __tablename__ = "edition_text"

    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.Text, default="")
    preheader: Mapped[str] = mapped_column(sa.Text, default="")
    intro: Mapped[str] = mapped_column(sa.Text, default="")
    # Made by the program from the items rather than written by an editor.
    is_subject_derived: Mapped[bool] = mapped_column(default=False)
    is_preheader_derived: Mapped[bool] = mapped_column(default=False)


class Section(Base):
    """A titled group of items in an edition."""

    __tablename__ = "section"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    titles: Mapped[dict[str, str]] = mapped_column(default=dict)  # language -> title; none shows no heading

    items: Mapped[list["EditionItem"]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="EditionItem.position"
    )


class EditionItem(Base):
    """An announcement in its place in a section."""

    __tablename__ = "edition_item"
    __table_args__ = (sa.UniqueConstraint("section_id", "announcement_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    section_id: Mapped[int] = mapped_column(sa.ForeignKey("section.id", ondelete="CASCADE"))
    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("announcement.id"))
    position: Mapped[int]
    fallback: Mapped[Fallback | None] = mapped_column(state_column(Fallback))  # overrides the edition's
    # Shown only in these languages, because an earlier edition had it in the others; empty means in all.
    only_languages: Mapped[tuple[str, ...]] = mapped_column(LanguageList, default=(), server_default="")

    announcement: Mapped[Announcement] = relationship(lazy="raise")


class Showing(StrEnum):
    """How an item stands in one language of an edition."""

    FULL = "full"  # in that language
    LABELLED = "labelled"  # in another language, marked
    SUMMARY = "summary"  # title and link only
    OMITTED = "omitted"  # left out
    BLOCKED = "blocked"  # lacking, and the edition cannot be frozen without it: never stored


class ShownItem(Base):
    """How an announcement stood in one language of an edition when that language was frozen."""

    __tablename__ = "shown_item"

    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"), primary_key=True)
    announcement_id: Mapped[int] = mapped_column(sa.ForeignKey("announcement.id"), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    showing: Mapped[Showing] = mapped_column(state_column(Showing))


class RenderedEdition(Base):
    """One variant of a frozen edition: never changed again."""

    __tablename__ = "rendered_edition"

    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"), primary_key=True)
    variant: Mapped[str] = mapped_column(sa.String(41), primary_key=True)  # "fr", "en", "fr+en", "en+fr"
    subject: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    text: Mapped[str] = mapped_column(sa.Text)
    mjml: Mapped[str] = mapped_column(sa.Text)
    size_bytes: Mapped[int]  # of the HTML, in UTF-8
    content_hash: Mapped[str] = mapped_column(sa.String(64))
