"""What a worker has done, in figures: messages by what became of them, and how fast they go."""

import threading
import time
from collections import Counter, deque
from typing import Any

_WINDOW_SECONDS = 10


class Figures:
    """Counts that any thread may add to. They name verdicts, never a person."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()  # by verdict
        self._seconds: deque[list[int]] = deque(maxlen=_WINDOW_SECONDS + 1)  # [second, messages in it]
        self.began_at = time.monotonic()

    def count(self, verdict: str) -> None:
        """One message has its outcome."""
        second = int(time.monotonic())
        with self._lock:
            self._counts[verdict] += 1
            if not self._seconds or self._seconds[-1][0] != second:
                self._seconds.append([second, 0])
            self._seconds[-1][1] += 1

    def rate(self) -> float:
        """Messages a second, over the last ten."""
        now = int(time.monotonic())
        span = max(1, min(_WINDOW_SECONDS, int(time.monotonic() - self.began_at)))
        with self._lock:
            return sum(count for second, count in self._seconds if now - span <= second < now) / span

    def counts(self) -> dict[str, int]:
        """Verdict -> messages."""
        with self._lock:
            return dict(self._counts)

    def as_row(self) -> dict[str, Any]:
        """The figures as a worker's row keeps them."""
        return {"per_second": round(self.rate(), 1), "messages": self.counts()}
