"""The tables of who reads what, and of who must never be mailed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.foundation.database import Base, LanguageList, state_column
from newsletter.foundation.signing import random_name


class LanguageOrigin(StrEnum):
    """How we came to know a reader's languages; an explicit choice is never overwritten."""

    EXPLICIT = "explicit"  # she chose on the preferences page
    FORM = "form"  # the language of the form that she signed up with
    IMPORT = "import"  # it stood in an imported file
    GUESS = "guess"  # nothing was said


class SubscriptionState(StrEnum):
    """Where a subscription stands."""

    PENDING = "pending"  # asked for, not confirmed yet
    ACTIVE = "active"  # gets the editions of the list
    ENDED = "ended"  # does not any more; `end_reason` says why


class EndReason(StrEnum):
    """Why a subscription ended."""

    UNSUBSCRIBED = "unsubscribed"  # the reader left
    IMPORTED = "imported"  # came in as ended, from a file
    BOUNCED = "bounced"  # the mailbox does not exist any more
    COMPLAINED = "complained"  # reported as spam
    EXPIRED = "expired"  # was never confirmed
    DECLINED = "declined"  # "that was not me", said the owner of the address
    ERASED = "erased"  # the person asked to be forgotten
    MERGED = "merged"  # goes on as the subscription that `merged_into_id` names


class LeaveWay(StrEnum):
    """How a reader said that she leaves."""

    ONE_CLICK = "one_click"  # the button of her mail program (RFC 8058)
    PAGE = "page"  # the button of our page
    MAIL = "mail"  # a mail to the unsubscribe address, or plain words in a reply
    PREFERENCES = "preferences"  # the preferences page
    STAFF = "staff"  # somebody of the organisation did it for her


class LeaveReason(StrEnum):
    """What a reader said when she was asked why; saying nothing is fine."""

    TOO_OFTEN = "too_often"  # too many mails
    NOT_INTERESTING = "not_interesting"  # not what she had hoped for
    WRONG_LANGUAGE = "wrong_language"  # came in another language than hers
    NEVER_ASKED = "never_asked"  # does not remember signing up
    OTHER = "other"  # something else


class SuppressionReason(StrEnum):
    """Why an address is never mailed."""

    BOUNCED = "bounced"  # a server said that the mailbox does not exist
    COMPLAINED = "complained"  # a spam report came back
    REQUESTED = "requested"  # the person asked never to be mailed
    IMPORTED = "imported"  # stood in a list of addresses not to be mailed
    ERASED = "erased"  # the person asked to be forgotten; signing up anew lifts it, a file does not


class OptIn(StrEnum):
    """What makes a sign-up count."""

    DOUBLE = "double"  # the owner of the address confirms it by a mailed link
    SINGLE = "single"  # the form alone


class MailingList(Base):
    """A periodic newsletter that people subscribe to."""

    __tablename__ = "mailing_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    names: Mapped[dict[str, str]] = mapped_column()  # language -> name
    descriptions: Mapped[dict[str, str]] = mapped_column(default=dict)
    sender_name: Mapped[str] = mapped_column(sa.String(200), default="")
    sender_address: Mapped[str] = mapped_column(sa.String(320))
    reply_to: Mapped[str] = mapped_column(sa.String(320), default="")
    # The value between the angle brackets of List-Id; never changes once mails went out (RFC 2919 section 2).
    list_id: Mapped[str] = mapped_column(sa.String(255), unique=True)
    theme: Mapped[str] = mapped_column(sa.String(100), default="")
    # How often it comes, per language: "every month", shown beside the name where people sign up.
    cadences: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    # Shown to everybody: on the sign-up page, in the archive, in feeds.
    is_public: Mapped[bool] = mapped_column(default=True, server_default="1")
    opt_in: Mapped[OptIn] = mapped_column(
        state_column(OptIn), default=OptIn.DOUBLE, server_default=OptIn.DOUBLE.value
    )
    sends_welcome: Mapped[bool] = mapped_column(default=False, server_default="0")
    # What a person agrees to when she signs up, per language; the catalogue's own words where it says nothing.
    consent_texts: Mapped[dict[str, str]] = mapped_column(default=dict, server_default="{}")
    # On what grounds the list is mailed where an import says nothing else: "consent", "members of the association".
    legal_basis: Mapped[str] = mapped_column(sa.String(200), default="consent", server_default="consent")
    created_at: Mapped[datetime]


