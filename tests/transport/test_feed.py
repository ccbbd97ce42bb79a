"""A delivery whose jobs come while it goes on: from another thread, withdrawn, closed, stopped."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from newsletter.transport.errors import FeedIsOver, RelayUnreachable
from newsletter.transport.feed import Feed
from newsletter.transport.line import DeliveryLine
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import Job, SmtpTransport, Timeouts
from scripted_smtp import Answer, Say, ScriptedServer, Turn, scripted_server

CONTENT = b"Subject: hello\r\n\r\nhello\r\n"
PATIENT = Timeouts(20, 20, 20, 20, 20, 20, 1)
WAIT_SECONDS = 10.0


def jobs_from(first: int, count: int) -> list[Job]:
    return [
        Job(number, "news@example.org", f"r{number}@example.net", lambda: CONTENT)
        for number in range(first, first + count)
    ]


def usual(_turn: Turn) -> Answer | None:
    return None


class Delivery:
    """A delivery from a feed in a thread of its own, and what it told."""

    def __init__(self, port: int, connections: int) -> None:
        self.feed = Feed()
        self.is_stopped = False
        self.error: Exception | None = None
        self.heard: list[tuple[object, Verdict]] = []
        self._line = DeliveryLine(
            [Relay("127.0.0.1", port, Tls.NONE)], connections=connections, timeouts=PATIENT
        )
        self._thread = threading.Thread(target=self._deliver)

    def _deliver(self) -> None:
        def note(job: Job, outcome: Outcome) -> None:
            self.heard.append((job.key, outcome.verdict))

        with self._line as line:
            try:
                line.deliver_from(self.feed, on_outcome=note, stop=lambda: self.is_stopped)
            except RelayUnreachable as error:
                self.error = error

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()

    def wait_for(self, count: int) -> None:
        until(lambda: len(self.heard) >= count)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.002)


@contextmanager
def delivering(
    answer: Callable[[Turn], Answer | None] = usual, connections: int = 2
) -> Iterator[tuple[Delivery, ScriptedServer]]:
    with scripted_server(answer) as server:
        delivery = Delivery(server.port, connections)
        delivery.start()
        try:
            yield delivery, server
        finally:
            delivery.is_stopped = True
            delivery.join()


def told_once(delivery: Delivery, expected: dict[object, Verdict]) -> bool:
    return dict(delivery.heard) == expected and max(Counter(key for key, _ in delivery.heard).values()) == 1


def test_jobs_put_from_another_thread_wake_idle_connections_that_are_kept() -> None:
    with delivering(connections=3) as (delivery, server):
        for batch in range(5):
            delivery.feed.put(jobs_from(batch * 3, 3))
            delivery.wait_for((batch + 1) * 3)
        delivery.feed.close()
        delivery.join()
    assert told_once(delivery, dict.fromkeys(range(15), Verdict.ACCEPTED))
    assert server.connections <= 3


def test_one_job_needs_one_connection() -> None:
    with delivering(connections=8) as (delivery, server):
        for number in range(3):
            delivery.feed.put(jobs_from(number, 1))
            delivery.wait_for(number + 1)
        delivery.feed.close()
        delivery.join()
    assert server.connections == 1


def test_more_jobs_than_one_connection_can_take_wake_the_others() -> None:
    def slow(turn: Turn) -> Answer | None:
        return Say(b"250 ok\r\n", after_seconds=0.05) if turn.verb == "CONTENT" else None

    with delivering(slow, connections=4) as (delivery, server):
        delivery.feed.put(jobs_from(0, 1))
        delivery.wait_for(1)
        delivery.feed.put(jobs_from(1, 1))
        delivery.feed.put(jobs_from(2, 10))
        delivery.wait_for(12)
        delivery.feed.close()
        delivery.join()
    assert server.most_at_once == 4


def test_closed_and_empty_feed_ends_the_delivery_at_once() -> None:
    with delivering() as (delivery, server):
        time.sleep(0.05)
        begin = time.monotonic()
        delivery.feed.close()
        delivery.join()
    assert time.monotonic() - begin < 1
    assert delivery.heard == []
    assert server.connections == 0


def test_withdrawn_jobs_have_no_outcome_and_never_reach_the_server() -> None:
    going_on = threading.Event()

    def answer(turn: Turn) -> Answer | None:
        if turn.verb == "CONTENT" and turn.message == 1:
            until(going_on.is_set)
        return None

    with delivering(answer, connections=1) as (delivery, server):
        delivery.feed.put(jobs_from(0, 10))
        until(lambda: delivery.feed.waiting_count == 8)  # one under way, the envelope of another behind it
        assert delivery.feed.withdraw({0, 1, 5, 6, 99}) == {5, 6}
        assert delivery.feed.withdraw([7]) == {7}
        going_on.set()
        delivery.wait_for(7)
        delivery.feed.put(jobs_from(5, 1))
        delivery.feed.close()
        delivery.join()
    expected = [0, 1, 2, 3, 4, 8, 9, 5]
    assert delivery.heard == [(number, Verdict.ACCEPTED) for number in expected]
    assert [recipient for recipient, _ in server.taken] == [f"r{number}@example.net" for number in expected]


def test_feed_whose_last_jobs_are_withdrawn_after_it_was_closed_ends_the_delivery() -> None:
    going_on = threading.Event()

    def answer(turn: Turn) -> Answer | None:
        if turn.verb == "GREETING":
            until(going_on.is_set)
        return None

    with delivering(answer) as (delivery, server):
        delivery.feed.put(jobs_from(0, 4))
        delivery.feed.close()
        assert delivery.feed.withdraw() == {0, 1, 2, 3}
        going_on.set()
        delivery.join()
    assert delivery.heard == []
    assert server.taken == []


def test_stop_hands_back_what_waits_within_a_moment_even_when_nothing_happens() -> None:
    going_on = threading.Event()

    def answer(turn: Turn) -> Answer | None:
        if turn.verb == "CONTENT":
            until(going_on.is_set)
        return None

    with delivering(answer, connections=1) as (delivery, server):
        delivery.feed.put(jobs_from(0, 20))
        until(lambda: delivery.feed.waiting_count == 18)
        delivery.is_stopped = True
        going_on.set()
        delivery.join()
    begun = {0: Verdict.ACCEPTED, 1: Verdict.ACCEPTED}
    assert told_once(delivery, {**dict.fromkeys(range(2, 20), Verdict.NOT_TRIED), **begun})
    assert len(server.taken) == 2


def test_stop_ends_a_delivery_that_waits_for_jobs_and_its_feed_takes_no_more() -> None:
    with delivering() as (delivery, _server):
        delivery.feed.put(jobs_from(0, 1))
        delivery.wait_for(1)
        begin = time.monotonic()
        delivery.is_stopped = True
        delivery.join()
    assert time.monotonic() - begin < 1
    with pytest.raises(FeedIsOver):
        delivery.feed.put(jobs_from(1, 1))
    assert delivery.feed.waiting_count == 0


def test_relay_that_is_gone_ends_the_delivery_when_there_is_something_to_do() -> None:
    with scripted_server(usual) as server:
        port = server.port
    delivery = Delivery(port, 2)
    delivery.start()
    time.sleep(0.05)
    delivery.feed.put(jobs_from(0, 3))
    delivery.join()
    assert isinstance(delivery.error, RelayUnreachable)
    assert told_once(delivery, dict.fromkeys(range(3), Verdict.NOT_TRIED))


def test_feed_is_for_one_delivery_and_closed_for_good() -> None:
    feed = Feed(jobs_from(0, 1))
    feed.close()
    with pytest.raises(ValueError, match="closed"):
        feed.put(jobs_from(1, 1))

    async def play() -> None:
        async with ScriptedServer() as server:
            transport = SmtpTransport([Relay("127.0.0.1", server.port, Tls.NONE)], timeouts=PATIENT)
            await transport.deliver_from(feed, on_outcome=lambda _job, _outcome: None)
            with pytest.raises(RuntimeError, match="one delivery"):
                await transport.deliver_from(feed, on_outcome=lambda _job, _outcome: None)
            await transport.close()

    asyncio.run(play())


def test_thousands_of_jobs_from_several_threads_are_told_of_once_each() -> None:
    with delivering(connections=4) as (delivery, server):

        def fill(first: int) -> None:
            for start in range(first, first + 300, 30):
                delivery.feed.put(jobs_from(start, 30))

        fillers = [threading.Thread(target=fill, args=(first,)) for first in (0, 1000, 2000)]
        for filler in fillers:
            filler.start()
        withdrawn: set[object] = set()
        while any(filler.is_alive() for filler in fillers):
            withdrawn |= delivery.feed.withdraw(range(1000, 1100))
            time.sleep(0.001)
        delivery.feed.close()
        delivery.join()
    all_keys = {start + number for start in (0, 1000, 2000) for number in range(300)}
    assert told_once(delivery, dict.fromkeys(all_keys - withdrawn, Verdict.ACCEPTED))
    assert len(server.taken) == len(all_keys) - len(withdrawn)
