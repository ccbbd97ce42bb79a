"""A worker's signs of life, from a thread of its own: a worker that is busy is not dead."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog

from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.jobs.beats import beat, sign_out
from newsletter.worker.figures import Figures

_BEAT_SECONDS = 1.0

_log = structlog.get_logger()


def worker_name() -> str:
    """What this worker is called: its process and its machine."""
    return f"process {os.getpid()} on {socket.gethostname()}"


@contextmanager
def beating(database: Database, name: str, figures: Figures, clock: Callable[[], datetime]) -> Iterator[None]:
    """Gives a sign of life every second for the length of the block, and takes leave at its end."""
    ended = threading.Event()
    started_at = clock()

    def run() -> None:
        while not ended.is_set():
            try:
                with database.transaction() as session:
                    beat(session, name, started_at, clock(), figures.as_row())
            except DatabaseNotReady as error:
                _log.warning("no sign of life", reason=str(error))
            ended.wait(_BEAT_SECONDS)

    thread = threading.Thread(target=run, name="beating", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timedelta(seconds=5).total_seconds())
        try:
            with database.transaction() as session:
                sign_out(session, name)
        except DatabaseNotReady:
            _log.warning("no leave taken")
