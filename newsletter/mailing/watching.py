"""Watching what others change while messages wait to be handed over: pauses, limits, readers who leave."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession
from newsletter.mailing.claiming import unwanted
from newsletter.mailing.connection import IS_AWAY, OwnConnection
from newsletter.mailing.models import MAILINGS, MailingState
from newsletter.mailing.prepared import Prepared

_SECONDS = 0.05
_SECONDS_MAX = 0.4
# A look takes this part of the time, where it takes long: the database has other work to do.
_SHARE = 0.1
_AWAY_SECONDS = 1.0  # where the database was away


@dataclass(frozen=True, slots=True)
class Seen:
    """What holds for a mailing at this moment."""

    runs: bool
    connections: int | None
    per_minute: int | None
    left: frozenset[int]
    """Of those readers who were asked about, whoever may not be mailed any more."""


class Watch:
    """Looks at one mailing now and then, over the connection of whoever sends it."""

    def __init__(self, connection: OwnConnection, mailing_id: int, clock: Callable[[], datetime]) -> None:
        self._connection = connection
        self._mailing_id = mailing_id
        self._clock = clock
        self._next_at = time.monotonic() + _SECONDS

    def look(self, slices: Mapping[int, int]) -> Seen | None:
        """What has changed, where it is time to look, and anything may have.

        `slices` has the slice that each run is at, by its token: their readers are asked about.
        """
        moment = time.monotonic()
        if moment < self._next_at:
            return None
        self._next_at = moment + _SECONDS
        if not self._connection.was_written_to():
            return None
        try:
            with self._connection.transaction() as session:
                seen = self._look(session, slices)
        except IS_AWAY:
            # Nobody can change anything where the database is away; for how long it may be, the next writing finds out.
            self._next_at = moment + _AWAY_SECONDS
            return None
        took = time.monotonic() - moment
        self._next_at = moment + min(max(_SECONDS, took / _SHARE), _SECONDS_MAX)
        return seen

    def _look(self, session: ReadSession, slices: Mapping[int, int]) -> Seen:
        row = _row_of_mailing(session, {"its_mailing": self._mailing_id}).one()
        state, connections, per_minute = tuple(row)
        left = unwanted(session, self._mailing_id, slices, self._clock())
        return Seen(state == MailingState.RUNNING, connections, per_minute, frozenset(left))


_row_of_mailing = Prepared(
    lambda _on_postgresql: sa.select(MAILINGS.c.state, MAILINGS.c.connections, MAILINGS.c.per_minute).where(
        MAILINGS.c.id == sa.bindparam("its_mailing")
    )
)
