"""What became of claimed deliveries, written down for hundreds of them in one statement."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.mailing.models import Delivery, DeliveryState
from newsletter.mailing.sets import is_postgresql, rows_given


class Result(NamedTuple):
    """What one claimed delivery has become, by the answer to the run of this token."""

    token: int
    subscriber_id: int
    state: DeliveryState
    attempt_count: int
    next_attempt_at: datetime | None = None
    reply_code: int | None = None
    reply_enhanced: str | None = None
    reply_text: str = ""


_COLUMNS = {
    # Among the rows, and not said once: else SQLite goes through the whole mailing for every row.
    "mailing_id": sa.Integer(),
    "token": sa.BigInteger(),
    "subscriber_id": sa.BigInteger(),
    "state": sa.String(),
    "attempt_count": sa.Integer(),
    "next_attempt_at": Delivery.next_attempt_at.type,
    "reply_code": sa.Integer(),
    "reply_enhanced": sa.String(),
    "reply_text": sa.String(),
}


def record_rows(session: WriteSession, mailing_id: int, results: Sequence[Result], now: datetime) -> None:
    """Moves the rows of these results that are attempting or in doubt for the run that the result is of."""
    if not results:
        return
    rows = [
        (mailing_id, *result[:4], _moment(session, result.next_attempt_at), *result[5:])
        if result.next_attempt_at is not None
        else (mailing_id, *result)
        for result in results
    ]
    given = rows_given(session, rows, _COLUMNS)
    session.execute(
        sa.update(Delivery)
        .where(
            Delivery.mailing_id == given.c.mailing_id,
            Delivery.subscriber_id == given.c.subscriber_id,
            Delivery.run_token == given.c.token,
            Delivery.state.in_([DeliveryState.ATTEMPTING, DeliveryState.IN_DOUBT]),
        )
        .values(
            state=given.c.state,
            attempt_count=given.c.attempt_count,
            next_attempt_at=given.c.next_attempt_at,
            reply_code=given.c.reply_code,
            reply_enhanced=given.c.reply_enhanced,
            reply_text=given.c.reply_text,
            changed_at=now,
        )
        .execution_options(synchronize_session=False)
    )


def _moment(session: ReadSession, moment: datetime) -> str:
    """A moment as the database writes it."""
    in_utc = moment.astimezone(UTC)
    if is_postgresql(session):
        return in_utc.isoformat()
    return in_utc.strftime("%Y-%m-%d %H:%M:%S.%f")


def database_now(session: ReadSession, now: datetime) -> sa.ColumnElement[datetime]:
    """The moment by the clock of the database, which all machines share; with SQLite there is one machine, and `now`."""
    if is_postgresql(session):
        return sa.func.clock_timestamp(type_=Delivery.changed_at.type)
    return sa.literal(now, Delivery.changed_at.type)
