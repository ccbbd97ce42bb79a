"""The rows that count for every worker: places are taken from a limit by one statement, on the clock of the database."""

from dataclasses import dataclass

import sqlalchemy as sa

from newsletter.foundation.database import WriteSession, insert_unless_there, is_postgresql
from newsletter.mailing.pace.limits import Limit
from newsletter.mailing.pace.models import Pace

NO_STEP = 1e-9
"""Between two messages of a limit without a rate, in seconds."""
_DAY = 86400
_NO_WARM_UP = 2**31 - 1
# What nobody took for so long may be made up for: else each moment that a lone worker comes too late would be lost.
_SLACK_SECONDS = 0.02
# So many chunks, and a minute, may be taken ahead: one a worker.
_HORIZON_SECONDS = 60.0
_HORIZON_CHUNKS = 100


@dataclass(frozen=True, slots=True)
class Grant:
    """Places that were taken from a limit: so many, the first after `wait` seconds, one each `step` seconds."""

    count: int
    wait: float
    step: float


# Nobody takes places so far ahead: the clock was put back since, and waiting for it would hold everything up.
_START = "CASE WHEN due_seconds > {now} + :horizon THEN {now} ELSE {greatest}(due_seconds, {now} - :burst_seconds) END"
# What may leave at once after a quiet time is taken in larger chunks.
_COUNT = "{greatest}(:count, {least}(:most, CAST(({now} - " + _START + ") / :step AS integer) + 1))"
_RESERVE = f"""
    UPDATE pace SET
        due_seconds = {_START} + :step * {_COUNT},
        chunk = {_COUNT},
        day_before_count = CASE WHEN day < {{today}} AND day_count > 0
            THEN {{least}}(day_count, {{greatest}}(:warm_up, 2 * day_before_count)) ELSE day_before_count END,
        day_count = CASE WHEN day < {{today}} THEN 0 ELSE day_count END + {_COUNT},
        day = {{today}}
    WHERE name = :name
    RETURNING due_seconds - :step * chunk - {{now}}, chunk, day_count, day_before_count, {{now}} {{quick}}
"""  # noqa: S608 - put together from the constants above
_ON_POSTGRESQL = {
    "greatest": "greatest",
    "least": "least",
    "now": "extract(epoch FROM statement_timestamp())::float8",
    "today": "floor(extract(epoch FROM statement_timestamp()) / 86400)::integer",
    # Losing the last reservations in a crash of the server costs nothing but a moment of greater speed.
    "quick": ", set_config('synchronous_commit', 'off', true)",
}
_ON_SQLITE = {
    "greatest": "max",
    "least": "min",
    "now": ":now",
    "today": "CAST(:now / 86400 AS integer)",
    "quick": "",
}


def reserve(session: WriteSession, name: str, limit: Limit, count: int, now: float, most: int = 1) -> Grant:
    """Takes `count` places of a limit, and up to `most` where these may leave at once.

    Fewer, or none, where its day is used up. `now` is for SQLite alone, which runs on the same clock as the caller.
    """
    is_sqlite = not is_postgresql(session)
    rate = limit.per_second
    step = 1 / rate if rate else NO_STEP
    values = {
        "name": name,
        "count": count,
        "most": most,
        "step": step,
        "burst_seconds": max(limit.burst * step, _SLACK_SECONDS),
        "horizon": _HORIZON_SECONDS + _HORIZON_CHUNKS * step * count,
        "warm_up": limit.warm_up or _NO_WARM_UP,
    }
    if is_sqlite:
        values["now"] = now
    statement = sa.text(_RESERVE.format(**(_ON_SQLITE if is_sqlite else _ON_POSTGRESQL)))
    row = session.execute(statement, values).one_or_none()
    if row is None:  # the first message of this group ever
        session.execute(
            insert_unless_there(session, Pace),
            {
                "name": name,
                "due_seconds": 0.0,
                "chunk": 0,
                "day": 0,
                "day_count": 0,
                "day_before_count": 0,
            },
        )
        row = session.execute(statement, values).one()
    wait, taken, day_count, day_before, moment = row[:5]
    left = day_cap(limit, day_before) - (day_count - taken)
    if left <= 0:
        return Grant(0, _DAY - moment % _DAY, step)
    return Grant(min(taken, left), wait, step)


def day_cap(limit: Limit, day_before: int) -> int:
    """How many messages may leave on a day, after one with `day_before`."""
    return _NO_WARM_UP if limit.warm_up is None else max(limit.warm_up, 2 * day_before)
