"""The tables of sign-ups that wait to be confirmed; what expires unconfirmed is deleted."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.audience.models import MailingList
from newsletter.foundation.database import Base, LanguageList
from newsletter.foundation.signing import random_name


class SignUp(Base):
    """One form that somebody sent. Nothing of it reaches a Subscriber before the owner of the address confirms."""

    __tablename__ = "sign_up"
    __table_args__ = (sa.Index("ix_sign_up_address_key_requested_at", "address_key", "requested_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    # The confirmation's token is made from this name and the secret (`Keyring.one_time_token`); only its hash is kept.
    public_name: Mapped[bytes] = mapped_column(sa.LargeBinary(12), default=random_name)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    address: Mapped[str] = mapped_column(sa.String(320))
    address_key: Mapped[bytes] = mapped_column(sa.LargeBinary(16))
    # The row that waits with it, made by the job that considers the request; None before, and where none was made.
    subscriber_id: Mapped[int | None] = mapped_column(sa.ForeignKey("subscriber.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    languages: Mapped[tuple[str, ...]] = mapped_column(LanguageList, default=())
    reads_both: Mapped[bool] = mapped_column(default=False)
    # In which language the form stood; "" where that is not known, and the mail speaks all of the installation's.
    form_language: Mapped[str] = mapped_column(sa.String(20), default="")
    form_url: Mapped[str] = mapped_column(sa.Text, default="")
    ip: Mapped[str] = mapped_column(sa.String(45), default="")
    user_agent: Mapped[str] = mapped_column(sa.String(400), default="")
    requested_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    mailed_at: Mapped[datetime | None]  # None: not yet, or held back by the cap on mails to one address
    message_id: Mapped[str] = mapped_column(sa.String(255), default="")
    confirmed_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]

    lists: Mapped[list["SignUpList"]] = relationship(lazy="raise", cascade="all, delete-orphan")


class SignUpList(Base):
    """A list that a sign-up asked for, with the words of consent that were shown."""

    __tablename__ = "sign_up_list"

    sign_up_id: Mapped[int] = mapped_column(sa.ForeignKey("sign_up.id", ondelete="CASCADE"), primary_key=True)
    list_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing_list.id"), primary_key=True)
    shown_hash: Mapped[str] = mapped_column(sa.ForeignKey("shown_text.hash"))

    mailing_list: Mapped[MailingList] = relationship(lazy="raise")
