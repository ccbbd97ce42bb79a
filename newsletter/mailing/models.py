"""The tables of mailings: one row per mailing, one row per reader in it."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.editions.models import Edition
from newsletter.foundation.database import Base, state_column


class MailingState(StrEnum):
    """Where a mailing stands; the moves are in `rules.MOVES`."""

    PLANNED = "planned"  # every reader has a row, nothing was handed over
    RUNNING = "running"  # a run is handing messages over
    PAUSED = "paused"  # stopped in the middle; goes on with the same command
    FINISHED = "finished"  # no row waits any more
    CANCELLED = "cancelled"  # ended early; what waited is skipped


class DeliveryState(StrEnum):
    """What happened to one reader's message."""

    PENDING = "pending"  # not handed over yet
    WAITING = "waiting"  # her language of the edition is not frozen yet; a later wave brings it
    ATTEMPTING = "attempting"  # claimed by a run, may be on the wire
    ACCEPTED = "accepted"  # the server took it
    REJECTED = "rejected"  # the server refused it for good
    DEFERRED = "deferred"  # the server said "later"; tried again from `next_attempt_at` on
    GIVEN_UP = "given_up"  # "later" too often
    IN_DOUBT = "in_doubt"  # handed over, no answer heard; never sent again by itself
    SKIPPED = "skipped"  # not meant to get it; `skip_reason` says why


class SkipReason(StrEnum):
    """Why a reader was left out."""

    UNSUBSCRIBED = "unsubscribed"  # left the list
    NOT_CONFIRMED = "not_confirmed"  # never confirmed the subscription
    SUBSCRIPTION_ENDED = "subscription_ended"  # ended for another reason than leaving
    SUPPRESSED = "suppressed"  # the address is never mailed
    NOTHING_IN_HER_LANGUAGE = (
        "nothing_in_her_language"  # the edition has nothing in a language that she reads
    )
    PAUSED = "paused"  # wants no mail for the time being
    CANCELLED = "cancelled"  # the mailing was cancelled before her turn


class Mailing(Base):
    """A frozen edition on its way to the readers of one list, or of several."""

    __tablename__ = "mailing"

    id: Mapped[int] = mapped_column(primary_key=True)
    # An edition is mailed once: each reader at most once.
    edition_id: Mapped[int] = mapped_column(sa.ForeignKey("edition.id"), unique=True)
    state: Mapped[MailingState] = mapped_column(state_column(MailingState))
    # Only readers whom this filter means (`audience.segments`); "" for every reader of the lists.
    filter: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    # The one run that may hand messages over: a random number, who holds it, and its last sign of life.
    run_token: Mapped[str | None] = mapped_column(sa.String(40))
    run_holder: Mapped[str | None] = mapped_column(sa.String(200))
    run_beat_at: Mapped[datetime | None]

    edition: Mapped[Edition] = relationship(lazy="raise")


class MailedList(Base):
    """A list whose readers a mailing goes to."""

    __tablename__ = "mailed_list"

    mailing_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing.id"), primary_key=True)
    list_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing_list.id"), primary_key=True)
    # Who is on several gets her mail as a reader of the one that comes first; the edition's own does.
    place: Mapped[int]


class Delivery(Base):
    """One reader in one mailing."""

    __tablename__ = "delivery"
    __table_args__ = (sa.Index("ix_delivery_subscriber_id", "subscriber_id"),)

    mailing_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing.id"), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(sa.ForeignKey("subscriber.id"), primary_key=True)
    subscription_id: Mapped[int] = mapped_column(sa.ForeignKey("subscription.id"))
    variant: Mapped[str | None] = mapped_column(sa.String(41))  # None for those left out
    state: Mapped[DeliveryState] = mapped_column(state_column(DeliveryState))
    skip_reason: Mapped[SkipReason | None] = mapped_column(state_column(SkipReason))
    attempt_count: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    # The server's own words, and its codes.
    reply_code: Mapped[int | None]
    reply_enhanced: Mapped[str | None] = mapped_column(sa.String(20))
    reply_text: Mapped[str] = mapped_column(sa.Text, default="")
    changed_at: Mapped[datetime]
