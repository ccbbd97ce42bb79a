"""What became of claimed deliveries, written down for hundreds of them in one statement."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.mailing.models import Delivery, DeliveryState
from newsletter.mailing.sets import is_postgresql, numbers, rows_given


class Result(NamedTuple):
    """What one claimed delivery has become, by the answer to the run of this token."""

    token: int
    subscriber_id: int
    state: DeliveryState
    counts: bool = True
    """Whether the attempt counts; what was not tried, or failed by the relay's trouble, does not."""
    next_attempt_at: datetime | None = None
    reply_code: int | None = None
    reply_enhanced: str | None = None
    reply_text: str = ""


_COLUMNS = {
    # Among the rows, and not said once: else SQLite goes through the whole mailing for every row.
    "mailing_id": sa.Integer(),
    "subscriber_id": sa.BigInteger(),
    "reply_text": sa.String(),
    "next_attempt_at": Delivery.next_attempt_at.type,
}
_UNDECIDED = (DeliveryState.ATTEMPTING, DeliveryState.IN_DOUBT)


def record_rows(session: WriteSession, mailing_id: int, results: Sequence[Result], now: datetime) -> None:
    """Moves the rows of these results that are attempting or in doubt for the run that the result is of.

    Those that became the same are moved together; only words and times of their own are carried for each.
    """
    alike: dict[tuple[object, ...], list[Result]] = {}
    for result in results:
        # An attempt that does not count was counted at the claim.
        key = (result.token, result.state, result.counts, result.reply_code, result.reply_enhanced)
        alike.setdefault(key, []).append(result)
    for group in alike.values():
        first = group[0]
        count = Delivery.attempt_count if first.counts else Delivery.attempt_count - 1
        statement = sa.update(Delivery).values(
            state=first.state,
            attempt_count=count,
            reply_code=first.reply_code,
            reply_enhanced=first.reply_enhanced,
            changed_at=now,
        )
        its = (Delivery.run_token == first.token, Delivery.state.in_(_UNDECIDED))
        words = {result.reply_text for result in group}
        if len(words) == 1 and first.next_attempt_at is None:
            ids = numbers(session, [result.subscriber_id for result in group])
            statement = statement.where(
                Delivery.mailing_id == mailing_id, Delivery.subscriber_id.in_(ids), *its
            ).values(reply_text=first.reply_text, next_attempt_at=None)
        else:
            rows = [
                (
                    mailing_id,
                    result.subscriber_id,
                    result.reply_text,
                    _moment(session, result.next_attempt_at),
                )
                for result in group
            ]
            given = rows_given(session, rows, _COLUMNS)
            statement = statement.where(
                Delivery.mailing_id == given.c.mailing_id,
                Delivery.subscriber_id == given.c.subscriber_id,
                *its,
            ).values(reply_text=given.c.reply_text, next_attempt_at=given.c.next_attempt_at)
        session.execute(statement.execution_options(synchronize_session=False))


def _moment(session: ReadSession, moment: datetime | None) -> str | None:
    """A moment as the database writes it."""
    if moment is None:
        return None
    in_utc = moment.astimezone(UTC)
    if is_postgresql(session):
        return in_utc.isoformat()
    return in_utc.strftime("%Y-%m-%d %H:%M:%S.%f")


def database_now(session: ReadSession, now: datetime) -> sa.ColumnElement[datetime]:
    """The moment by the clock of the database, which all machines share; with SQLite there is one machine, and `now`."""
    if is_postgresql(session):
        return sa.func.clock_timestamp(type_=Delivery.changed_at.type)
    return sa.literal(now, Delivery.changed_at.type)