class Subscriber(Base):
    """A person who reads, or once read, one of the lists.

    Of somebody who was erased, or merged into another row, nothing is left here but the number, so that old
    mailings still add up: `erased_at` is set, and no query of people finds the row (docs/decisions/0016).
    """

    __tablename__ = "subscriber"
    __table_args__ = (
        # Readers of one language, page by page.
        sa.Index("ix_subscriber_languages_id", "languages", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(sa.String(320))
    # The address in lower case: one person, one row. Sorted octet by octet on both databases, so that addresses that
    # begin alike stand together, whatever the server's locale.
    address_lower: Mapped[str] = mapped_column(
        sa.String(320).with_variant(sa.String(320, collation="C"), "postgresql"), unique=True
    )
    # Keyed hash of the canonical address, by which suppressions are found (`rules.address_key`).
    address_key: Mapped[bytes] = mapped_column(sa.LargeBinary(16), index=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    first_name: Mapped[str] = mapped_column(sa.String(100), default="")
    languages: Mapped[tuple[str, ...]] = mapped_column(LanguageList, default=())
    language_origin: Mapped[LanguageOrigin] = mapped_column(state_column(LanguageOrigin))
    reads_both: Mapped[bool] = mapped_column(
        default=False
    )  # wants each edition in two languages, in one mail
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    paused_until: Mapped[datetime | None]  # wants no mail before
    erased_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    subscriptions: Mapped[list["Subscription"]] = relationship(
        back_populates="subscriber", lazy="raise", order_by="Subscription.id"
    )


def references_checked_by_sqlite(*tables: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    """The foreign keys to these tables, in which no row is ever deleted; PostgreSQL is not asked to check them.

    It would do so for each of a million imported readers four times, a third of the import (docs/decisions/0032).
    """
    columns = {"mailing_list": "list_id", "subscriber": "subscriber_id"}
    return tuple(
        sa.ForeignKeyConstraint([columns[table]], [f"{table}.id"], info={"checked_by": "sqlite"}).ddl_if(
            dialect="sqlite"
        )
        for table in tables
    )


class Subscription(Base):
    """One subscriber on one list."""

    __tablename__ = "subscription"
    __table_args__ = (
        *references_checked_by_sqlite("mailing_list", "subscriber"),
        sa.UniqueConstraint("list_id", "subscriber_id"),
        sa.Index("ix_subscription_subscriber_id", "subscriber_id"),
        # Readers of one list in one state, page by page.
        sa.Index("ix_subscription_list_id_state_subscriber_id", "list_id", "state", "subscriber_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int]
    subscriber_id: Mapped[int]
    state: Mapped[SubscriptionState] = mapped_column(state_column(SubscriptionState))
    end_reason: Mapped[EndReason | None] = mapped_column(state_column(EndReason))
    # What tokens in links name instead of the person (`foundation.signing`).
    public_name: Mapped[bytes] = mapped_column(sa.LargeBinary(12), unique=True, default=random_name)
    # On what grounds we mail: "consent by form, 2026-03", "members of the association"; stated at import.
    consent_basis: Mapped[str] = mapped_column(sa.Text, default="")
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    leave_way: Mapped[LeaveWay | None] = mapped_column(state_column(LeaveWay))
    leave_reason: Mapped[LeaveReason | None] = mapped_column(state_column(LeaveReason))
    # Two rows of one person became one: links that name this subscription act on that one (a plain number, because
    # SQLite would have to copy the whole table to add a foreign key).
    merged_into_id: Mapped[int | None]

    subscriber: Mapped[Subscriber] = relationship(back_populates="subscriptions", lazy="raise")
    mailing_list: Mapped[MailingList] = relationship(lazy="raise")


class Suppression(Base):
    """An address that is never mailed again: only its keyed hash is kept, so that it outlives erasure."""

    __tablename__ = "suppression"

    address_key: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True)
    reason: Mapped[SuppressionReason] = mapped_column(state_column(SuppressionReason))
    since: Mapped[datetime]
