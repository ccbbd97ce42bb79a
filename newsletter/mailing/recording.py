"""What became of claimed deliveries, written down for hundreds of them in one statement."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, WriteSession, is_postgresql
from newsletter.mailing.claiming import OF_SLICE, SliceKey
from newsletter.mailing.models import DELIVERIES, Delivery, DeliveryState
from newsletter.mailing.prepared import Prepared
from newsletter.mailing.sets import as_text, is_among, rows_given
from newsletter.transport.outcome import Outcome


class Result(NamedTuple):
    """What one claimed delivery has become, by the answer to the run that claimed it."""

    subscriber_id: int
    state: DeliveryState
    counts: bool = True
    """Whether the attempt counts; what was not tried, or failed by the relay's trouble, does not."""
    next_attempt_at: datetime | None = None
    reply_code: int | None = None
    reply_enhanced: str | None = None
    reply_text: str = ""


def record_rows(
    session: WriteSession, key: SliceKey, token: int, results: Sequence[Result], now: datetime
) -> None:
    """Moves the rows of these results that are attempting or in doubt for the run of this token, at this slice.

    Those that became the same are moved together; only words and times of their own are carried for each.
    """
    alike: dict[tuple[DeliveryState, bool, int | None, str | None], list[Result]] = {}
    for result in results:
        _, state, counts, _, code, enhanced, _ = result
        alike.setdefault((state, counts, code, enhanced), []).append(result)
    for (state, counts, code, enhanced), group in alike.items():
        values = _values(key, token, state, code, enhanced, now)
        # An attempt that does not count was counted at the claim.
        values["more_attempts"] = 0 if counts else -1
        words = [(result.subscriber_id, result.reply_text, result.next_attempt_at) for result in group]
        _record(session, values, words)


def record_accepted(
    session: WriteSession, key: SliceKey, token: int, answers: Sequence[tuple[int, Outcome]], now: datetime
) -> None:
    """As `record_rows`, in a third of the time, of readers whose messages were accepted, with the answers."""
    first = answers[0][1]
    if all([outcome == first for _, outcome in answers]):  # noqa: C419 - hundreds, and a list is faster
        values = _values(key, token, DeliveryState.ACCEPTED, first.code, first.enhanced, now)
        _record_alike(session, values, [subscriber_id for subscriber_id, _ in answers], first.text)
        return
    by_code: dict[tuple[int | None, str | None], list[_Words]] = {}
    for subscriber_id, outcome in answers:
        by_code.setdefault((outcome.code, outcome.enhanced), []).append((subscriber_id, outcome.text, None))
    for (code, enhanced), words in by_code.items():
        _record(session, _values(key, token, DeliveryState.ACCEPTED, code, enhanced, now), words)


# A reader, the server's words to her message, and when it is tried again.
_Words = tuple[int, str, datetime | None]


def _values(
    key: SliceKey, token: int, state: DeliveryState, code: int | None, enhanced: str | None, now: datetime
) -> dict[str, Any]:
    return {
        "its_mailing": key.mailing_id,
        "its_slice": key.slice_no,
        "its_token": token,
        "new_state": state,
        "more_attempts": 0,
        "new_code": code,
        "new_enhanced": enhanced,
        "new_moment": now,
    }


def _record(session: WriteSession, values: dict[str, Any], words: Sequence[_Words]) -> None:
    """Moves the rows of these readers, which all become the same."""
    _, text, next_attempt_at = words[0]
    if next_attempt_at is None and all(item[1] == text for item in words):
        _record_alike(session, values, [item[0] for item in words], text)
        return
    its_slice = values.pop("its_mailing"), values.pop("its_slice")
    values["given"] = as_text(
        [(*its_slice, reader, text, _moment(session, moment)) for reader, text, moment in words]
    )
    _with_words_of_their_own(session, values)


def _record_alike(
    session: WriteSession, values: dict[str, Any], subscriber_ids: Sequence[int], text: str
) -> None:
    values["given"] = as_text(subscriber_ids)
    values["new_text"] = text
    _with_the_same_words(session, values)


_COLUMNS = {
    # Among the rows, and not said once: else SQLite goes through the rows given here for every row of the slice.
    "mailing_id": sa.Integer(),
    "slice_no": sa.Integer(),
    "subscriber_id": sa.BigInteger(),
    "reply_text": sa.String(),
    "next_attempt_at": Delivery.next_attempt_at.type,
}


def _same_words(on_postgresql: bool) -> sa.Update:
    is_given = is_among(DELIVERIES.c.subscriber_id, "given", on_postgresql=on_postgresql)
    return (
        _moves().where(*OF_SLICE, is_given).values(reply_text=sa.bindparam("new_text"), next_attempt_at=None)
    )


def _own_words(on_postgresql: bool) -> sa.Update:
    given = rows_given("given", _COLUMNS, on_postgresql=on_postgresql)
    return (
        _moves()
        .where(*(DELIVERIES.c[name] == given.c[name] for name in ("mailing_id", "slice_no", "subscriber_id")))
        .values(reply_text=given.c.reply_text, next_attempt_at=given.c.next_attempt_at)
    )


def _moves() -> sa.Update:
    state = DELIVERIES.c.state
    return (
        sa.update(DELIVERIES)
        .where(
            DELIVERIES.c.run_token == sa.bindparam("its_token"),
            sa.or_(state == DeliveryState.ATTEMPTING, state == DeliveryState.IN_DOUBT),
        )
        .values(
            state=sa.bindparam("new_state"),
            attempt_count=DELIVERIES.c.attempt_count + sa.bindparam("more_attempts"),
            reply_code=sa.bindparam("new_code"),
            reply_enhanced=sa.bindparam("new_enhanced"),
            changed_at=sa.bindparam("new_moment"),
        )
    )


_with_the_same_words = Prepared(_same_words)
_with_words_of_their_own = Prepared(_own_words)


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
