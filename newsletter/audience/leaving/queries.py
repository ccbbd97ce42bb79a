"""What can be asked about leaving: how readers left a list, and what they said was why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from newsletter.audience.models import EndReason, LeaveReason, LeaveWay, Subscription
from newsletter.foundation.database import ReadSession


@dataclass(frozen=True, slots=True)
class LeavingCounts:
    """Of those who left a list themselves: by which way, and for which reason where they gave one; the most first."""

    by_way: dict[LeaveWay, int]
    by_reason: dict[LeaveReason, int]


def leaving_counts(session: ReadSession, list_id: int) -> LeavingCounts:
    """How readers left this list. Who left before the way was kept counts in neither."""

    ways = _counted(session, list_id, Subscription.leave_way)
    reasons = _counted(session, list_id, Subscription.leave_reason)
    return LeavingCounts(
        {LeaveWay(way): count for way, count in ways},
        {LeaveReason(reason): count for reason, count in reasons},
    )


def _counted(
    session: ReadSession, list_id: int, column: InstrumentedAttribute[Any]
) -> Sequence[sa.Row[Any, int]]:
    return session.execute(
        sa.select(column, sa.func.count())
        .where(
            Subscription.list_id == list_id,
            Subscription.end_reason == EndReason.UNSUBSCRIBED,
            column.is_not(None),
        )
        .group_by(column)
        .order_by(sa.func.count().desc(), column)
    ).all()
