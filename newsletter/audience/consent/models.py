"""The tables of evidence: events about a person's consent, never changed once written, and the words that were shown."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.audience.models import MailingList, references_checked_by_sqlite
from newsletter.foundation.database import Base, state_column


class ConsentEvent(StrEnum):
    """What happened."""

    REQUESTED = "requested"  # somebody filled in the form with this address
    CONFIRMED = "confirmed"  # the owner of the address said yes
    DECLINED = "declined"  # the owner of the address said "that was not me"
    IMPORTED = "imported"  # came in from a file, on the stated basis
    WITHDRAWN = "withdrawn"  # left


class ShownText(Base):
    """Words that were shown to people when they agreed, kept once: evidence names them by their hash."""

    __tablename__ = "shown_text"

    hash: Mapped[str] = mapped_column(
        sa.String(64), primary_key=True
    )  # SHA-256 of the text in UTF-8, hexadecimal
    language: Mapped[str] = mapped_column(sa.String(20))
    text: Mapped[str] = mapped_column(sa.Text)


class Consent(Base):
    """One event of evidence. Append-only: the database refuses to change a row (migration 0004); erasing a person deletes."""

    __tablename__ = "consent"
    __table_args__ = (
        *references_checked_by_sqlite("mailing_list", "subscriber"),
        sa.Index("ix_consent_subscriber_id", "subscriber_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subscriber_id: Mapped[int]
    list_id: Mapped[int | None]  # None: every list
    event: Mapped[ConsentEvent] = mapped_column(state_column(ConsentEvent))
    at: Mapped[datetime]
    basis: Mapped[str] = mapped_column(
        sa.Text, default=""
    )  # on what grounds: "form", or what the importer stated
    way: Mapped[str] = mapped_column(sa.String(40), default="")  # of a withdrawal: a LeaveWay
    form_url: Mapped[str] = mapped_column(sa.Text, default="")  # where the form stood
    shown_hash: Mapped[str | None] = mapped_column(sa.ForeignKey("shown_text.hash"))
    ip: Mapped[str] = mapped_column(sa.String(45), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(400), default="")
    message_id: Mapped[str] = mapped_column(
        sa.String(255), default=""
    )  # of the mail that asked for the confirmation

    shown: Mapped[ShownText | None] = relationship(lazy="raise")
    mailing_list: Mapped[MailingList | None] = relationship(lazy="raise")
