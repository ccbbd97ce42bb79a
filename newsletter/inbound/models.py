"""The tables of mails that came in."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.foundation.database import Base, state_column


class InboundKind(StrEnum):
    """What a mail is."""

    UNSUBSCRIBE = "unsubscribe"  # to the address of List-Unsubscribe, with a token
    WISH = "wish"  # "unsubscribe me", in plain words
    REPLY = "reply"  # something else that a person wrote
    AUTOMATIC = "automatic"  # an absence note, a list's mail: nobody wrote it to us
    BOUNCE = "bounce"  # a server tells that a mail did not arrive
    COMPLAINT = "complaint"  # a provider tells that somebody called a mail spam
    UNREADABLE = "unreadable"  # reading it failed


class InboundState(StrEnum):
    """Where a mail stands."""

    DONE = "done"  # what it wished is done; `result` says what
    FOR_PEOPLE = "for_people"  # somebody should read it
    SET_ASIDE = "set_aside"  # nothing to do, never answered
    NOT_READ_YET = "not_read_yet"  # a bounce or complaint: kept for the reader of such mails
    QUARANTINED = "quarantined"  # could not be read; the mails behind it were


class InboundResult(StrEnum):
    """What came of a wish to leave."""

    LEFT = "left"  # she left one list or several
    NOTHING_TO_LEAVE = "nothing_to_leave"  # she had left before, or nobody is known by that token or address
    ASKED = "asked"  # the sender is not proven: she was mailed the link that would do it
    ASKED_LATELY = "asked_lately"  # the same, and such a mail went to her not long ago


class InboundMessage(Base):
    """A mail that came in. After a while (`NEWSLETTER_KEEP_INBOUND_DAYS`), or once its sender is erased, nothing but
    its digest is left, so that the same mailbox read again changes nothing."""

    __tablename__ = "inbound_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    # SHA-256 of the octets, line ends made alike.
    digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    kind: Mapped[InboundKind] = mapped_column(state_column(InboundKind), index=True)
    state: Mapped[InboundState] = mapped_column(state_column(InboundState), index=True)
    result: Mapped[InboundResult | None] = mapped_column(state_column(InboundResult))
    # Whose wish it was, where that is known: by the token, or by a From that can be trusted.
    subscriber_id: Mapped[int | None] = mapped_column(sa.ForeignKey("subscriber.id"), index=True)
    sender: Mapped[str] = mapped_column(sa.String(320), default="")  # as From says; proves nothing
    subject: Mapped[str] = mapped_column(sa.Text, default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")  # what was newly written, above any quoted mail
    note: Mapped[str] = mapped_column(sa.Text, default="")  # of a quarantined one: why
    size_bytes: Mapped[int]
    raw: Mapped[bytes | None] = mapped_column(sa.LargeBinary)  # at most `parsing.SIZE_MAX` of it
    read_at: Mapped[datetime] = mapped_column(index=True)
    forgotten_at: Mapped[datetime | None]  # since when only the digest is left


class InboundMention(Base):
    """A person whom a kept mail names, in its headers or text, by the keyed hash of her address: for erasing."""

    __tablename__ = "inbound_mention"

    message_id: Mapped[int] = mapped_column(
        sa.ForeignKey("inbound_message.id", ondelete="CASCADE"), primary_key=True
    )
    address_key: Mapped[bytes] = mapped_column(sa.LargeBinary(16), primary_key=True, index=True)
    is_sender: Mapped[bool]  # it came from her, as far as From can be believed
