"""A run: takes a mailing's due deliveries in batches, hands them over, and writes down what the servers said."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog

from newsletter.audience.actions import suppress
from newsletter.audience.models import SuppressionReason
from newsletter.foundation.addresses import envelope_address
from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.foundation.signing import Keyring
from newsletter.mailing.compose import Composer
from newsletter.mailing.journal import Journal, Mark, journal_path, read_journal
from newsletter.mailing.ledger import (
    ClaimedDelivery,
    Result,
    Run,
    begin_run,
    claim_deliveries,
    end_run,
    record_results,
)
from newsletter.mailing.models import MailingState
from newsletter.mailing.queries import mailing_by_id
from newsletter.mailing.rules import is_dead_address
from newsletter.transport.octets import Message
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job

_log = structlog.get_logger()

# How many deliveries are claimed and written down at once.
BATCH_SIZE = 64
# So many answers of one run that blame the sender, and it stops: more mail would only make it worse.
_BLOCKED_MAX = 3


_MARKS = {Verdict.ACCEPTED: Mark.ACCEPTED, Verdict.IN_DOUBT: Mark.HANDED_OVER}


class Line(Protocol):
    """A line to a mail server, as `transport.line.DeliveryLine` is one."""

    def deliver(
        self, jobs: Sequence[Job], *, on_outcome: Callable[[Job, Outcome], None], stop: Callable[[], bool]
    ) -> None:
        """Hands the jobs over, telling what became of each exactly once; raises when no server can be reached."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended: the mailing's state then, and what stopped it before its time ("" for nothing)."""

    state: MailingState
    stopped_by: str = ""


class MailingRun:
    """One run over a mailing, from the taking of the right to send to the giving back."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        composer: Composer,
        sender_address: str,
        line: Line,
        clock: Callable[[], datetime],
        journal_folder: Path,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._composer = composer
        self._envelope_sender = envelope_address(sender_address)
        self._line = line
        self._clock = clock
        self._journal_folder = journal_folder
        self._journal: Journal | None = None
        self._blocked_by: list[str] = []

    def go(
        self,
        mailing_id: int,
        *,
        on_result: Callable[[Outcome], None],
        stop: Callable[[], bool],
        batch: int = BATCH_SIZE,
        put_off_now: bool = False,
    ) -> RunEnd:
        """Hands over whatever is due, until nothing is, or `stop` says so, or the servers refuse the sender.

        `put_off_now` does not wait for the time of those that were put off. Raises MailingIsRunning, MailingIsOver,
        RelayUnreachable, RelayRefusedLogin; whatever it raises, every delivery that was not handed over waits as before.
        """
        run = self._begin(mailing_id)
        began_at = self._clock() if put_off_now else None
        _log.info("mailing run began", mailing_id=mailing_id)
        self._journal = self._open_journal(run, batch)
        state = MailingState.PAUSED
        has_ledger = True
        try:
            while not stop() and not self._blocking_words():
                if not self._one_batch(run, batch, on_result, stop, began_at):
                    break
        except DatabaseNotReady:
            has_ledger = False  # the journal stays, and tells the next run what became of the last batch
            raise
        finally:
            if has_ledger:
                state = self._end(run)
        return RunEnd(state, self._blocking_words())

    def _begin(self, mailing_id: int) -> Run:
        with self._database.read() as session:
            token = mailing_by_id(session, mailing_id).run_token
        marks = read_journal(self._journal_folder, token) if token else None
        with self._database.transaction() as session:
            run = begin_run(
                session, mailing_id, self._clock(), (token, marks) if token and marks is not None else None
            )
        if token:
            journal_path(self._journal_folder, token).unlink(missing_ok=True)
        return run

    def _open_journal(self, run: Run, size: int) -> Journal | None:
        try:
            return Journal(journal_path(self._journal_folder, run.token), run.token, size)
        except OSError as error:
            _log.warning("journal not written", mailing_id=run.mailing_id, reason=error.strerror)
            return None

    def _end(self, run: Run) -> MailingState:
        with self._database.transaction() as session:
            state = end_run(session, run, self._clock())
        if self._journal is not None:
            self._journal.remove()
        _log.info("mailing run ended", mailing_id=run.mailing_id, state=state.value)
        return state

    def _one_batch(
        self,
        run: Run,
        size: int,
        on_result: Callable[[Outcome], None],
        stop: Callable[[], bool],
        put_off_before: datetime | None,
    ) -> bool:
        """Claims, hands over and records one batch; False where nothing was due."""
        with self._database.transaction() as session:
            claimed = claim_deliveries(session, run, size, self._clock(), put_off_before)
        if not claimed:
            return False
        if self._journal is not None:
            self._journal.begin_batch([item.subscriber_id for item in claimed])
        outcomes: dict[Hashable, Outcome] = {}

        def heard(job: Job, outcome: Outcome) -> None:
            outcomes[job.key] = outcome
            self._note(int(str(job.key)), _MARKS.get(outcome.verdict, Mark.NOT_TAKEN))
            if outcome.code is not None and outcome.verdict in (Verdict.BLOCKED, Verdict.CONTENT_REFUSED):
                self._blocked_by.append(outcome.text)
            on_result(outcome)

        now = self._clock()
        jobs = [self._job(delivery, now) for delivery in claimed]
        try:
            self._line.deliver(jobs, on_outcome=heard, stop=lambda: stop() or bool(self._blocking_words()))
        finally:
            # A line tells of every job before it returns or raises; should it ever not, the message may be out.
            not_heard = Outcome(
                Verdict.IN_DOUBT, None, None, "the line broke off without a word about this message"
            )
            self._record(run, [Result(item, outcomes.get(item.subscriber_id, not_heard)) for item in claimed])
        return True

    def _job(self, delivery: ClaimedDelivery, now: datetime) -> Job:
        make = self._composer.maker(delivery, now)

        def message() -> Message:
            octets = make()
            self._note(delivery.subscriber_id, Mark.HANDED_OVER)
            return octets

        return Job(
            key=delivery.subscriber_id,
            sender=self._envelope_sender,
            recipient=envelope_address(delivery.address),
            message=message,
            is_slow=self._composer.is_slow,
        )

    def _note(self, subscriber_id: int, mark: Mark) -> None:
        if self._journal is not None:
            self._journal.mark(subscriber_id, mark)

    def _record(self, run: Run, results: Sequence[Result]) -> None:
        now = self._clock()
        with self._database.transaction() as session:
            record_results(session, run, results, now)
            for result in results:
                if is_dead_address(result.outcome):
                    suppress(session, self._keyring, result.claimed.address, SuppressionReason.BOUNCED, now)

    def _blocking_words(self) -> str:
        """The server's words, where they say that the fault lies with the sender or the content."""
        return self._blocked_by[-1] if len(self._blocked_by) >= _BLOCKED_MAX else ""
