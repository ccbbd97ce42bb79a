"""A planned mailing, a line of our own in place of a mail server, and what a run over them needs."""

import secrets
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from builders import NOW, a_frozen_edition, many_readers
from newsletter.audience.models import MailingList, Subscription
from newsletter.editions.queries import rendered_variants
from newsletter.foundation.database import Database, WriteSession
from newsletter.foundation.signing import Keyring
from newsletter.mailing.claiming import ClaimedDelivery
from newsletter.mailing.compose import Composer, sender_of
from newsletter.mailing.ledger import Claim, Ledger, Run
from newsletter.mailing.liveness import holder_name
from newsletter.mailing.models import Delivery, Mailing, MailingState
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.queries import Counts, mailing_by_id, mailing_report
from newsletter.mailing.results import result_of
from newsletter.mailing.run import MailingRun, Parts, RunEnd
from newsletter.mailing.sending import start_mailing
from newsletter.mailing.slices import finish_if_done
from newsletter.transport.feed import Feed
from newsletter.transport.octets import whole
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job

ACCEPTED = Outcome(Verdict.ACCEPTED, 250, "2.0.0", "ok")
NOT_TRIED = Outcome(Verdict.NOT_TRIED, None, None, "")
ADDRESSES = ["ana@example.org", "ben@example.org", "cleo@example.org", "dina@example.org", "eli@example.org"]


class LineOfAnswers:
    """A line that answers by the recipient, accepts who is not named, and keeps what it was handed."""

    def __init__(self, answers: dict[str, Outcome] | None = None) -> None:
        self.answers = answers or {}
        self.handed: list[str] = []
        self.jobs: list[Job] = []
        self.messages: list[bytes] = []
        self.breaks: Exception | None = None
        self.at_each: Callable[[str], None] = lambda _recipient: None

    def deliver_from(
        self, feed: Feed, *, on_outcome: Callable[[Job, Outcome], None], stop: Callable[[], bool]
    ) -> None:
        broke = False
        while not broke:
            if stop():
                break
            entry = feed.take()
            if entry is None:
                if feed.is_closed:
                    return
                time.sleep(0.001)
                continue
            if self.breaks:
                on_outcome(entry.job, NOT_TRIED)
                broke = True
            else:
                self.hand_over(entry.job, on_outcome)
        for left in feed.end():
            on_outcome(left.job, NOT_TRIED)
        if self.breaks:
            raise self.breaks

    def hand_over(self, job: Job, on_outcome: Callable[[Job, Outcome], None]) -> None:
        self.at_each(job.recipient)
        self.handed.append(job.recipient)
        self.jobs.append(job)
        self.messages.append(whole(job.message()))
        job.on_hand_over()
        on_outcome(job, self.answers.get(job.recipient, ACCEPTED))


class Office:
    """A planned mailing to some readers, and what a run over it needs."""

    def __init__(
        self,
        db: Database,
        keyring: Keyring,
        folder: Path,
        addresses: Sequence[str] = ADDRESSES,
        ledger: Ledger | None = None,
        *,
        is_planned: bool = True,
    ) -> None:
        self.db, self.keyring, self.now, self.folder = db, keyring, NOW, folder
        self.ledger = ledger or Ledger()
        list_id, self.edition_id = a_frozen_edition(db)
        with db.transaction() as session:
            mailing_list = session.get_one(MailingList, list_id)
            readers = many_readers(session, keyring, mailing_list, addresses)
            self.names = {
                address: reader.public_name for address, reader in zip(addresses, readers, strict=True)
            }
            self.mailing_id = plan_mailing(session, self.edition_id, NOW).id if is_planned else 1
            self.composer = Composer(
                sender_of(mailing_list, "", "https://news.canal.example", keyring),
                rendered_variants(session, self.edition_id),
                "m1",
            )

    def parts(self, **others: Any) -> Parts:
        return Parts(
            database=self.db,
            keyring=self.keyring,
            composer=self.composer,
            sender_address="letter@canal.example",
            clock=lambda: self.now,
            journal_folder=self.folder,
            ledger=self.ledger,
            **others,
        )

    def run(self, line: LineOfAnswers, *, stop: Callable[[], bool] = lambda: False, **others: Any) -> RunEnd:
        run = MailingRun(self.parts(**others), line)
        return run.go(self.mailing_id, on_result=lambda _outcome: None, stop=stop)

    def counts(self) -> Counts:
        with self.db.read() as session:
            return mailing_report(session, self.mailing_id).total

    def state(self) -> MailingState:
        with self.db.read() as session:
            return session.get_one(Mailing, self.mailing_id).state

    def delivery(self, address: str) -> Delivery:
        with self.db.read() as session:
            subscription = sa.select(Subscription.id).where(Subscription.public_name == self.names[address])
            statement = sa.select(Delivery).where(Delivery.subscription_id == subscription.scalar_subquery())
            return session.scalars(statement).one()


def a_run(journal: str = "") -> Run:
    """A run of this process."""
    return Run(secrets.randbits(62), holder_name(), journal)


def claim_all(session: WriteSession, mailing_id: int, now: datetime) -> list[Claim]:
    """Lets the mailing run, and claims all that is due of it, a run for each slice."""
    start_mailing(session, mailing_by_id(session, mailing_id), now)
    claims = []
    while (claim := Ledger().claim(session, mailing_id, a_run(), now)) is not None:
        claims.append(claim)
    return claims


def record(
    session: WriteSession,
    claim: Claim,
    outcomes: Sequence[tuple[ClaimedDelivery, Outcome]],
    now: datetime,
    ledger: Ledger | None = None,
) -> None:
    """Writes down what became of some of a claim."""
    results = [result_of(item, outcome, now, lambda: 0.0) for item, outcome in outcomes]
    (ledger or Ledger()).record(session, claim, results, now)


def send_all(
    session: WriteSession,
    mailing_id: int,
    now: datetime,
    answer: Callable[[ClaimedDelivery], Outcome] = lambda _item: ACCEPTED,
) -> list[ClaimedDelivery]:
    """Everything that is due is answered so, in one transaction; whom it went to."""
    sent: list[ClaimedDelivery] = []
    for claim in claim_all(session, mailing_id, now):
        record(session, claim, [(item, answer(item)) for item in claim.deliveries], now)
        Ledger().end_run(session, claim.key, claim.run.token, now)
        sent += claim.deliveries
    finish_if_done(session, mailing_id, now)
    return sorted(sent)
