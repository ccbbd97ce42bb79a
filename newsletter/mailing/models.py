"""The tables of mailings: one row per mailing, one per slice of its readers, one per reader in it."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.editions.models import Edition
from newsletter.foundation.database import Base, state_column


class MailingState(StrEnum):
    """Where a mailing stands; the moves are in `rules.MOVES`."""

    PLANNED = "planned"  # every reader has a row, nothing was handed over
    SCHEDULED = "scheduled"  # begins by itself at `starts_at`
    RUNNING = "running"  # whoever works hands messages over, those that were put off included
    PAUSED = "paused"  # nobody hands anything over until somebody says so
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


class SliceState(StrEnum):
    """What is to be done with a slice."""

    OPEN = "open"  # somebody in it is still to be mailed
    WAITING = "waiting"  # its readers wait for their language to be frozen
    HELD = "held"  # the servers of its domains blame the sender; resuming the mailing lets it go on
    CLOSED = "closed"  # everybody in it is decided


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
    # When it begins, or may have its next message: the time it was scheduled for, or the end of the undo window.
    starts_at: Mapped[datetime | None]
    # Why it is paused, where it was not an operator: a server's words, or a start that nobody was there for.
    paused_because: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    # Limits that may be changed while it runs; None is what the settings say.
    connections: Mapped[int | None]
    per_minute: Mapped[int | None]
    # The one `newsletter send` that has it in hand: a random number, who it is, and its last sign of life, by the
    # clock of the database.
    run_token: Mapped[str | None] = mapped_column(sa.String(40))
    run_holder: Mapped[str | None] = mapped_column(sa.String(200))
    run_beat_at: Mapped[datetime | None]
    # Since when its deliveries wait to be made by a worker, and which one is at it ("" for none yet); None once they are.
    planning_since: Mapped[datetime | None]
    planning_by: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")

    edition: Mapped[Edition] = relationship(lazy="raise")


class MailedList(Base):
    """A list whose readers a mailing goes to."""

    __tablename__ = "mailed_list"

    mailing_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing.id"), primary_key=True)
    list_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing_list.id"), primary_key=True)
    # Who is on several gets her mail as a reader of the one that comes first; the edition's own does.
    place: Mapped[int]


class DeliverySlice(Base):
    """Some hundred readers of a mailing whose mailboxes are with one provider: what one run takes at a time."""

    __tablename__ = "delivery_slice"
    __table_args__ = (
        # The next slice to take: who was put off and is due, else the first that was never taken.
        sa.Index(
            "ix_delivery_slice_mailing_id_state_due_at_slice_no", "mailing_id", "state", "due_at", "slice_no"
        ),
    )

    mailing_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing.id"), primary_key=True)
    slice_no: Mapped[int] = mapped_column(primary_key=True)
    domain_group: Mapped[str] = mapped_column(sa.String(255))  # `domains.group_of`
    count: Mapped[int]
    state: Mapped[SliceState] = mapped_column(state_column(SliceState))
    due_at: Mapped[datetime | None]  # not before; None is now
    held_because: Mapped[str] = mapped_column(sa.Text, default="", server_default="")


class DeliveryRun(Base):
    """The right of one process to hand over what it claimed of one slice, from the claim to the last answer."""

    __tablename__ = "delivery_run"
    __table_args__ = (sa.Index("ix_delivery_run_mailing_id_slice_no", "mailing_id", "slice_no"),)

    token: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    mailing_id: Mapped[int] = mapped_column(sa.ForeignKey("mailing.id"))
    slice_no: Mapped[int]
    holder: Mapped[str] = mapped_column(sa.String(200))  # `liveness.holder_name`
    journal: Mapped[str] = mapped_column(sa.Text, default="", server_default="")  # the file; "" for none
    started_at: Mapped[datetime]
    # The last sign of life, by the clock of the database.
    beat_at: Mapped[datetime]
    # Taken away from a holder that gave no sign. What it had claimed is in doubt until it speaks again.
    is_revoked: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


class Delivery(Base):
    """One reader in one mailing.

    Rows are made by INSERT ... SELECT from the tables that their numbers point to, a million at a time, so there are
    no foreign keys; and no index speaks of what changes while a mailing runs, so that PostgreSQL need not touch one.
    The rows of a slice lie together: SQLite keeps the table in the order of its key (docs/decisions/0028). PostgreSQL
    keeps those of a large mailing in a table of their own (`own_tables`).
    """

    __tablename__ = "delivery"
    __table_args__ = (
        # Each reader once in a mailing.
        sa.Index("ix_delivery_subscriber_id_mailing_id", "subscriber_id", "mailing_id", unique=True),
        {"sqlite_with_rowid": False, "postgresql_partition_by": "LIST (mailing_id)"},
    )

    mailing_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slice_no: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, default=0, server_default="0"
    )
    subscriber_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subscription_id: Mapped[int]
    # Which run claimed it last: only that one's answers count.
    run_token: Mapped[int | None] = mapped_column(sa.BigInteger)
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


class FoldedDeliveries(Base):
    """Accepted deliveries of one slice, list and variant, of a mailing that ended long ago (`folding`)."""

    __tablename__ = "folded_deliveries"
    __table_args__ = (sa.Index("ix_folded_deliveries_first_id_last_id", "first_id", "last_id"),)

    mailing_id: Mapped[int] = mapped_column(
        sa.ForeignKey("mailing.id"), primary_key=True, autoincrement=False
    )
    slice_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    list_id: Mapped[int] = mapped_column(
        sa.ForeignKey("mailing_list.id"), primary_key=True, autoincrement=False
    )
    variant: Mapped[str] = mapped_column(sa.String(41), primary_key=True)
    count: Mapped[int]
    ids: Mapped[bytes] = mapped_column(sa.LargeBinary)  # of the readers: `folding.packed`
    first_id: Mapped[int]
    last_id: Mapped[int]
    changed_at: Mapped[datetime]  # when the last of them was accepted
    # How many of them left after this mailing and before a later one, and for the wrong language, when it was folded.
    left_count: Mapped[int]
    wrong_language_count: Mapped[int]


# As plain tables, for the statements of the ledger that are built once and made for every slice.
DELIVERIES = Base.metadata.tables["delivery"]
SLICES = Base.metadata.tables["delivery_slice"]
RUNS = Base.metadata.tables["delivery_run"]
MAILINGS = Base.metadata.tables["mailing"]
