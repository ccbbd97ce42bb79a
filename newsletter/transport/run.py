"""The jobs of one call of `deliver`: which wait, how often each was begun, and that each gets exactly one outcome."""

from collections import deque
from collections.abc import Callable, Sequence

from newsletter.foundation.errors import NewsletterError
from newsletter.transport.envelope import Job
from newsletter.transport.outcome import Outcome, Verdict, not_tried

_ATTEMPTS_MAX = 3
_UNJUDGED = frozenset({Verdict.IN_DOUBT, Verdict.NOT_TRIED})


class Entry:
    """A job on its way through one call of `deliver`."""

    __slots__ = ("attempts", "is_decided", "job")

    def __init__(self, job: Job) -> None:
        self.job = job
        self.attempts = 0
        self.is_decided = False


class Run:
    """Hands out jobs in order, takes back what was not handed over, and reports each outcome once."""

    def __init__(
        self, jobs: Sequence[Job], on_outcome: Callable[[Job, Outcome], None], stop: Callable[[], bool]
    ) -> None:
        self._entries = [Entry(job) for job in jobs]
        self._waiting = deque(self._entries)
        self._on_outcome = on_outcome
        self._stop = stop
        self._is_stopped = False
        self._failure: Exception | None = None
        self._undecided_count = len(self._entries)
        self.lost_in_a_row = 0
        """How many connections ended since a message was last judged."""

    @property
    def waiting_count(self) -> int:
        """How many jobs wait to be begun."""
        return len(self._waiting)

    def may_go_on(self) -> bool:
        """Whether there is something to begin and nobody has asked to stop."""
        return bool(self._waiting) and not self.is_stopped()

    def is_stopped(self) -> bool:
        """Whether no job may be begun any more; asks `stop` until it once says yes."""
        if not self._is_stopped and self._stop():
            self._is_stopped = True
        return self._is_stopped

    def needs_nobody(self) -> bool:
        """Whether a further connection would find nothing to do any more, now or later."""
        return self._undecided_count == 0 or self.is_stopped()

    def take(self) -> Entry | None:
        """The next job to begin, or None where there is none or somebody asked to stop."""
        if not self.may_go_on():
            return None
        entry = self._waiting.popleft()
        entry.attempts += 1
        return entry

    def report(self, entry: Entry, outcome: Outcome) -> None:
        """Says what became of a job. Where the listener fails, nothing more is begun and `deliver` raises its error."""
        if entry.is_decided:
            return
        entry.is_decided = True
        self._undecided_count -= 1
        if outcome.verdict not in _UNJUDGED:
            self.lost_in_a_row = 0
        try:
            self._on_outcome(entry.job, outcome)
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Lets nothing more be begun; `close` will raise the first error that was handed in here."""
        self._is_stopped = True
        self._failure = self._failure or error

    def give_back(self, entry: Entry, reason: str, *, was_begun: bool = True) -> None:
        """Lets a job that was surely not handed over be begun again, unless it has been begun often enough.

        One that merely waited behind another (`was_begun` False) does not count as begun.
        """
        if not was_begun:
            entry.attempts -= 1
        if entry.attempts >= _ATTEMPTS_MAX:
            self.report(entry, not_tried(f"begun {entry.attempts} times without being handed over: {reason}"))
        else:
            self._waiting.appendleft(entry)

    def close(self, reason: str) -> None:
        """Reports every job without an outcome as not tried; raises the error of `fail`, if there is one."""
        self._waiting.clear()
        if isinstance(self._failure, NewsletterError):
            reason = str(self._failure)
        for entry in self._entries:
            self.report(entry, not_tried(reason))
        if self._failure is not None:
            raise self._failure
