"""A worker on PostgreSQL: Procrastinate's own loop fetches the jobs, our handlers do them, in places of their own per queue.

What can go wrong was seen and is met here (docs/decisions/0030-procrastinate.md): jobs of a worker that died stay *doing*
until somebody sweeps them up; the sweeping starves where it shares its places with other work; a database that goes away
ends the loop.
"""

import asyncio
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import procrastinate
import sqlalchemy as sa
import structlog
from procrastinate import exceptions
from procrastinate.jobs import Job, Status
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from psycopg.conninfo import make_conninfo

from newsletter.foundation.database import Database, watchful_options
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.foundation.logs import redact_text
from newsletter.jobs.actions import ClaimedJob, come_back, words_of
from newsletter.jobs.on_procrastinate import note_error
from newsletter.jobs.queues import PRIORITY, Queue
from newsletter.jobs.rules import wait_after
from newsletter.jobs.run import Handler, attempt

_DATABASE_AWAY = timedelta(seconds=2)
_FIRST_WAIT_OF_MAIL = timedelta(seconds=2)
_LONGEST_WAIT_OF_MAIL = timedelta(minutes=1)
_LOOK_FOR_STOP_SECONDS = 0.1
_POLL_SECONDS = (
    1.0  # notifications come at once; this is for the case that the connection which listens is away
)
_TEND = "tend"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tempo:
    """How often a worker gives a sign of life, after which silence others take up its jobs, how often they look."""

    beat_seconds: float = 2.0
    silence_seconds: float = 30.0
    tend_every_seconds: int = 5
    # New work is told at once; this is for the case that the connection which listens is away.
    poll_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Post:
    """Who does the jobs of one queue: the handlers by kind, and how many jobs at once."""

    handlers: Mapping[str, Handler]
    places: int = 1


class _PutOff(Exception):
    """A job could not be done; says when it is tried again (None: a person must look). Its reason is in the database."""

    def __init__(self, wait: timedelta | None) -> None:
        super().__init__("put off")
        self.wait = wait


