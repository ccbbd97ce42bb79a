"""Watching what others change while messages wait to be handed over: pauses, limits, readers who leave."""

from dataclasses import dataclass

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession
from newsletter.mailing.models import MAILINGS, MailingState
from newsletter.mailing.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Orders:
    """What holds for a mailing at this moment."""

    runs: bool
    connections: int | None
    per_minute: int | None


def orders_for(session: ReadSession, mailing_id: int) -> Orders:
    """What the mailing's row says now."""
    state, connections, per_minute = tuple(_orders(session, {"its_mailing": mailing_id}).one())
    return Orders(state == MailingState.RUNNING, connections, per_minute)


_orders = Prepared(
    lambda _on_postgresql: sa.select(MAILINGS.c.state, MAILINGS.c.connections, MAILINGS.c.per_minute).where(
        MAILINGS.c.id == sa.bindparam("its_mailing")
    )
)
