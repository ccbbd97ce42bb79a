"""Claimed messages that wait for their turn: by the pace shared with others, and by the limits of their mailing."""

import time
from collections import deque
from collections.abc import Collection, Hashable, Iterable
from itertools import chain
from typing import Protocol

from newsletter.transport.smtp import Job

# How many messages may be with the line at once where only a pace holds them back.
_WITH_THE_LINE = 100


class Gate(Protocol):
    """The pace that all processes share. Safe to call from any thread."""

    @property
    def is_open(self) -> bool:
        """Whether no limit holds at this moment, so that nobody need be asked for."""

    @property
    def version(self) -> int:
        """Another number when limits have changed."""

    def wait_for(self, domain: str) -> float:
        """0.0: one message to this domain may be handed over now, and is counted; else ask again after so many seconds."""

    def done(self, domain: str) -> None:
        """The message that was let go has its outcome."""


class OpenGate:
    """A gate that never makes anybody wait."""

    is_open = True
    version = 0

    def wait_for(self, domain: str) -> float:  # noqa: ARG002 - the protocol's signature
        """Never a wait."""
        return 0.0

    def done(self, domain: str) -> None:
        """Nothing is counted."""


OPEN_GATE = OpenGate()


class Shelf:
    """Messages by domain, in the order in which they came. Used by one thread."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._new: list[Job] = []  # not sorted by domain yet: where nothing is limited, nobody need know
        self._waiting: dict[str, deque[Job]] = {}
        self._not_before: dict[str, float] = {}
        self.connections: int | None = None
        """At most so many messages with the line at once; None for no limit of the mailing's own."""
        self._per_minute: int | None = None
        self._next_at = 0.0

    def __len__(self) -> int:
        return len(self._new) + sum(map(len, self._waiting.values()))

    @property
    def ready_count(self) -> int:
        """How many messages wait here for domains that nothing is known to hold back."""
        moment = time.monotonic()
        return len(self._new) + sum(
            len(queue)
            for domain, queue in self._waiting.items()
            if self._not_before.get(domain, 0.0) <= moment
        )

    @property
    def is_limited(self) -> bool:
        """Whether messages may have to wait here."""
        return not self._gate.is_open or self.connections is not None or self._per_minute is not None

    @property
    def limits(self) -> tuple[int | None, int | None, int]:
        """What holds at this moment, to be compared with what held before."""
        return self.connections, self._per_minute, self._gate.version

    def set_pace(self, per_minute: int | None) -> None:
        """From now on at most so many messages a minute; None for no limit of the mailing's own."""
        if per_minute != self._per_minute:
            self._per_minute, self._next_at = per_minute, time.monotonic()

    def add(self, jobs: Iterable[Job]) -> None:
        """Lets these follow what waits."""
        self._new += jobs

    def take_back(self, keys: Collection[Hashable] | None) -> list[Hashable]:
        """Takes the messages with these keys away, or all; the keys of those that were here."""
        taken = [job.key for job in self._everything() if keys is None or job.key in keys]
        if taken:
            self._new = [] if keys is None else [job for job in self._everything() if job.key not in keys]
            self._waiting.clear()
        return taken

    def _everything(self) -> Iterable[Job]:
        return chain(*self._waiting.values(), self._new)

    def _sort_in(self) -> None:
        for job in self._new:
            self._waiting.setdefault(_domain(job.recipient), deque()).append(job)
        self._new = []

    def take_what_may_go(self, with_the_line: int) -> list[Job]:
        """The messages that may be handed over now, where so many are with the line already."""
        if not self.is_limited:
            everything = list(self._everything())
            self._waiting.clear()
            self._new = []
            return everything
        self._sort_in()
        room = min(self.connections or _WITH_THE_LINE, _WITH_THE_LINE) - with_the_line
        let_go: list[Job] = []
        # In turn, one of each domain, so that none waits behind another.
        while room > len(let_go) and self._waiting and self._is_time():
            before = len(let_go)
            for domain in list(self._waiting):
                if room <= len(let_go) or not self._is_time():
                    break
                if self._may_go(domain):
                    let_go.append(self._waiting[domain].popleft())
                    self._count()
                    if not self._waiting[domain]:
                        del self._waiting[domain]
            if len(let_go) == before:
                break
        return let_go

    def _is_time(self) -> bool:
        return self._per_minute is None or time.monotonic() >= self._next_at

    def _count(self) -> None:
        if self._per_minute is not None:
            # What was not used for up to half a second may be made up for, and no more.
            self._next_at = max(self._next_at, time.monotonic() - 0.5) + 60 / self._per_minute

    def _may_go(self, domain: str) -> bool:
        if self._gate.is_open:
            return True
        moment = time.monotonic()
        if self._not_before.get(domain, 0.0) > moment:
            return False
        seconds = self._gate.wait_for(domain)
        if seconds > 0:
            self._not_before[domain] = moment + seconds
        return seconds <= 0

    def done(self, recipient: str) -> None:
        """Says that a message to this address has its outcome."""
        if self._gate is not OPEN_GATE:
            self._gate.done(_domain(recipient))


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