class _AsPutOff(BaseRetryStrategy):
    """Tries a job again when `_PutOff` says so, and at once where the worker was broken off."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:  # noqa: ARG002
        if not isinstance(exception, _PutOff):
            return RetryDecision(retry_in={"seconds": _DATABASE_AWAY.seconds})
        return (
            None
            if exception.wait is None
            else RetryDecision(retry_in={"seconds": int(exception.wait.total_seconds())})
        )


@dataclass
class Crew:
    """Does the jobs of its queues until it is told to stop. `tend` is called every few seconds, by one worker of all."""

    database: Database
    posts: Mapping[Queue, Post]
    name: str
    clock: Callable[[], datetime]
    tend: Callable[[], None] = lambda: None
    tempo: Tempo = Tempo()
    done_count: int = field(default=0, init=False)

    def work(self, stop: threading.Event) -> int:
        """Works until `stop` is set and what was begun is done; how many jobs were. A database that is away is waited for."""
        asyncio.run(self._work(stop))
        return self.done_count

    async def _work(self, stop: threading.Event) -> None:
        connector = procrastinate.PsycopgConnector(
            conninfo=_conninfo(self.database.url),
            min_size=1,
            max_size=2 + len(self.posts),
            timeout=10.0,
        )
        app = procrastinate.App(connector=connector)
        pools = {queue: ThreadPoolExecutor(post.places, f"{queue}-") for queue, post in self.posts.items()}
        for queue, post in self.posts.items():
            for kind, handler in post.handlers.items():
                self._add_task(app, pools[queue], queue, kind, handler)
        pools[Queue.SYS] = pools.get(Queue.SYS) or ThreadPoolExecutor(1, "sys-")
        self._add_tending(app, pools[Queue.SYS])
        await self._open(connector, stop)
        keeping = [
            asyncio.create_task(
                self._keep(app, queue, self.posts[queue].places if queue in self.posts else 1)
            )
            for queue in pools
        ]
        while not stop.is_set():  # noqa: ASYNC110 - it is set from another thread, or by a signal
            await asyncio.sleep(_LOOK_FOR_STOP_SECONDS)
        for task in keeping:
            task.cancel()  # lets what was begun be finished, and begins nothing more
        await asyncio.gather(*keeping, return_exceptions=True)
        for pool in pools.values():
            pool.shutdown()
        await connector.close_async()

    async def _open(self, connector: procrastinate.PsycopgConnector, stop: threading.Event) -> None:
        """Opens the connections to the database; waits for one that is away. Once open, they mend themselves."""
        while not stop.is_set():
            try:
                await connector.open_async()
            except exceptions.ConnectorException:
                await connector.close_async()
                await asyncio.sleep(1)
            else:
                return

    async def _keep(self, app: procrastinate.App, queue: Queue, places: int) -> None:
        """Keeps Procrastinate's loop for one queue going: it ends when the database goes away."""
        while True:
            try:
                await app.run_worker_async(
                    queues=[queue.value],
                    concurrency=places,
                    name=f"{self.name} {queue}",
                    delete_jobs="successful",
                    fetch_job_polling_interval=self.tempo.poll_seconds,
                    update_heartbeat_interval=self.tempo.beat_seconds,
                    stalled_worker_timeout=self.tempo.silence_seconds * 3,
                    install_signal_handlers=False,
                )
            except Exception as error:  # of any kind: a worker that gives up is no worker
                _log.error("worker loop broke off", queue=queue.value, reason=type(error).__name__)
            await asyncio.sleep(1)

    def _add_task(
        self, app: procrastinate.App, pool: ThreadPoolExecutor, queue: Queue, kind: str, handler: Handler
    ) -> None:
        async def do(
            context: procrastinate.JobContext,
            payload: dict[str, Any],
            last_error: str = "",  # noqa: ARG001 - what went wrong the last time; for people
        ) -> None:
            row = context.job
            assert row.id is not None  # noqa: S101 - it was fetched
            job = ClaimedJob(
                row.id,
                kind,
                payload,
                row.attempts + 1,
                worker_id=row.worker_id,
                key=row.queueing_lock,
                queue=queue,
            )
            await asyncio.get_running_loop().run_in_executor(pool, self._do, handler, job)

        app.task(name=kind, queue=queue.value, pass_context=True, retry=_AsPutOff())(do)

    def _do(self, handler: Handler, job: ClaimedJob) -> None:
        """Does one job in a thread. Raises _PutOff where it could not be done."""
        try:
            again_at, reason = attempt(handler, job)
            with self.database.transaction() as session:
                if again_at is not None:
                    come_back(session, job, again_at)
                if reason is not None:
                    note_error(session, job.id, words_of(reason))
        except DatabaseNotReady as error:
            _log.error("database_not_ready", reason=str(error))
            raise _PutOff(_DATABASE_AWAY) from error
        if reason is None:
            self.done_count += 1
            return
        wait = wait_after(job.attempt_count)
        if (
            job.queue is Queue.MAIL
        ):  # never given up, and soon free for another worker, which may have better luck
            wait = min(job.attempt_count * _FIRST_WAIT_OF_MAIL, _LONGEST_WAIT_OF_MAIL)
        raise _PutOff(wait)

    def _add_tending(self, app: procrastinate.App, pool: ThreadPoolExecutor) -> None:
        async def tend(timestamp: int) -> None:  # noqa: ARG001 - Procrastinate passes it
            try:
                await self._take_up_stalled(app)
                await asyncio.get_running_loop().run_in_executor(pool, self.tend)
            except (DatabaseNotReady, exceptions.ConnectorException) as error:
                _log.error("tending broke off", reason=type(error).__name__)
            except Exception:  # the next one comes in a moment, and must find nothing in its way
                _log.error("tending broke off", trace=redact_text(traceback.format_exc()))

        # A queueing lock, never a lock: one that a dead worker holds would keep all others from sweeping.
        task = app.task(name=_TEND, queue=Queue.SYS.value, queueing_lock=_TEND, priority=PRIORITY[Queue.SYS])(
            tend
        )
        app.periodic(cron=f"* * * * * */{self.tempo.tend_every_seconds}")(task)

    async def _take_up_stalled(self, app: procrastinate.App) -> None:
        """Lets what dead workers were doing be done by others."""
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=self.tempo.silence_seconds):
            try:
                await app.job_manager.retry_job(job, retry_at=self.clock())
            except exceptions.UniqueViolation:  # the same work waits already
                await app.job_manager.finish_job(job, Status.ABORTED, delete_job=True)
            except exceptions.ConnectorException:
                continue  # done or taken up in the meantime
            _log.info("stalled job taken up", job_id=job.id, kind=job.task_name)


def _conninfo(url: sa.URL) -> str:
    """What libpq understands of a URL of ours."""
    options = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    where = url.translate_connect_args(database="dbname", username="user")
    return make_conninfo("", **where, **options, **watchful_options(url))
