"""The shared pace: limits in words, one rate over all workers, days of warming up, changes while mail goes out."""

import bisect
import multiprocessing
import random
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from newsletter.foundation.database import Database
from newsletter.mailing.pace.gate import PaceGate, change_limit, used_today
from newsletter.mailing.pace.limits import (
    DEFAULTS,
    Limit,
    LimitNotUnderstood,
    limit_from,
    limits_from,
    limits_of,
    share,
)
from newsletter.mailing.pace.models import Pace
from newsletter.mailing.pace.reserving import reserve

WORKERS = 3
SPELLINGS = st.builds(
    Limit,
    messages=st.integers(1, 10**8),
    seconds=st.sampled_from((1, 60, 3600, 86400)),
    burst=st.integers(0, 10**6),
    connections=st.none() | st.integers(1, 500),
    per_connection=st.none() | st.integers(1, 5000),
    warm_up=st.none() | st.integers(1, 10**6),
)


@given(SPELLINGS)
def test_limit_is_read_back_as_it_is_written(limit: Limit) -> None:
    assert limit_from(str(limit)) == limit


@given(st.text(max_size=40))
def test_any_words_are_a_limit_or_refused(words: str) -> None:
    try:
        limits = limits_of(words)
    except LimitNotUnderstood:
        return
    assert limits_from(", ".join(f"{name} {limit}" for name, limit in limits.items())) == limits


def test_rules_name_what_they_limit() -> None:
    assert limits_of(
        "relay 3000/min per-connection 500, gmail.com 10/s burst 20 connections 2, other warm-up 50"
    ) == {
        "relay": Limit(3000, 60, per_connection=500),
        "gmail.com": Limit(10, 1, burst=20, connections=2),
        "other": Limit(warm_up=50),
    }
    assert limits_of("") == {}
    assert limits_of("default") == DEFAULTS
    assert limits_of("default, gmail.com off") == {**DEFAULTS, "gmail.com": Limit()}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("gmail.com", "it says nothing.*Write it like"),
        ("gmail.com fast", "neither a rate"),
        ("gmail.com 10/s burst", "belongs a number"),
        ("gmail.com 10/s 20/s", "a second time"),
        ("gmail.com burst 20", "a burst needs a rate"),
        ("@gmail 1/s", "must begin with"),
        ("a.be 1/s, a.be 2/s", "a limit already"),
    ],
)
def test_limit_that_is_none_says_why(words: str, why: str) -> None:
    with pytest.raises(LimitNotUnderstood, match=why):
        limits_of(words)


@given(st.integers(0, 60), st.integers(1, 12), st.integers(0, 10**9))
def test_places_are_dealt_out_to_the_last_one(limit: int, workers: int, turn: int) -> None:
    shares = [share(limit, workers, rank + turn) for rank in range(workers)]
    assert sum(shares) == limit
    assert max(shares) - min(shares) <= 1


def let_go(gate: PaceGate, group: str, until: float, most: int = 10**6) -> list[float]:
    """Asks for one message after the other until that moment, or `most`; the moments at which they were let go."""
    moments: list[float] = []
    while (now := time.time()) < until and len(moments) < most:
        wait = gate.wait_for(group)
        if wait == 0:
            moments.append(time.time())
            gate.done(group)
        else:
            time.sleep(min(wait, until - now, 0.02))
    return moments


def one_worker(url: str, number: int, together: Any, seconds: float, rate: int, into: Any) -> None:
    database = Database(url)
    names = [f"worker {each}" for each in range(WORKERS)]
    gate = PaceGate(database, {"gmail.com": Limit(rate, 1)}, names[number], lambda _: names)
    gate.wait_for("nobody")  # connected
    together.wait(60)
    into.put(let_go(gate, "gmail.com", time.time() + seconds))
    database.close()


@pytest.mark.parametrize(("rate", "workers"), [(7, 3), (60, 1), (500, 1), (500, 4), (2000, 2)])
def test_several_workers_reach_their_pace_and_do_not_pass_it(
    sqlite_db: Database, rate: int, workers: int
) -> None:
    """On a clock of its own, which no other work on the machine holds up: within 5 %, and 5 % in any second."""
    seconds = max(2.0, 30 / rate)
    dice, moment = random.Random(rate), 1_000_000.0  # noqa: S311 - it only shuffles
    names = [f"worker {number}" for number in range(workers)]
    gates = [
        PaceGate(
            sqlite_db,
            {"gmail.com": Limit(rate, 1)},
            name,
            lambda _: names,
            wall=lambda: moment,
            steady=lambda: moment,
        )
        for name in names
    ]
    begin, moments = moment, []
    while moment < begin + seconds:
        for gate in dice.sample(gates, workers):
            while gate.wait_for("gmail.com") == 0:
                moments.append(moment)
                gate.done("gmail.com")
        moment += dice.uniform(0.001, 0.02)
    assert len(moments) == pytest.approx(rate * seconds, rel=0.05, abs=1)
    busiest = max(bisect.bisect_left(moments, first + 1) - place for place, first in enumerate(moments))
    assert busiest <= max(rate * 1.05, rate + 1)


