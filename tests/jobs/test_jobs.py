"""Work that waits: done once, tried again, never lost, and never in the way of other work."""

from collections.abc import Callable
from datetime import datetime, timedelta

from newsletter.foundation.database import Database
from newsletter.jobs.actions import ClaimedJob, claim_job, enqueue, finish_job, retry_given_up
from newsletter.jobs.queries import JobCounts, job_counts, troubled_jobs
from newsletter.jobs.rules import ATTEMPTS_MAX, LEASE
from newsletter.jobs.run import Handler, TryLater, do_due_jobs


def put(db: Database, now: datetime, *numbers: int, kind: str = "mail", **more: object) -> None:
    with db.transaction() as session:
        for number in numbers:
            enqueue(session, kind, {"number": number}, now, **more)  # type: ignore[arg-type]


def counts(db: Database) -> list[JobCounts]:
    with db.read() as session:
        return job_counts(session)


def noting(into: list[int]) -> Handler:
    def handler(job: ClaimedJob) -> None:
        into.append(job.payload["number"])

    return handler


def at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def test_due_jobs_are_done_once_in_their_order(db: Database, now: datetime) -> None:
    put(db, now, 1, 2)
    put(db, now, 9, due_at=now + timedelta(hours=1))
    done: list[int] = []
    assert do_due_jobs(db, {"mail": noting(done)}, at(now)) == 2
    assert do_due_jobs(db, {"mail": noting(done)}, at(now)) == 0
    assert done == [1, 2]
    assert counts(db) == [JobCounts("mail", 1, 0, 0)]


def test_job_of_another_kind_is_left_to_who_knows_it(db: Database, now: datetime) -> None:
    put(db, now, 1, kind="sweep")
    assert do_due_jobs(db, {"mail": noting([])}, at(now)) == 0
    assert counts(db) == [JobCounts("sweep", 1, 0, 0)]


def test_failing_job_waits_and_does_not_hold_up_the_next(db: Database, now: datetime) -> None:
    put(db, now, 1, 2)
    done: list[int] = []

    def handler(job: ClaimedJob) -> None:
        if job.payload["number"] == 1:
            raise TryLater("the server is away")
        done.append(job.payload["number"])

    assert do_due_jobs(db, {"mail": handler}, at(now)) == 1
    assert done == [2]
    assert counts(db) == [JobCounts("mail", 1, 1, 0)]
    assert do_due_jobs(db, {"mail": noting(done)}, at(now + timedelta(seconds=29))) == 0
    assert do_due_jobs(db, {"mail": noting(done)}, at(now + timedelta(seconds=30))) == 1
    assert done == [2, 1]


def test_hopeless_job_waits_for_a_person_and_its_error_names_nobody(db: Database, now: datetime) -> None:
    put(db, now, 1)

    def handler(_job: ClaimedJob) -> None:
        raise ValueError("zoe@example.org is not there")

    moment = now
    for _ in range(ATTEMPTS_MAX):
        assert do_due_jobs(db, {"mail": handler}, at(moment)) == 0
        moment += timedelta(days=1)
    assert counts(db) == [JobCounts("mail", 0, 0, 1)]
    assert do_due_jobs(db, {"mail": noting([])}, at(moment + timedelta(days=100))) == 0
    with db.read() as session:
        [trouble] = troubled_jobs(session)
    assert (trouble.kind, trouble.attempts, trouble.is_given_up) == ("mail", ATTEMPTS_MAX, True)
    assert trouble.last_error == "ValueError: [address] is not there"
    with db.transaction() as session:
        assert retry_given_up(session, moment) == 1
    done: list[int] = []
    assert do_due_jobs(db, {"mail": noting(done)}, at(moment)) == 1
    assert (done, counts(db)) == ([1], [])


def test_job_of_a_dead_worker_is_taken_by_another_after_its_lease(sqlite_db: Database, now: datetime) -> None:
    db = sqlite_db  # on PostgreSQL it is the heartbeat of the worker that counts: test_crew.py
    put(db, now, 1)
    with db.transaction() as session:
        first = claim_job(session, ["mail"], now)
    assert first is not None
    with db.transaction() as session:
        assert claim_job(session, ["mail"], now + LEASE - timedelta(seconds=1)) is None
    with db.transaction() as session:
        second = claim_job(session, ["mail"], now + LEASE)
    assert second is not None
    assert second.attempt_count == 2
    with db.transaction() as session:  # the first one wakes up: the job is not its own any more
        finish_job(session, first)
    assert counts(db) == [JobCounts("mail", 1, 0, 0)]
    with db.transaction() as session:
        finish_job(session, second)
    assert counts(db) == []


def test_job_with_a_key_is_there_once_and_comes_back(db: Database, now: datetime) -> None:
    put(db, now, 1, key="sweep")
    put(db, now, 2, key="sweep")
    done: list[int] = []

    def handler(job: ClaimedJob) -> datetime:
        done.append(job.payload["number"])
        return now + timedelta(days=1)

    # It comes back tomorrow, not today.
    assert [do_due_jobs(db, {"mail": handler}, at(now)) for _ in range(2)] == [1, 0]
    assert counts(db) == [JobCounts("mail", 1, 0, 0)]
    assert done == [1]


def test_stop_ends_before_the_next_job(db: Database, now: datetime) -> None:
    put(db, now, 1, 2, 3)
    done: list[int] = []
    assert do_due_jobs(db, {"mail": noting(done)}, at(now), stop=lambda: len(done) == 2) == 2
    assert done == [1, 2]
