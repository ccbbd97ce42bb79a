"""A run: takes open slices of a mailing, hands their messages over, and writes down what the servers said."""

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from newsletter.foundation.errors import DatabaseNotReady
from newsletter.mailing.feeding import Feeder
from newsletter.mailing.hands import Parts as Parts
from newsletter.mailing.models import MailingState
from newsletter.mailing.queries import mailing_by_id
from newsletter.mailing.reclaim import reclaim_dead_runs, sweep_journals
from newsletter.mailing.safety import require_memory
from newsletter.mailing.sending import begin_sending, end_sending
from newsletter.mailing.slices import finish_if_done, next_due_at
from newsletter.transport.feed import Feed
from newsletter.transport.outcome import Outcome
from newsletter.transport.smtp import Job

_LOOK_SECONDS = 0.2

_log = structlog.get_logger()


class Line(Protocol):
    """A line to a mail server, as `transport.line.DeliveryLine` is one."""

    def deliver_from(
        self, feed: Feed, *, on_outcome: Callable[[Job, Outcome], None], stop: Callable[[], bool]
    ) -> None:
        """Hands over what is put into the feed, telling what became of each exactly once, until the feed is closed.

        Raises where no server can be reached.
        """


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended: the mailing's state then, what stopped it before its time ("" for nothing), what comes next.

    `next_due_at` is when the first of those who were put off may be tried again; None where nobody waits for that.
    """

    state: MailingState
    stopped_by: str = ""
    next_due_at: datetime | None = None


class MailingRun:
    """Hands over messages of mailings over one line, one mailing at a time."""

    def __init__(self, parts: Parts, line: Line) -> None:
        self._parts = parts
        self._line = line

    def go(
        self,
        mailing_id: int,
        *,
        on_result: Callable[[Outcome], None],
        stop: Callable[[], bool],
        undo: timedelta = timedelta(),
    ) -> RunEnd:
        """Sends a mailing in the foreground: whatever is due, until nothing is, or `stop` says so, or servers refuse us.

        What was stopped is *paused*. Where only some wait who were put off, the mailing goes on running, for a worker
        or the next of these. `undo` is waited before the first message. Raises MailingIsRunning where another one
        sends it in the foreground, MailingIsOver, RelayUnreachable, RelayRefusedLogin, DatabaseNotReady (DatabaseForgets
        among them); whatever it raises, every delivery that was not handed over waits as before.
        """
        database, clock = self._parts.database, self._parts.clock
        require_memory(database)
        reclaim_dead_runs(database, clock, mailing_id=mailing_id, ledger=self._parts.ledger)
        sweep_journals(database, self._parts.journal_folder)
        with database.transaction() as session:
            token = begin_sending(session, mailing_id, clock(), undo)
        _log.info("mailing run began", mailing_id=mailing_id)
        is_broken, blamed_by = True, ""
        try:
            if undo:
                self._wait_for_start(mailing_id, stop)
            blamed_by = self._drive(mailing_id, on_result, stop, token=token)
            is_broken = False
        finally:
            pause = is_broken or stop() or bool(blamed_by)
            state = self._give_back(mailing_id, token, pause=pause, because=blamed_by, is_broken=is_broken)
        _log.info("mailing run ended", mailing_id=mailing_id, state=state.value)
        return self._end(mailing_id, state, blamed_by)

    def run_slices(
        self,
        mailing_id: int,
        *,
        on_result: Callable[[Outcome], None],
        stop: Callable[[], bool],
        slice_nos: Collection[int] | None = None,
    ) -> RunEnd:
        """Takes part in a mailing that runs: hands over what is due of its slices (of these only), until nothing is.

        For workers: any number at once, on any machines. When it is stopped the mailing goes on running for others.
        Dead runs are not looked for here (`reclaim.reclaim_dead_runs`). Raises as `go` does.
        """
        require_memory(self._parts.database)
        blamed_by = self._drive(mailing_id, on_result, stop, slice_nos=slice_nos)
        with self._parts.database.transaction() as session:
            state = finish_if_done(session, mailing_id, self._parts.clock())
        return self._end(mailing_id, state, blamed_by)

    def _drive(
        self,
        mailing_id: int,
        on_result: Callable[[Outcome], None],
        stop: Callable[[], bool],
        *,
        slice_nos: Collection[int] | None = None,
        token: str = "",
    ) -> str:
        """Runs the line in this thread and the ledger in another; what servers said that made it stop, or ""."""
        feed = Feed()
        feeder = Feeder(
            self._parts,
            mailing_id,
            feed,
            on_result=on_result,
            stop=stop,
            slice_nos=slice_nos,
            sending_token=token,
        )
        thread = threading.Thread(target=feeder.work, name=f"ledger of mailing {mailing_id}")
        thread.start()
        try:
            self._line.deliver_from(feed, on_outcome=feeder.heard, stop=stop)
        finally:
            feeder.line_has_ended()
            thread.join()
            feeder.let_go()
        if feeder.error is not None:
            raise feeder.error
        return feeder.blamed_by

    def _wait_for_start(self, mailing_id: int, stop: Callable[[], bool]) -> None:
        """Waits until the undo window is over, or somebody has stopped the mailing."""
        while not stop():
            with self._parts.database.read() as session:
                mailing = mailing_by_id(session, mailing_id)
                if mailing.state is not MailingState.RUNNING:
                    return
                if mailing.starts_at is None or mailing.starts_at <= self._parts.clock():
                    return
            time.sleep(_LOOK_SECONDS)

    def _give_back(
        self, mailing_id: int, token: str, *, pause: bool, because: str, is_broken: bool
    ) -> MailingState:
        try:
            with self._parts.database.transaction() as session:
                return end_sending(
                    session, mailing_id, token, self._parts.clock(), pause=pause, because=because
                )
        except DatabaseNotReady:
            if is_broken:  # the first error tells more
                return MailingState.RUNNING
            raise

    def _end(self, mailing_id: int, state: MailingState, blamed_by: str) -> RunEnd:
        with self._parts.database.read() as session:
            stopped_by = blamed_by or mailing_by_id(session, mailing_id).paused_because
            return RunEnd(state, stopped_by, next_due_at(session, mailing_id))
