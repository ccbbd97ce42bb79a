"""A feed: jobs that are put in by one thread while the event loop of another hands them over.

A job waits in the feed until the moment at which its envelope would be written; until then it may be withdrawn. So no
more than one message for each connection is committed at any time, however many wait.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence

from newsletter.transport.envelope import Entry, Job
from newsletter.transport.errors import FeedIsOver


class Feed:
    """Jobs for one delivery, in order. Every method may be called from any thread, at any time.

    Exactly one outcome is told of every job that was put in and not withdrawn, `SmtpTransport.deliver_from` says how.
    """

    def __init__(self, jobs: Sequence[Job] = ()) -> None:
        self._lock = threading.Lock()
        self._waiting = deque(map(Entry, jobs))
        self._is_closed = False
        self._is_over = False
        self._is_awaited = False
        self._wake: Callable[[], None] | None = None

    # For those who fill it

    def put(self, jobs: Sequence[Job]) -> None:
        """Lets these jobs follow what waits. Raises FeedIsOver, with none of them taken, where the delivery has ended."""
        entries = list(map(Entry, jobs))
        with self._lock:
            if self._is_closed:
                raise ValueError("this feed was closed: no more was to come")
            if self._is_over:
                raise FeedIsOver
            self._waiting.extend(entries)
            self._wake_up()

    def withdraw(self, keys: Collection[Hashable] | None = None) -> set[Hashable]:
        """Takes back the jobs with these keys, or all, of which no envelope is out; gives the keys of those taken back.

        They get no outcome. One that was begun and surely not handed over waits again, and is taken back too.
        """
        with self._lock:
            if keys is None:
                withdrawn = {entry.job.key for entry in self._waiting}
                self._waiting.clear()
            else:
                wanted = keys if isinstance(keys, set | frozenset | dict) else set(keys)
                withdrawn = {entry.job.key for entry in self._waiting if entry.job.key in wanted}
                if withdrawn:
                    self._waiting = deque(entry for entry in self._waiting if entry.job.key not in wanted)
            self._wake_up()
        return withdrawn

    def close(self) -> None:
        """Says that no more will come: the delivery returns when every job has its outcome. May be said twice."""
        with self._lock:
            self._is_closed = True
            self._wake_up()

    @property
    def waiting_count(self) -> int:
        """How many jobs wait to be begun."""
        return len(self._waiting)

    # For the delivery that empties it

    @property
    def is_closed(self) -> bool:
        """Whether no more will come."""
        return self._is_closed

    def attach(self, wake: Callable[[], None]) -> None:
        """Lets one delivery begin; `wake` may be called from any thread. Raises RuntimeError where another has it."""
        with self._lock:
            if self._wake is not None or self._is_over:
                raise RuntimeError("a feed is for one delivery")
            self._wake = wake

    def take(self) -> Entry | None:
        """The next job, None where there is none."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def await_more_than(self, count: int) -> bool:
        """Whether more than so many jobs wait; if not, `wake` is called at every change until `stop_awaiting`."""
        with self._lock:
            if len(self._waiting) > count:
                return True
            self._is_awaited = True
            return False

    def stop_awaiting(self) -> None:
        """Ends `await_more_than`."""
        self._is_awaited = False

    def give_back(self, entry: Entry) -> None:
        """Lets a job be the next one again."""
        with self._lock:
            self._waiting.appendleft(entry)

    def end(self) -> Iterable[Entry]:
        """Ends the feed; gives what still waits in it."""
        with self._lock:
            self._is_over = True
            self._wake = None
            left, self._waiting = self._waiting, deque()
        return left

    def _wake_up(self) -> None:
        if self._is_awaited and self._wake is not None:
            self._wake()
