"""A run: takes a mailing's due deliveries in batches, hands them over, and writes down what the servers said."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from newsletter.audience.actions import suppress
from newsletter.audience.models import SuppressionReason
from newsletter.foundation.addresses import envelope_address
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.compose import Composer
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
from newsletter.mailing.rules import is_dead_address
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job

_log = structlog.get_logger()

# What a killed process can leave in doubt is at most one batch.
BATCH_SIZE = 64
# So many answers of one run that blame the sender, and it stops: more mail would only make it worse.
_BLOCKED_MAX = 3


class Line(Protocol):
    """A line to a mail server, as `transport.smtp.DeliveryLine` is one."""

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
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._composer = composer
        self._envelope_sender = envelope_address(sender_address)
        self._line = line
        self._clock = clock
        self._blocked_by: list[str] = []

    def go(
        self,
        mailing_id: int,
        *,
        on_result: Callable[[Outcome], None],
        stop: Callable[[], bool],
        batch: int = BATCH_SIZE,
    ) -> RunEnd:
        """Hands over whatever is due, until nothing is, or `stop` says so, or the servers refuse the sender.

        Raises MailingIsRunning, MailingIsOver, RelayUnreachable, RelayRefusedLogin; whatever it raises, every
        delivery that was not handed over waits as before.
        """
        with self._database.transaction() as session:
            run = begin_run(session, mailing_id, self._clock())
        _log.info("mailing run began", mailing_id=mailing_id)
        state = MailingState.PAUSED
        try:
            while not stop() and not self._blocking_words():
                if not self._one_batch(run, batch, on_result, stop):
                    break
        finally:
            with self._database.transaction() as session:
                state = end_run(session, run, self._clock())
            _log.info("mailing run ended", mailing_id=mailing_id, state=state.value)
        return RunEnd(state, self._blocking_words())

    def _one_batch(
        self, run: Run, size: int, on_result: Callable[[Outcome], None], stop: Callable[[], bool]
    ) -> bool:
        """Claims, hands over and records one batch; False where nothing was due."""
        with self._database.transaction() as session:
            claimed = claim_deliveries(session, run, size, self._clock())
        if not claimed:
            return False
        now = self._clock()
        outcomes: dict[Hashable, Outcome] = {}
        jobs = [self._job(delivery, now) for delivery in claimed]

        def heard(job: Job, outcome: Outcome) -> None:
            outcomes[job.key] = outcome
            on_result(outcome)

        try:
            self._line.deliver(jobs, on_outcome=heard, stop=stop)
        finally:
            # A line tells of every job before it returns or raises; should it ever not, the message may be out.
            not_heard = Outcome(
                Verdict.IN_DOUBT, None, None, "the line broke off without a word about this message"
            )
            self._record(run, [Result(item, outcomes.get(item.subscriber_id, not_heard)) for item in claimed])
        return True

    def _job(self, delivery: ClaimedDelivery, now: datetime) -> Job:
        return Job(
            key=delivery.subscriber_id,
            sender=self._envelope_sender,
            recipient=envelope_address(delivery.address),
            message=self._composer.maker(delivery, now),
        )

    def _record(self, run: Run, results: Sequence[Result]) -> None:
        now = self._clock()
        with self._database.transaction() as session:
            record_results(session, run, results, now)
            for result in results:
                if is_dead_address(result.outcome):
                    suppress(session, self._keyring, result.claimed.address, SuppressionReason.BOUNCED, now)
        self._blocked_by += [
            result.outcome.text
            for result in results
            if result.outcome.verdict in (Verdict.BLOCKED, Verdict.CONTENT_REFUSED)
        ]

    def _blocking_words(self) -> str:
        """The server's words, where they say that the fault lies with the sender or the content."""
        return self._blocked_by[-1] if len(self._blocked_by) >= _BLOCKED_MAX else ""
