"""The tables of editions: what is in one, its words per language, and the frozen result."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.announcements.models import Announcement, KeptRevision, KeptText, TranslationState
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


_FIELDS = ("subject", "preheader", "intro")
_SECTION_TITLES = ("section", "section_titles")


class EditionTextRevision(KeptRevision, Base):
    """The words of an edition in one language as they once were. Only ever added."""

    __tablename__ = "edition_text_revision"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["edition_id", "language"],
            ["edition_text.edition_id", "edition_text.language"],
            ondelete="CASCADE",
        ),
    )
    FIELDS = _FIELDS
    NUMBERED = _SECTION_TITLES

    edition_id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.Text)  # "" where it was made from the items; so is the preheader
    preheader: Mapped[str] = mapped_column(sa.Text)
    intro: Mapped[str] = mapped_column(sa.Text)
    section_titles: Mapped[dict[str, str]] = mapped_column(default=dict)


class EditionText(KeptText, Base):
    """The words of an edition itself in one language. The first language of the edition is the source of the others."""

    __tablename__ = "edition_text"
    FIELDS = _FIELDS
    NUMBERED = _SECTION_TITLES
    REVISIONS = EditionTextRevision

    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    state: Mapped[TranslationState] = mapped_column(
        state_column(TranslationState), default=TranslationState.DRAFT, server_default="draft"
    )
    subject: Mapped[str] = mapped_column(sa.Text, default="")
    preheader: Mapped[str] = mapped_column(sa.Text, default="")
    intro: Mapped[str] = mapped_column(sa.Text, default="")
    # The headings of the sections: number of the section -> title; none shows no heading.
    section_titles: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    # Made by the program from the items rather than written by an editor.
    is_subject_derived: Mapped[bool] = mapped_column(default=False)
    is_preheader_derived: Mapped[bool] = mapped_column(default=False)

    revisions: Mapped[list[EditionTextRevision]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by="EditionTextRevision.number"
    )

    @property
    def identity(self) -> dict[str, object]:
        """The columns by which its revisions point to it."""
        return {"edition_id": self.edition_id, "language": self.language}

    @property
    def words(self) -> dict[str, str]:
        """Field -> what an editor wrote, "" where there is nothing or where the program makes it from the items."""
        derived = {"subject": self.is_subject_derived, "preheader": self.is_preheader_derived}
        return {name: "" if derived.get(name) else text for name, text in super().words.items()}

    def write(self, words: Mapping[str, str]) -> None:
        """Puts these words into their fields; an empty subject or preheader is made from the items again."""
        super().write(words)
        if "subject" in words:
            self.is_subject_derived = not words["subject"].strip()
        if "preheader" in words:
            self.is_preheader_derived = not words["preheader"].strip()


class Section(Base):
    """A group of items in an edition. Its title stands in the edition's texts, under its number."""

    __tablename__ = "section"

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]

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


class LinkFate(StrEnum):
    """What became of asking for a linked page."""

    ANSWERED = "answered"  # with a status, which may well be 404
    UNANSWERED = "unanswered"  # nobody there, no such host, too late
    NOT_ASKED = "not_asked"  # not on the public internet, or no address


class LinkAnswer(Base):
    """What a linked page answered when it was last asked, kept so that a check without the network can tell it."""

    __tablename__ = "link_answer"

    url_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)  # sha256: addresses may be long
    asked_at: Mapped[datetime] = mapped_column(index=True)
    fate: Mapped[LinkFate] = mapped_column(state_column(LinkFate))
    status: Mapped[int] = mapped_column(default=0)  # of HTTP; 0 where nothing was answered
    moved_to: Mapped[str] = mapped_column(sa.Text, default="")
    language: Mapped[str] = mapped_column(sa.String(35), default="")  # that the page says it is in
    milliseconds: Mapped[int] = mapped_column(default=0)  # until the answer began
    why: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"words": ..., "values": {...}}: a saying
