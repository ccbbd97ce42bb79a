"""Leaves of mails that came in nothing but their digest: after their time, and when a person is erased."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from newsletter.foundation.database import WriteSession
from newsletter.inbound.models import InboundMention, InboundMessage


def forget_messages_of(
    session: WriteSession, address_key: bytes, subscriber_ids: Sequence[int], now: datetime
) -> int:
    """Forgets every mail that came from this person or names her address; how many that were."""
    named = sa.select(InboundMention.message_id).where(InboundMention.address_key == address_key)
    hers = InboundMessage.subscriber_id.in_(subscriber_ids)
    return _forget(session, sa.or_(hers, InboundMessage.id.in_(named)), now)


def forget_old_messages(session: WriteSession, before: datetime, now: datetime, *, limit: int) -> int:
    """Forgets mails that were read in before that moment, whatever they are."""
    old = (
        sa.select(InboundMessage.id)
        .where(InboundMessage.read_at < before, InboundMessage.forgotten_at.is_(None))
        .order_by(InboundMessage.read_at)
        .limit(limit)
    )
    return _forget(session, InboundMessage.id.in_(old), now)


def _forget(session: WriteSession, which: sa.ColumnElement[bool], now: datetime) -> int:
    forgotten = session.scalars(
        sa.update(InboundMessage)
        .where(which, InboundMessage.forgotten_at.is_(None))
        .values(subscriber_id=None, sender="", subject="", text="", note="", raw=None, forgotten_at=now)
        .returning(InboundMessage.id)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        sa.delete(InboundMention)
        .where(InboundMention.message_id.in_(forgotten))
        .execution_options(synchronize_session=False)
    )
    return len(forgotten)
