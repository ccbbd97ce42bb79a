"""One writer for all requests that wait: it takes them together, in one transaction, and answers each after the commit.

A commit costs a write to the disk whether it holds one change or two hundred (docs/decisions/0024-group-commit.md).
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from newsletter.foundation.errors import DatabaseNotReady

BATCH_MAX = 200
"""So many requests at most share one transaction."""

Wish = TypeVar("Wish")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Wish, Answer]):
    """A request that waits, in the event loop that it came to."""

    wish: Wish
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Answer]


class GroupCommit(Generic[Wish, Answer]):
    """Hands what many requests wish to `write`, which opens one transaction for all of it.

    `write` returns an answer for each wish, in their order, once they are committed. Where it raises, each is tried by
    itself, so that one bad wish fails nobody else; only where the database is away all of them hear so at once.
    """

    def __init__(self, write: Callable[[Sequence[Wish]], Sequence[Answer]]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[_Waiting[Wish, Answer]] = []
        self._is_writing = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="group-commit")

    async def fulfil(self, wish: Wish) -> Answer:
        """The answer to the wish, after it was committed. Raises what `write` raised for it."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        with self._lock:
            self._waiting.append(_Waiting(wish, loop, answer))
            must_start, self._is_writing = not self._is_writing, True
        if must_start:
            self._writer.submit(self._work)
        return await answer

    def _work(self) -> None:
        """Writes for as long as somebody waits."""
        while batch := self._next_batch():
            _tell(batch, self._outcomes(batch))

    def _next_batch(self) -> list[_Waiting[Wish, Answer]]:
        with self._lock:
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            self._is_writing = bool(batch)
            return batch

    def _outcomes(self, batch: Sequence[_Waiting[Wish, Answer]]) -> Sequence[Answer | Exception]:
        try:
            return self._write([item.wish for item in batch])
        except DatabaseNotReady as error:
            return [error] * len(batch)
        except Exception as error:  # whatever it is, those who came with it must not suffer from it
            return [error] if len(batch) == 1 else [self._outcomes([item])[0] for item in batch]


def _tell(batch: Sequence[_Waiting[Wish, Answer]], outcomes: Sequence[Answer | Exception]) -> None:
    """Tells each request in its own event loop; one that was closed meanwhile has nobody left to tell."""
    by_loop = defaultdict(list)
    for item, outcome in zip(batch, outcomes, strict=True):
        by_loop[item.loop].append((item.answer, outcome))
    for loop, answers in by_loop.items():
        with suppress(RuntimeError):  # that loop was closed
            loop.call_soon_threadsafe(_settle, answers)


def _settle(answers: Sequence[tuple[asyncio.Future[Answer], Answer | Exception]]) -> None:
    for future, outcome in answers:
        if future.done():  # the request was given up
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
