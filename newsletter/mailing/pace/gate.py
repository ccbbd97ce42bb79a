"""The gate that is asked before a message is handed over: may one to this group leave now?

Each limit is one row for all workers. A worker takes places in chunks by one UPDATE, on the clock of the database, and deals
them out by itself, each at its own moment (the generic cell rate algorithm): no row is locked per message, and a worker that
dies wastes one chunk at most.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog

from newsletter.foundation.database import (
    Database,
    ReadSession,
    WriteSession,
)
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.mailing.domains import GROUPS, OTHER
from newsletter.mailing.pace.limits import NO_LIMIT, RELAY, Limit, limit_from, share
from newsletter.mailing.pace.models import Pace, PaceLimit
from newsletter.mailing.pace.reserving import NO_STEP, Grant, reserve

_CHUNK_SECONDS = 0.04
_REFRESH_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 1.0
_TURN_SECONDS = 10  # where there are fewer connections than workers, they take turns
_CHUNKS_OF_A_BURST = 8
_LATE_SECONDS = 0.02

_log = structlog.get_logger()


class _Lane:
    """The places that this worker holds of one limit, and what it has on the wire."""

    def __init__(self) -> None:
        self.left = 0
        self.at_once = 0  # so many of these came from a burst, and have no moment of their own
        self.next_at = 0.0  # on the monotonic clock
        self.step = 0.0
        self.on_the_wire = 0

    def take(self, grant: Grant, now: float) -> None:
        """Takes over the places of a grant."""
        self.left, self.step, self.next_at = grant.count, grant.step, now + grant.wait
        self.at_once = 0 if grant.wait >= 0 else min(grant.count, int(-grant.wait / grant.step) + 1)

    def use(self) -> None:
        """One place is used, or given up."""
        self.left -= 1
        self.at_once = max(0, self.at_once - 1)
        self.next_at += self.step

    def drop_late(self, now: float) -> None:
        """Gives up what was not used at its moment: made good together, it would be a burst that nobody allowed."""
        while self.left and not self.at_once and self.step > NO_STEP and now - self.next_at > _LATE_SECONDS:
            self.use()


class PaceGate:
    """The gate of one worker. Limits that are changed while it runs hold within a second."""

    def __init__(
        self,
        database: Database,
        limits: Mapping[str, Limit],
        name: str = "",
        living: Callable[[ReadSession], Collection[str]] = lambda _session: (),
        *,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`limits` are those of the settings; `living` names the workers that are alive, `name` being this one's.

        Clocks in seconds: `wall` is the one that all share on SQLite, `steady` never jumps.
        """
        self._database = database
        self._settings = dict(limits)
        self._name = name
        self._living = living
        self._wall, self._steady = wall, steady
        self._limits: Mapping[str, Limit] = self._settings
        self._lanes: dict[str, _Lane] = {}
        self.version = 0
        self._looked_at = -_REFRESH_SECONDS
        self._has_looked = self._is_kept_up = False
        self._workers, self._rank = 1, 0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether no limit holds at this moment, so that nobody need be asked for."""
        return self._has_looked and not self._limits

    @property
    def messages_per_connection(self) -> int | None:
        """How many messages may go over one connection to a relay; None where no limit says so."""
        return self._limits.get(RELAY, NO_LIMIT).per_connection

    @contextmanager
    def keeping_up(self) -> Iterator["PaceGate"]:
        """Looks for changes in a thread of its own, for the length of the block: whoever asks never waits for that."""
        ended = threading.Event()
        self._is_kept_up = True
        thread = threading.Thread(target=self._keep_up, args=(ended,), name="pace", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            ended.set()
            thread.join(5)
            self._is_kept_up = False

    def _keep_up(self, ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                self._look()
            except DatabaseNotReady as error:
                _log.warning("pace not looked up", reason=str(error))
            ended.wait(_REFRESH_SECONDS)

    def wait_for(self, domain: str) -> float:
        """0.0: one message to this domain may be handed over now, and is counted; else ask again after so many seconds.

        A database that is away keeps the gate shut.
        """
        with self._lock:
            try:
                self._refresh()
                names = [name for name in self._names(domain) if name in self._limits]
                wait = max((self._wait(name) for name in names), default=0.0)
            except DatabaseNotReady:
                return _LONGEST_WAIT_SECONDS
            if wait > 0:
                return min(wait, _LONGEST_WAIT_SECONDS)
            for name in names:
                lane = self._lanes[name]
                lane.on_the_wire += 1
                lane.use()
            return 0.0

    def done(self, domain: str) -> None:
        """The message that was let go has its outcome."""
        with self._lock:
            for name in self._names(domain):
                lane = self._lanes.get(name)
                if lane is not None and lane.on_the_wire > 0:
                    lane.on_the_wire -= 1

    def _names(self, domain: str) -> tuple[str, str]:
        """The limits that hold for a domain: the relay's, and its own, its provider's, or that of all others."""
        if domain in self._limits:
            return RELAY, domain
        return RELAY, GROUPS.get(domain, OTHER)

    def _wait(self, name: str) -> float:
        """Seconds until the next place of a limit; takes a chunk where this worker has none left."""
        limit = self._limits[name]
        lane = self._lanes.setdefault(name, _Lane())
        if limit.connections is not None:
            turn = int(self._wall()) // _TURN_SECONDS
            if lane.on_the_wire >= share(limit.connections, self._workers, self._rank + turn):
                return 0.01
        lane.drop_late(self._steady())
        if lane.left <= 0:
            if limit.per_second is None and limit.warm_up is None:
                lane.take(Grant(1, 0.0, NO_STEP), self._steady())
                return 0.0
            # All chunks together are a twenty-fifth of a second's worth; what was not used at its moment is soon given up.
            chunk = (limit.per_second or 1 / _CHUNK_SECONDS) * _CHUNK_SECONDS / self._workers
            count = max(1, int(chunk))
            with self._database.transaction() as session:
                most = limit.burst // (_CHUNKS_OF_A_BURST * self._workers)
                grant = reserve(session, name, limit, count, self._wall(), most)
            if grant.count == 0:
                return grant.wait
            lane.take(grant, self._steady())
        return max(0.0, lane.next_at - self._steady())

    def _refresh(self) -> None:
        """Looks for changes, where nobody else does and it is time."""
        if not self._is_kept_up and self._steady() - self._looked_at >= _REFRESH_SECONDS:
            self._look()

    def _look(self) -> None:
        """Looks for limits that were changed, and for workers that came or went."""
        with self._database.read() as session:
            changed = changed_limits(session)
            names = sorted({*self._living(session), self._name})
        self._looked_at = self._steady()
        self._workers, self._rank = len(names), names.index(self._name)
        limits = {name: limit for name, limit in (self._settings | changed).items() if limit != NO_LIMIT}
        has_changed = limits != self._limits
        if has_changed:
            for lane in self._lanes.values():
                lane.left = 0  # what was taken at another speed is given up
        self._limits, self._has_looked = limits, True
        self.version += has_changed


def changed_limits(session: ReadSession) -> dict[str, Limit]:
    """The limits that were set while mail was going out; they hold instead of those of the settings."""
    return {row.name: limit_from(row.words) for row in session.scalars(sa.select(PaceLimit))}


def change_limit(session: WriteSession, name: str, limit: Limit | None, now: datetime) -> None:
    """Sets a limit for all workers; None: that of the settings holds again.

    Places that were taken at another speed, and lie in the future, are given back.
    """
    session.execute(sa.delete(PaceLimit).where(PaceLimit.name == name))
    if limit is not None:
        session.add(PaceLimit(name=name, words=str(limit), changed_at=now))
    session.execute(sa.update(Pace).where(Pace.name == name).values(due_seconds=0.0))


def used_today(session: ReadSession, now: datetime) -> dict[str, int]:
    """How many messages each group was let go today (UTC)."""
    day = (now.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(days=1)
    rows = session.execute(sa.select(Pace.name, Pace.day_count).where(Pace.day == day))
    return {row.name: row.day_count for row in rows}
