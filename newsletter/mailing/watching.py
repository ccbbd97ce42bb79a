"""Watching what others change while messages wait to be handed over: pauses, limits, readers who leave."""

from dataclasses import dataclass

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession
from newsletter.mailing.models import Mailing, MailingState


@dataclass(frozen=True, slots=True)
class Orders:
    """What holds for a mailing at this moment."""

    runs: bool
    connections: int | None
    per_minute: int | None


def orders_for(session: ReadSession, mailing_id: int) -> Orders:
    """What the mailing's row says now."""
    state, connections, per_minute = session.execute(
        sa.select(Mailing.state, Mailing.connections, Mailing.per_minute).where(Mailing.id == mailing_id)
    ).one()
    return Orders(state is MailingState.RUNNING, connections, per_minute)
