"""One writer for all that wait: together in one transaction, answered after it, and nobody suffers from another's trouble."""

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from newsletter.foundation.errors import DatabaseNotReady
from newsletter.web.group_commit import BATCH_MAX, GroupCommit


def all_of(commit: GroupCommit[int, int], wishes: Sequence[int]) -> list[int | BaseException]:
    async def ask() -> list[int | BaseException]:
        return await asyncio.gather(*(commit.fulfil(wish) for wish in wishes), return_exceptions=True)

    return asyncio.run(ask())


class Book:
    """What was written, batch by batch; the first batch waits until the others have come."""

    def __init__(self, refuses: Callable[[Sequence[int]], Exception | None] = lambda _wishes: None) -> None:
        self.batches: list[list[int]] = []
        self.committed: list[int] = []
        self.all_wait = threading.Event()
        self._refuses = refuses

    def write(self, wishes: Sequence[int]) -> list[int]:
        if not self.batches:
            self.all_wait.wait(5)
        self.batches.append(list(wishes))
        if error := self._refuses(wishes):
            raise error
        self.committed += wishes
        return [-wish for wish in wishes]


def asked_at_once(book: Book, count: int) -> list[int | BaseException]:
    commit: GroupCommit[int, int] = GroupCommit(book.write)

    async def ask() -> list[int | BaseException]:
        tasks = [asyncio.ensure_future(commit.fulfil(number)) for number in range(count)]
        await asyncio.sleep(0)  # each of them waits now
        book.all_wait.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    return asyncio.run(ask())


def test_those_who_wait_are_written_together_at_most_so_many_at_once() -> None:
    book = Book()
    assert asked_at_once(book, 500) == [-number for number in range(500)]
    assert book.committed == list(range(500))
    assert len(book.batches) <= 4
    assert max(map(len, book.batches)) <= BATCH_MAX


def test_answer_comes_after_the_commit_and_never_before() -> None:
    may_commit = threading.Event()

    def write(wishes: Sequence[int]) -> list[bool]:
        return [may_commit.wait(5)] * len(wishes)

    commit: GroupCommit[int, bool] = GroupCommit(write)

    async def ask() -> bool:
        answer = asyncio.ensure_future(commit.fulfil(1))
        await asyncio.sleep(0.05)
        assert not answer.done()
        may_commit.set()
        return await answer

    assert asyncio.run(ask())


def test_one_bad_wish_fails_nobody_else() -> None:
    book = Book(lambda wishes: ValueError("seven") if 7 in wishes else None)
    answers = asked_at_once(book, 50)
    assert [answer for answer in answers if not isinstance(answer, ValueError)] == [
        -number for number in range(50) if number != 7
    ]
    assert isinstance(answers[7], ValueError)
    assert sorted(book.committed) == [number for number in range(50) if number != 7]


def test_database_that_is_away_is_not_asked_two_hundred_times() -> None:
    book = Book(lambda _wishes: DatabaseNotReady("busy"))
    answers = asked_at_once(book, 150)
    assert {type(answer) for answer in answers} == {DatabaseNotReady}
    assert len(book.batches) <= 2


def test_writer_goes_on_after_trouble_and_in_another_event_loop() -> None:
    def write(wishes: Sequence[int]) -> list[int]:
        if 0 in wishes:
            raise ZeroDivisionError
        return list(wishes)

    commit: GroupCommit[int, int] = GroupCommit(write)
    assert [type(answer) for answer in all_of(commit, [0])] == [ZeroDivisionError]
    assert all_of(commit, [1, 2, 3]) == [1, 2, 3]


def test_request_that_was_given_up_is_written_and_disturbs_nobody() -> None:
    book = Book()
    commit: GroupCommit[int, int] = GroupCommit(book.write)

    async def ask() -> int:
        given_up = asyncio.ensure_future(commit.fulfil(1))
        stays = asyncio.ensure_future(commit.fulfil(2))
        await asyncio.sleep(0)
        given_up.cancel()
        book.all_wait.set()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        return await stays

    assert asyncio.run(ask()) == -2
    assert book.committed == [1, 2]


def test_loop_that_was_closed_meanwhile_stops_nobody() -> None:
    book = Book()
    commit: GroupCommit[int, int] = GroupCommit(book.write)

    async def leave_at_once() -> None:
        waiting = asyncio.ensure_future(commit.fulfil(1))
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(leave_at_once())
    book.all_wait.set()
    assert all_of(commit, [2]) == [-2]
    assert book.committed == [1, 2]
