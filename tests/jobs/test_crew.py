"""Workers on PostgreSQL: jobs are fetched as they are written down, taken up when a worker dies, never starved."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from newsletter.foundation.clock import now as wall
from newsletter.foundation.database import Database
from newsletter.jobs.actions import ClaimedJob, enqueue
from newsletter.jobs.crew import Crew, Post, Tempo
from newsletter.jobs.on_procrastinate import sign_on, take
from newsletter.jobs.queries import JobCounts, job_counts
from newsletter.jobs.queues import Queue
from newsletter.jobs.run import Handler

QUICK = Tempo(beat_seconds=0.3, silence_seconds=1.5, tend_every_seconds=1)


@pytest.fixture
def db(postgresql_db: Database) -> Database:
    return postgresql_db


def put(db: Database, number: int, kind: str = "mail", queue: Queue = Queue.NOTICES, **more: object) -> None:
    with db.transaction() as session:
        enqueue(session, kind, {"number": number}, wall(), queue=queue, **more)  # type: ignore[arg-type]


def counts(db: Database) -> list[JobCounts]:
    with db.read() as session:
        return job_counts(session)


@contextmanager
def a_crew(
    db: Database,
    handlers: Mapping[str, Handler],
    *,
    mail: Mapping[str, Handler] | None = None,
    **more: object,
) -> Iterator[Crew]:
    stop = threading.Event()
    posts = {Queue.NOTICES: Post(handlers)} | ({Queue.MAIL: Post(mail, 2)} if mail else {})
    crew = Crew(db, posts, "a worker", wall, **({"tempo": QUICK} | more))  # type: ignore[arg-type]
    thread = threading.Thread(target=crew.work, args=(stop,))
    thread.start()
    try:
        yield crew
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def is_listening(db: Database) -> bool:
    with db.read() as session:
        statement = sa.text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %notices%'")
        return bool(session.scalar(statement))


def until(condition: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def noting(into: list[int], again: timedelta | None = None) -> Handler:
    def handler(job: ClaimedJob) -> datetime | None:
        into.append(job.payload["number"])
        return None if again is None else wall() + again

    return handler


def test_job_is_done_as_soon_as_its_transaction_ends_and_not_when_that_is_undone(db: Database) -> None:
    done: list[int] = []
    tempo = replace(QUICK, poll_seconds=60)
    with a_crew(db, {"mail": noting(done)}, tempo=tempo):
        until(lambda: is_listening(db))
        with pytest.raises(ZeroDivisionError), db.transaction() as session:
            enqueue(session, "mail", {"number": 1}, wall())
            raise ZeroDivisionError
        put(db, 2)
        until(lambda: done == [2])  # told, not found: the next look is in a minute
    assert counts(db) == []


def test_failing_job_is_put_off_with_its_reason_and_does_not_hold_up_the_next(db: Database) -> None:
    done: list[int] = []

    def handler(job: ClaimedJob) -> None:
        if job.payload["number"] == 1:
            raise ValueError("zoe@example.org is not there")
        done.append(job.payload["number"])

    put(db, 1)
    put(db, 2)
    with a_crew(db, {"mail": handler}):
        until(lambda: done == [2])
    assert counts(db) == [JobCounts("mail", 1, 1, 0)]
    with db.read() as session:
        [row] = session.execute(
            sa.text(
                "SELECT args->>'last_error', scheduled_at - now() FROM procrastinate_jobs WHERE task_name = 'mail'"
            )
        )
    assert row[0] == "ValueError: [address] is not there"
    assert timedelta(seconds=20) < row[1] < timedelta(seconds=31)


def test_job_that_comes_back_waits_once(db: Database) -> None:
    done: list[int] = []
    put(db, 1, key="sweep")
    with a_crew(db, {"mail": noting(done, timedelta(seconds=1))}):
        until(lambda: len(done) >= 2)
    assert counts(db) == [JobCounts("mail", 1, 0, 0)]


def test_job_of_a_worker_that_died_is_taken_up_by_another(db: Database) -> None:
    put(db, 1, key="slice")
    with db.transaction() as session:  # a worker that takes it, and is never heard of again
        dead = sign_on(session)
        assert take(session, ["mail"], wall(), dead) is not None
    done: list[int] = []
    with a_crew(db, {"mail": noting(done)}):
        time.sleep(0.5)
        assert done == []
        until(lambda: done == [1])
    assert counts(db) == []


def test_job_of_a_dead_worker_whose_key_waits_again_is_done_once(db: Database) -> None:
    put(db, 1, key="slice")
    with db.transaction() as session:
        assert take(session, ["mail"], wall(), sign_on(session)) is not None
        session.execute(sa.text("UPDATE procrastinate_jobs SET queueing_lock = NULL WHERE status = 'doing'"))
    put(db, 1, key="slice")
    with db.transaction() as session:
        session.execute(
            sa.text(
                "UPDATE procrastinate_jobs SET queueing_lock = 'slice', scheduled_at = now() + interval '3 s'"
            )
        )
    done: list[int] = []
    with a_crew(db, {"mail": noting(done)}):
        until(lambda: done == [1])
    assert counts(db) == []


def test_key_that_is_being_done_is_not_written_down_again(db: Database) -> None:
    put(db, 1, key="slice")
    with db.transaction() as session:
        assert take(session, ["mail"], wall(), sign_on(session)) is not None
    put(db, 2, key="slice")
    assert counts(db) == [JobCounts("mail", 1, 0, 0)]


def test_tending_and_notices_go_on_while_every_place_for_mail_is_taken(db: Database) -> None:
    release = threading.Event()
    tended: list[float] = []
    done: list[int] = []

    def slow(_job: ClaimedJob) -> None:
        release.wait(20)

    for number in range(6):
        put(db, number, "slice", Queue.MAIL)
    with a_crew(
        db, {"mail": noting(done)}, mail={"slice": slow}, tend=lambda: tended.append(time.monotonic())
    ):
        until(lambda: len(tended) >= 2)
        put(db, 7)
        until(lambda: done == [7])
        release.set()
        until(lambda: counts(db) == [])


def test_crew_goes_on_when_the_database_comes_back(db: Database) -> None:
    done: list[int] = []
    with a_crew(db, {"mail": noting(done)}):
        time.sleep(0.5)
        with db.engine.connect() as connection:
            connection.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
            )
        db.close()
        put(db, 1)
        until(lambda: done == [1])
