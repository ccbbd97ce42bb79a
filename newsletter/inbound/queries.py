"""What can be asked about mails that came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession
from newsletter.foundation.errors import NewsletterError
from newsletter.inbound.models import (
    InboundKind,
    InboundMention,
    InboundMessage,
    InboundResult,
    InboundState,
)


class InboundNotFound(NewsletterError):
    """There is no mail of this number, or it was forgotten."""

    def __init__(self, message_id: int) -> None:
        super().__init__(f"There is no mail {message_id}, or it is forgotten; see `newsletter inbound list`.")
        self.message_id = message_id


@dataclass(frozen=True, slots=True)
class InboundSeen:
    """A mail that came in; `text` is what was newly written, above any quoted mail."""

    id: int
    kind: InboundKind
    state: InboundState
    result: InboundResult | None
    sender: str
    subject: str
    text: str
    note: str
    size_bytes: int
    read_at: datetime


def inbound_page(
    session: ReadSession,
    *,
    kind: InboundKind | None = None,
    state: InboundState | None = None,
    limit: int = 100,
) -> list[InboundSeen]:
    """At most `limit` mails, the newest first; forgotten ones are left out."""
    statement = sa.select(InboundMessage).where(InboundMessage.forgotten_at.is_(None))
    if kind is not None:
        statement = statement.where(InboundMessage.kind == kind)
    if state is not None:
        statement = statement.where(InboundMessage.state == state)
    found = session.scalars(statement.order_by(InboundMessage.id.desc()).limit(limit))
    return [_seen(item) for item in found]


def inbound_message(session: ReadSession, message_id: int) -> InboundSeen:
    """The mail of this number. Raises InboundNotFound."""
    found = session.get(InboundMessage, message_id)
    if found is None or found.forgotten_at is not None:
        raise InboundNotFound(message_id)
    return _seen(found)


def raw_message(session: ReadSession, message_id: int) -> bytes:
    """The octets of the mail, as far as they were kept. Raises InboundNotFound."""
    found = session.get(InboundMessage, message_id)
    if found is None or found.raw is None:
        raise InboundNotFound(message_id)
    return found.raw


def inbound_of(
    session: ReadSession, address_key: bytes, subscriber_ids: Sequence[int]
) -> tuple[InboundSeen, ...]:
    """What came in from a person, the oldest first. What others wrote about her is theirs, too, and not in it."""
    named = sa.select(InboundMention.message_id).where(
        InboundMention.address_key == address_key, InboundMention.is_sender
    )
    found = session.scalars(
        sa.select(InboundMessage)
        .where(sa.or_(InboundMessage.id.in_(named), InboundMessage.subscriber_id.in_(subscriber_ids)))
        .order_by(InboundMessage.id)
    )
    return tuple(_seen(item) for item in found)


def _seen(item: InboundMessage) -> InboundSeen:
    return InboundSeen(
        id=item.id,
        kind=item.kind,
        state=item.state,
        result=item.result,
        sender=item.sender,
        subject=item.subject,
        text=item.text,
        note=item.note,
        size_bytes=item.size_bytes,
        read_at=item.read_at,
    )
