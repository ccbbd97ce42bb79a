"""One delivery of a feed's jobs: which are under way, who waits for work, and that each job gets exactly one outcome."""

import asyncio
from collections.abc import Callable

from newsletter.foundation.errors import NewsletterError
from newsletter.transport.envelope import Entry, Job
from newsletter.transport.feed import Feed
from newsletter.transport.outcome import BackOff, Outcome, not_tried

_ATTEMPTS_MAX = 3
_LOOK_FOR_STOP_SECONDS = 0.1


class Run:
    """Hands out jobs in order, takes back what was not handed over, and reports each outcome once.

    It lives in an event loop; only the feed is touched by other threads.
    """

    def __init__(
        self, feed: Feed, on_outcome: Callable[[Job, Outcome], None], stop: Callable[[], bool]
    ) -> None:
        self._feed = feed
        self._on_outcome = on_outcome
        self._stop = stop
        self._is_stopped = False
        self._failure: Exception | None = None
        self._under_way_count = 0
        self._promised_count = 0  # workers that were told of work and have not begun it
        self._sleepers: list[asyncio.Future[None]] = []
        self._resting: list[asyncio.Future[None]] = []
        self._loop = asyncio.get_running_loop()
        self._watch: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Takes the feed. Raises RuntimeError where another delivery has it."""
        self._feed.attach(self._wake_from_any_thread)
        self._look_for_stop()

    # For the dialogues: jobs and outcomes

    def is_stopped(self) -> bool:
        """Whether no job may be begun any more; asks `stop` until it once says yes."""
        if not self._is_stopped and self._stop():
            self._is_stopped = True
        return self._is_stopped

    def may_go_on(self) -> bool:
        """Whether there is something to begin and nobody has asked to stop."""
        return self._feed.waiting_count > 0 and not self.is_stopped()

    def take(self) -> Entry | None:
        """The next job to begin, or None where there is none or somebody asked to stop."""
        if self._is_stopped or self._stop():
            self._is_stopped = True
            return None
        entry = self._feed.take()
        if entry is not None:
            entry.attempts += 1
            self._under_way_count += 1
        return entry

    def report(self, entry: Entry, outcome: Outcome) -> None:
        """Says what became of a job. Where the listener fails, nothing more is begun and `close` raises its error."""
        if entry.is_decided:
            return
        entry.is_decided = True
        self._under_way_count -= 1
        try:
            self._on_outcome(entry.job, outcome)
        except Exception as error:
            self.fail(error)
        if self._under_way_count == 0:
            self.wake()

    def give_back(self, entry: Entry, reason: str, *, was_begun: bool = True) -> None:
        """Lets a job that was surely not handed over be begun again, unless it has been begun often enough.

        One that merely waited behind another (`was_begun` False) does not count as begun.
        """
        entry.is_handed_over, entry.refusal, entry.making = False, None, None
        if not was_begun:
            entry.attempts -= 1
        if entry.attempts >= _ATTEMPTS_MAX:
            words = f"begun {entry.attempts} times without being handed over: {reason}"
            self.report(entry, not_tried(words, BackOff.RELAY))
        else:
            self._under_way_count -= 1
            self._feed.give_back(entry)
            self.wake()

    def fail(self, error: Exception) -> None:
        """Lets nothing more be begun; `close` will raise the first error that was handed in here."""
        self._is_stopped = True
        self._failure = self._failure or error

    # For the workers: waiting for work

    def is_over(self) -> bool:
        """Whether nothing is left to do, now or later."""
        return self.is_stopped() or (
            self._feed.is_closed and self._under_way_count == 0 and self._feed.waiting_count == 0
        )

    def needs_nobody(self) -> bool:
        """Whether a further connection would find nothing to do at present."""
        return self.is_stopped() or (self._under_way_count == 0 and self._feed.waiting_count == 0)

    async def has_work(self) -> bool:
        """Waits until there is a job for whoever asks, which is then promised to it; False when all is over."""
        while not self.is_over():
            if self._feed.await_more_than(self._promised_count):
                self._promised_count += 1
                return True
            if self.is_over():  # closed between the two looks
                return False
            sleeper = self._loop.create_future()
            self._sleepers.append(sleeper)
            await sleeper
        return False

    def redeem(self) -> None:
        """Ends the promise of `has_work`: its holder begins to take jobs, or cannot."""
        self._promised_count -= 1

    async def rest(self, seconds: float) -> None:
        """Waits so long, or until `rouse` or the end."""
        resting = self._loop.create_future()
        self._resting.append(resting)
        await asyncio.wait({resting}, timeout=seconds)
        resting.cancel()

    def rouse(self) -> None:
        """Lets all that rest go on."""
        _resolve(self._resting, len(self._resting))

    def wake(self) -> None:
        """Wakes as many sleepers as there is work for; all of them when the end has come."""
        if self.is_over():
            _resolve(self._sleepers, len(self._sleepers))
            self.rouse()
        else:
            _resolve(self._sleepers, self._feed.waiting_count - self._promised_count)
        if not self._sleepers:
            self._feed.stop_awaiting()

    def close(self, reason: str, backs_off: BackOff) -> None:
        """Reports every job that still waits as not tried; raises the error of `fail`, if there is one."""
        if self._watch is not None:
            self._watch.cancel()
        if isinstance(self._failure, NewsletterError):
            reason, backs_off = str(self._failure), BackOff.RELAY
        for entry in self._feed.end():
            self._under_way_count += 1
            self.report(entry, not_tried(reason, backs_off))
        if self._failure is not None:
            raise self._failure

    def _wake_from_any_thread(self) -> None:
        self._loop.call_soon_threadsafe(self.wake)

    def _look_for_stop(self) -> None:
        # While a message is under way `stop` is asked before each; this is for when nothing happens.
        if self.is_stopped():
            self.wake()
        else:
            self._watch = self._loop.call_later(_LOOK_FOR_STOP_SECONDS, self._look_for_stop)


def _resolve(waiting: "list[asyncio.Future[None]]", count: int) -> None:
    while count > 0 and waiting:
        future = waiting.pop()  # the last one first: it has its connection still
        if not future.done():
            future.set_result(None)
            count -= 1
