"""What a worker does for mailings: starts those whose time has come, takes up what dead runs left, hands slices over."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType

import structlog

from newsletter.foundation.database import WriteSession
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.jobs.actions import ClaimedJob
from newsletter.jobs.beats import living_workers
from newsletter.jobs.run import TryLater
from newsletter.mailing.errors import MailingIsBeingPlanned
from newsletter.mailing.ledger import Ledger
from newsletter.mailing.models import Mailing, MailingState
from newsletter.mailing.planning_job import enqueue_planning, make_rows, waiting_for_planning
from newsletter.mailing.portions import enqueue_portions
from newsletter.mailing.reclaim import reclaim_dead_runs, sweep_journals
from newsletter.mailing.run import MailingRun
from newsletter.mailing.scheduling import start_due_mailings
from newsletter.mailing.slices import finish_if_done, open_slices
from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
from newsletter.transport.line import DeliveryLine
from newsletter.wiring import Installation, keep_connections_short, open_gate, open_line, parts_of
from newsletter.worker.figures import Figures

_LOOK_SECONDS = 1.0
_RELAY_AWAY_SECONDS = (1.0, 2.0, 5.0, 15.0)
_DATABASE_AWAY_SECONDS = 2.0

_log = structlog.get_logger()


class MailDesk(AbstractContextManager["MailDesk"]):
    """One line to the relays, kept open over the mailings of a worker. Used by one thread at a time."""

    def __init__(
        self,
        installation: Installation,
        name: str,
        figures: Figures,
        clock: Callable[[], datetime],
        stop: Callable[[], bool],
        ledger: Ledger | None = None,
    ) -> None:
        self._installation = installation
        self._name = name
        self._ledger = ledger or Ledger()
        self._figures = figures
        self._clock = clock
        self._stop = stop
        self._open = ExitStack()
        self._gate = self._open.enter_context(open_gate(installation, name))
        self._line: DeliveryLine | None = None
        self._relay_failures = 0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def silence(self) -> timedelta:
        """After what silence a worker on another machine is taken to be dead."""
        return timedelta(seconds=self._installation.settings.worker_silence_seconds)

    def deliver(self, job: ClaimedJob) -> None:
        """Hands over a portion. Raises TryLater where no relay can be used, so that another worker may try."""
        self._rest()
        if self._stop():
            return
        try:
            self.hand_over(job.payload["mailing_id"], job.payload["slice_nos"])
        except (RelayUnreachable, RelayRefusedLogin) as error:
            raise TryLater(str(error)) from error

    def plan(self, job: ClaimedJob) -> None:
        """Makes the rows of a mailing. Raises TryLater where another worker is at it."""
        try:
            self.make_rows(job.payload["mailing_id"])
        except MailingIsBeingPlanned as error:
            raise TryLater(str(error)) from error

    def make_rows(self, mailing_id: int) -> None:
        """Makes the rows of a mailing that waits for that, and lets them be handed over. Raises MailingIsBeingPlanned."""
        settings, database = self._installation.settings, self._installation.database
        undo = timedelta(seconds=settings.undo_seconds)
        began = time.monotonic()
        if make_rows(
            database, mailing_id, self._clock, planner=self._name, time_zone=settings.time_zone, undo=undo
        ):
            _log.info("mailing planned", mailing_id=mailing_id, seconds=round(time.monotonic() - began, 1))
            with database.transaction() as session:
                self._enqueue(session)

    def hand_over(self, mailing_id: int, slice_nos: list[int] | None = None) -> None:
        """Hands over what is due of a mailing (of these slices).

        Raises RelayUnreachable, RelayRefusedLogin, DatabaseNotReady.
        """
        parts = replace(
            parts_of(self._installation, mailing_id, self._gate, self._clock), ledger=self._ledger
        )
        if self._line is None:
            self._line = self._open.enter_context(open_line(self._installation.settings))
            keep_connections_short(self._line, self._gate, self._installation.settings)
        try:
            end = MailingRun(parts, self._line).run_slices(
                mailing_id,
                on_result=lambda outcome: self._figures.count(outcome.verdict.value),
                stop=self._stop,
                slice_nos=slice_nos,
            )
        except (RelayUnreachable, RelayRefusedLogin):
            self._relay_failures += 1
            raise
        self._relay_failures = 0
        if end.stopped_by:
            _log.warning("mailing stopped", mailing_id=mailing_id, state=end.state.value)

    def _rest(self) -> None:
        """After trouble with the relays, waits before the next try: a worker that is cut off must not take up everything."""
        if not self._relay_failures:
            return
        seconds = _RELAY_AWAY_SECONDS[min(self._relay_failures, len(_RELAY_AWAY_SECONDS)) - 1]
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._stop():
            time.sleep(0.1)

    def look_after(self) -> None:
        """Starts what is due, frees what dead runs hold, ends mailings that are done. Safe in any number of workers."""
        database = self._installation.database
        reclaim_dead_runs(database, self._clock, silence_max=self.silence, ledger=self._ledger)
        now = self._clock()
        late_after = timedelta(minutes=self._installation.settings.late_start_minutes)
        with database.transaction() as session:
            start_due_mailings(session, now, late_after)
        with database.read() as session:
            running = [
                mailing.id
                for mailing in session.query(Mailing).where(Mailing.state == MailingState.RUNNING)
                if not open_slices(session, now, mailing.id, limit=1)
            ]
        for mailing_id in running:
            with database.transaction() as session:
                finish_if_done(session, mailing_id, now)

    def tend(self) -> None:
        """On PostgreSQL: looks after mailings, and sees to it that a job stands for every open slice."""
        self.look_after()
        with self._installation.database.transaction() as session:
            enqueue_planning(session, self._clock())
            self._enqueue(session)

    def _enqueue(self, session: WriteSession) -> None:
        now = self._clock()
        workers = len(living_workers(session, now, self.silence))
        enqueue_portions(session, now, workers)

    def _plan_all(self) -> None:
        """Makes the rows of every mailing that waits for that and that no other worker is at."""
        with self._installation.database.read() as session:
            mailing_ids = waiting_for_planning(session)
        for mailing_id in mailing_ids:
            with suppress(MailingIsBeingPlanned):
                self.make_rows(mailing_id)

    def tidy(self) -> None:
        """Removes what journals dead runs left on this machine."""
        sweep_journals(self._installation.database, self._installation.journal_folder)

    def work_alone(self, stop: threading.Event, *, once: bool = False) -> None:
        """On SQLite: asks the ledger for open slices and hands them over, until `stop` is set; `once`: until none is due."""
        database = self._installation.database
        while not stop.is_set():
            try:
                if once:
                    self._plan_all()
                self.look_after()
                with database.read() as session:
                    mailing_ids = sorted({key.mailing_id for key in open_slices(session, self._clock())})
                for mailing_id in mailing_ids:
                    self.hand_over(mailing_id)
            except (RelayUnreachable, RelayRefusedLogin) as error:
                if once:
                    raise
                _log.warning("relay not to be used", reason=str(error))
                self._rest()
            except DatabaseNotReady as error:
                if once:
                    raise
                _log.error("database_not_ready", reason=str(error))
                stop.wait(_DATABASE_AWAY_SECONDS)
            else:
                if once and not mailing_ids:
                    return
                if not mailing_ids:
                    stop.wait(_LOOK_SECONDS)