@pytest.mark.slow
def test_several_workers_keep_one_pace(postgresql_db: Database) -> None:
    rate, seconds = 60, 4.0
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    together = context.Barrier(WORKERS)
    url = postgresql_db.url.render_as_string(hide_password=False)
    workers = [
        context.Process(target=one_worker, args=(url, number, together, seconds, rate, queue))
        for number in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    moments = sorted(moment for _ in workers for moment in queue.get(timeout=60))
    for worker in workers:
        worker.join(20)
    # A machine that is busy with other things lets moments pass: that the pace is reached is tested above.
    assert rate < len(moments) <= rate * seconds * 1.01
    busiest = max(
        sum(1 for m in moments[i : i + 2 * rate] if m < moment + 1) for i, moment in enumerate(moments)
    )
    assert busiest <= rate * 1.05


def test_burst_leaves_at_once_and_the_rest_at_its_pace(db: Database) -> None:
    gate = PaceGate(db, {"gmail.com": Limit(60, 3600, burst=800)})
    assert len(let_go(gate, "gmail.com", time.time() + 20, 801)) == 801
    assert let_go(gate, "gmail.com", time.time() + 0.2) == []
    assert len(let_go(gate, "elsewhere.org", time.time() + 0.05)) > 20


def test_limit_of_the_relay_counts_every_group(db: Database) -> None:
    gate = PaceGate(db, {"relay": Limit(6, 3600, burst=3), "gmail.com": Limit(6, 3600, burst=1)})
    assert len(let_go(gate, "gmail.com", time.time() + 0.5)) == 2
    assert len(let_go(gate, "elsewhere.org", time.time() + 0.5)) == 2


def test_no_more_messages_are_on_the_wire_than_connections(db: Database) -> None:
    gate = PaceGate(db, {"gmail.com": Limit(connections=2)})
    assert [gate.wait_for("gmail.com") for _ in range(3)] == [0.0, 0.0, 0.01]
    gate.done("gmail.com")
    assert gate.wait_for("gmail.com") == 0.0


def test_connections_are_shared_among_the_workers_that_live(db: Database) -> None:
    names = ["a", "b", "c"]
    gates = [PaceGate(db, {"gmail.com": Limit(connections=4)}, name, lambda _: names) for name in names]
    let = [sum(gate.wait_for("gmail.com") == 0.0 for _ in range(4)) for gate in gates]
    assert sorted(let) == [1, 1, 2]


def test_day_of_warming_up_allows_twice_the_day_before(db: Database) -> None:
    day = datetime.now(UTC).timestamp() // 86400

    def yesterday() -> None:
        with db.transaction() as session:
            session.execute(sa.update(Pace).values(day=Pace.day - 1, due_seconds=0.0))

    let = []
    for _ in range(4):
        gate = PaceGate(db, {"gmail.com": Limit(100_000, 1, warm_up=10)})
        let.append(len(let_go(gate, "gmail.com", time.time() + 1)))
        wait = gate.wait_for("gmail.com")
        assert wait == 1.0  # the longest: it asks again, in case that the limit is lifted
        yesterday()
    assert let == [10, 20, 40, 80]
    assert datetime.now(UTC).timestamp() // 86400 == day, "midnight came in between; run it again"


def test_reservation_beyond_the_day_waits_for_midnight(db: Database) -> None:
    limit = Limit(warm_up=3)
    with db.transaction() as session:
        assert reserve(session, "gmail.com", limit, 2, time.time()).count == 2
        assert reserve(session, "gmail.com", limit, 2, time.time()).count == 1
        last = reserve(session, "gmail.com", limit, 2, time.time())
    assert last.count == 0
    assert 0 < last.wait <= 86400


def test_limit_that_is_changed_holds_within_a_second(db: Database, now: datetime) -> None:
    gate = PaceGate(db, {"gmail.com": Limit(1, 3600)})
    assert len(let_go(gate, "gmail.com", time.time() + 0.1)) == 1
    with db.transaction() as session:
        change_limit(session, "gmail.com", Limit(1000, 1), now)
    time.sleep(0.6)
    assert len(let_go(gate, "gmail.com", time.time() + 10, 101)) == 101
    with db.transaction() as session:
        change_limit(session, "gmail.com", None, now)
    time.sleep(0.6)
    assert len(let_go(gate, "gmail.com", time.time() + 0.1)) <= 1
    with db.read() as session:
        assert used_today(session, datetime.now(UTC))["gmail.com"] > 100


def test_gate_is_shut_while_the_database_is_away() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")
    assert PaceGate(database, {}).wait_for("gmail.com") == 1.0
