"""Runs over the real ledger, with a line of our own in place of a mail server."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders import NOW, a_frozen_edition, a_reader
from newsletter.audience.actions import end_subscription, suppress
from newsletter.audience.models import EndReason, MailingList, Subscription, SuppressionReason
from newsletter.audience.queries import is_suppressed
from newsletter.audience.rules import address_key
from newsletter.editions.queries import rendered_variants
from newsletter.foundation.database import Database
from newsletter.foundation.errors import NewsletterError
from newsletter.foundation.signing import Keyring
from newsletter.mailing.actions import cancel_mailing, pause_mailing, resend_in_doubt
from newsletter.mailing.compose import Composer, sender_of
from newsletter.mailing.errors import MailingIsOver, MailingIsRunning
from newsletter.mailing.journal import Journal, Mark, journal_path
from newsletter.mailing.ledger import Result, Run, begin_run, claim_deliveries, end_run, record_results
from newsletter.mailing.models import Delivery, DeliveryState, Mailing, MailingState, SkipReason
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.queries import Counts, mailing_report
from newsletter.mailing.run import MailingRun, RunEnd
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
        self.messages: list[bytes] = []
        self.breaks: Exception | None = None
        self.at_each: Callable[[str], None] = lambda _recipient: None

    def deliver(
        self, jobs: Sequence[Job], *, on_outcome: Callable[[Job, Outcome], None], stop: Callable[[], bool]
    ) -> None:
        for job in jobs:
            if stop() or self.breaks:
                on_outcome(job, NOT_TRIED)
                continue
            self.at_each(job.recipient)
            self.handed.append(job.recipient)
            self.messages.append(whole(job.message()))
            on_outcome(job, self.answers.get(job.recipient, ACCEPTED))
        if self.breaks:
            raise self.breaks


class Office:
    """A planned mailing to five readers, and what a run over it needs."""

    def __init__(self, db: Database, keyring: Keyring, folder: Path) -> None:
        self.db, self.keyring, self.now, self.folder = db, keyring, NOW, folder
        list_id, self.edition_id = a_frozen_edition(db)
        with db.transaction() as session:
            mailing_list = session.get_one(MailingList, list_id)
            self.names = {
                address: a_reader(session, keyring, mailing_list, address).public_name
                for address in ADDRESSES
            }
            self.mailing_id = plan_mailing(session, self.edition_id, NOW).id
            self.composer = Composer(
                sender_of(mailing_list, "", "https://news.canal.example", keyring),
                rendered_variants(session, self.edition_id),
                "m1",
            )

    def run(self, line: LineOfAnswers, *, stop: Callable[[], bool] = lambda: False, batch: int = 2) -> RunEnd:
        run = MailingRun(
            self.db, self.keyring, self.composer, "letter@canal.example", line, lambda: self.now, self.folder
        )
        return run.go(self.mailing_id, on_result=lambda _outcome: None, stop=stop, batch=batch)

    def counts(self) -> Counts:
        with self.db.read() as session:
            return mailing_report(session, self.mailing_id).total

    def delivery(self, address: str) -> Delivery:
        with self.db.read() as session:
            subscription = sa.select(Subscription.id).where(Subscription.public_name == self.names[address])
            statement = sa.select(Delivery).where(Delivery.subscription_id == subscription.scalar_subquery())
            return session.scalars(statement).one()


@pytest.fixture
def office(db: Database, keyring: Keyring, tmp_path: Path) -> Office:
    return Office(db, keyring, tmp_path)


def test_run_hands_everything_over_once_and_finishes(office: Office) -> None:
    line = LineOfAnswers()
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert line.handed == ADDRESSES
    assert office.counts() == Counts(planned=5, accepted=5)
    with pytest.raises(MailingIsOver):
        office.run(line)
    assert line.handed == ADDRESSES


def test_refused_reader_does_not_stop_the_rest_and_a_dead_address_is_never_mailed_again(
    office: Office,
) -> None:
    dead = Outcome(Verdict.REJECTED, 550, "5.1.1", "no such mailbox")
    full = Outcome(Verdict.DEFERRED, 452, "4.2.2", "mailbox full")
    office.run(LineOfAnswers({"ben@example.org": dead, "cleo@example.org": full}))
    assert office.counts() == Counts(planned=5, accepted=3, rejected=1, deferred=1)
    refused = office.delivery("ben@example.org")
    assert (refused.reply_code, refused.reply_enhanced, refused.reply_text) == (
        550,
        "5.1.1",
        "no such mailbox",
    )
    with office.db.read() as session:
        assert is_suppressed(session, address_key(office.keyring, "ben@example.org"))
        assert not is_suppressed(session, address_key(office.keyring, "cleo@example.org"))


def test_put_off_reader_is_tried_again_when_due_and_not_before(office: Office) -> None:
    later = Outcome(Verdict.DEFERRED, 451, "4.7.1", "greylisted")
    assert office.run(LineOfAnswers({"cleo@example.org": later})).state is MailingState.PAUSED
    line = LineOfAnswers()
    assert office.run(line).state is MailingState.PAUSED
    assert line.handed == []
    office.now = NOW + timedelta(minutes=6)
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert line.handed == ["cleo@example.org"]
    assert office.delivery("cleo@example.org").attempt_count == 2


def test_stop_in_the_middle_then_the_same_again_mails_nobody_twice(office: Office) -> None:
    line = LineOfAnswers()
    assert office.run(line, stop=lambda: len(line.handed) >= 3).state is MailingState.PAUSED
    assert office.counts() == Counts(planned=5, accepted=3, pending=2)
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert line.handed == ADDRESSES


def test_same_message_to_the_octet_when_tried_again(office: Office) -> None:
    later = Outcome(Verdict.DEFERRED, 451, None, "later")
    first, second = LineOfAnswers({"ana@example.org": later}), LineOfAnswers()
    office.run(first)
    office.now = NOW + timedelta(minutes=6)
    office.run(second)

    def message_id(message: bytes) -> bytes:
        return next(line for line in message.split(b"\r\n") if line.startswith(b"Message-ID:"))

    assert message_id(first.messages[0]) == message_id(second.messages[0])
    assert len({message_id(message) for message in first.messages}) == 5


class RelayGone(NewsletterError):
    pass


def test_relay_that_is_gone_leaves_everything_pending(office: Office) -> None:
    line = LineOfAnswers()
    line.breaks = RelayGone("The relay does not answer.")
    with pytest.raises(RelayGone):
        office.run(line)
    assert office.counts() == Counts(planned=5, pending=5)
    line.breaks = None
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert line.handed == ADDRESSES


def test_line_that_breaks_off_without_a_word_leaves_doubt_and_no_second_copy(office: Office) -> None:
    class Broken(LineOfAnswers):
        def deliver(self, jobs, *, on_outcome, stop):  # type: ignore[no-untyped-def]
            self.handed.append(jobs[0].recipient)
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        office.run(Broken())
    assert office.counts() == Counts(planned=5, pending=3, in_doubt=2)
    line = LineOfAnswers()
    office.run(line)
    assert line.handed == ADDRESSES[2:]
    assert office.counts() == Counts(planned=5, accepted=3, in_doubt=2)


def test_reader_who_leaves_in_the_middle_gets_nothing_more(office: Office) -> None:
    line = LineOfAnswers()

    def leave(recipient: str) -> None:
        if recipient == "ana@example.org":
            with office.db.transaction() as session:
                end_subscription(session, office.names["eli@example.org"], EndReason.UNSUBSCRIBED, NOW)
                suppress(session, office.keyring, "dina@example.org", SuppressionReason.REQUESTED, NOW)

    line.at_each = leave
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert line.handed == ADDRESSES[:3]
    assert office.counts().skipped == {SkipReason.SUPPRESSED: 1, SkipReason.UNSUBSCRIBED: 1}


def test_servers_that_blame_the_sender_stop_the_run(office: Office) -> None:
    blocked = Outcome(Verdict.BLOCKED, 550, "5.7.1", "your network is on our list")
    line = LineOfAnswers(dict.fromkeys(ADDRESSES, blocked))
    assert office.run(line, batch=5) == RunEnd(MailingState.PAUSED, "your network is on our list")
    assert office.counts() == Counts(planned=5, deferred=3, pending=2)
    with office.db.read() as session:
        assert not is_suppressed(session, address_key(office.keyring, "ana@example.org"))


def test_pause_and_cancel_end_a_run_after_the_batch(office: Office) -> None:
    line = LineOfAnswers()

    def pause(recipient: str) -> None:
        if recipient == "ana@example.org":
            with office.db.transaction() as session:
                pause_mailing(session, office.mailing_id)

    line.at_each = pause
    assert office.run(line) == RunEnd(MailingState.PAUSED)
    assert line.handed == ADDRESSES[:2]
    line.at_each = lambda _recipient: None
    with office.db.transaction() as session:
        cancel_mailing(session, office.mailing_id, NOW)
    assert office.counts() == Counts(planned=5, accepted=2, skipped={SkipReason.CANCELLED: 3})
    with pytest.raises(MailingIsOver):
        office.run(line)


def test_cancel_during_a_batch_leaves_nothing_waiting(office: Office) -> None:
    line = LineOfAnswers()

    def cancel(recipient: str) -> None:
        with office.db.transaction() as session:
            cancel_mailing(session, office.mailing_id, NOW)

    line.at_each = cancel
    assert office.run(line, stop=lambda: len(line.handed) >= 1) == RunEnd(MailingState.CANCELLED)
    assert office.counts() == Counts(planned=5, accepted=1, skipped={SkipReason.CANCELLED: 4})


def test_second_run_at_the_same_time_is_told_who_is_at_work(office: Office) -> None:
    with office.db.transaction() as session:
        run = begin_run(session, office.mailing_id, NOW)
        session.get_one(Mailing, office.mailing_id).run_holder = "process 1 on another-machine"
    with pytest.raises(MailingIsRunning, match="process 1 on another-machine"):
        office.run(LineOfAnswers())
    with office.db.transaction() as session:
        assert end_run(session, run, NOW) is MailingState.PAUSED
    assert office.run(LineOfAnswers()) == RunEnd(MailingState.FINISHED)


def test_what_a_dead_run_had_on_the_wire_is_in_doubt_and_not_sent_again(office: Office) -> None:
    with office.db.transaction() as session:
        begin_run(session, office.mailing_id, NOW)
    with office.db.transaction() as session:
        mailing = session.get_one(Mailing, office.mailing_id)
        assert mailing.run_token is not None
        dead_run = Run(mailing.id, mailing.run_token)
        claimed = claim_deliveries(session, dead_run, 2, NOW)
    assert [item.address for item in claimed] == ADDRESSES[:2]
    assert office.counts() == Counts(planned=5, pending=5)
    line = LineOfAnswers()
    assert office.run(line) == RunEnd(
        MailingState.FINISHED
    )  # the holder is this process, which is not at work
    assert line.handed == ADDRESSES[2:]
    assert office.counts() == Counts(planned=5, accepted=3, in_doubt=2)
    with office.db.transaction() as session:  # the answer of the one that only slept resolves the doubt
        record_results(session, dead_run, [Result(claimed[0], ACCEPTED)] * 2, NOW)
    assert office.counts() == Counts(planned=5, accepted=4, in_doubt=1)
    with office.db.transaction() as session:  # and changes nothing that is certain
        record_results(session, dead_run, [Result(claimed[0], NOT_TRIED)], NOW)
    assert office.counts() == Counts(planned=5, accepted=4, in_doubt=1)


def test_silent_run_of_another_machine_is_taken_over_in_the_end(office: Office) -> None:
    with office.db.transaction() as session:
        begin_run(session, office.mailing_id, NOW)
        session.get_one(Mailing, office.mailing_id).run_holder = "process 1 on another-machine"
    office.now = NOW + timedelta(minutes=16)
    assert office.run(LineOfAnswers()) == RunEnd(MailingState.FINISHED)


def test_report_adds_up_at_every_moment(office: Office) -> None:
    seen: list[Counts] = []
    line = LineOfAnswers({"cleo@example.org": Outcome(Verdict.IN_DOUBT, None, None, "hung up")})
    line.at_each = lambda _recipient: seen.append(office.counts())
    office.run(line)
    seen.append(office.counts())
    for counts in seen:
        others = counts.accepted + counts.rejected + counts.deferred + counts.given_up + counts.in_doubt
        assert counts.planned == 5 == others + counts.pending + sum(counts.skipped.values())
    assert seen[-1].in_doubt == 1


def test_moments_are_kept(office: Office) -> None:
    office.run(LineOfAnswers())
    with office.db.read() as session:
        mailing = session.get_one(Mailing, office.mailing_id)
        assert (mailing.finished_at, mailing.run_token, mailing.run_holder) == (NOW, None, None)
    assert office.delivery("ana@example.org").changed_at == NOW
    assert isinstance(office.delivery("ana@example.org").changed_at, datetime)
    assert office.delivery("ana@example.org").state is DeliveryState.ACCEPTED


def killed_at(office: Office, recipient: str, *, handed_over: bool) -> list[str]:
    """What a run leaves that was killed at one recipient, before or after her message left; whom it had mailed."""
    with office.db.transaction() as session:
        run = begin_run(session, office.mailing_id, NOW)
    with office.db.transaction() as session:
        claimed = claim_deliveries(session, run, 5, NOW)
    journal = Journal(journal_path(office.folder, run.token), run.token, 5)
    journal.begin_batch([delivery.subscriber_id for delivery in claimed])
    mailed = []
    for delivery in claimed:
        if delivery.address == recipient and not handed_over:
            break
        mailed.append(delivery.address)
        journal.mark(delivery.subscriber_id, Mark.HANDED_OVER)
        if delivery.address == recipient:
            break
        journal.mark(delivery.subscriber_id, Mark.ACCEPTED)
    return mailed


@pytest.mark.parametrize("handed_over", [False, True])
def test_journal_of_a_killed_run_leaves_in_doubt_only_what_was_on_the_wire(
    office: Office, handed_over: bool
) -> None:
    taken = killed_at(office, "cleo@example.org", handed_over=handed_over)
    line = LineOfAnswers()
    office.run(line)
    assert line.handed == (ADDRESSES[3:] if handed_over else ADDRESSES[2:])
    assert not set(line.handed) & set(taken)
    doubt = int(handed_over)
    assert office.counts() == Counts(planned=5, accepted=5 - doubt, in_doubt=doubt)
    assert list(office.folder.glob("*.journal")) == []
    if handed_over:
        assert office.delivery("cleo@example.org").reply_text.startswith(
            "handed over by a run that was broken off"
        )


def test_without_its_journal_everything_a_killed_run_claimed_is_in_doubt(office: Office) -> None:
    killed_at(office, "cleo@example.org", handed_over=True)
    for path in office.folder.glob("*.journal"):
        path.unlink()
    line = LineOfAnswers()
    office.run(line)
    assert line.handed == []
    assert office.counts() == Counts(planned=5, in_doubt=5)


def test_operator_may_send_those_in_doubt_again(office: Office) -> None:
    killed_at(office, "cleo@example.org", handed_over=True)
    office.run(LineOfAnswers())
    with office.db.transaction() as session:
        assert resend_in_doubt(session, office.mailing_id, NOW) == 1
    line = LineOfAnswers()
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert line.handed == ["cleo@example.org"]
    assert office.counts() == Counts(planned=5, accepted=5)


def test_put_off_readers_go_at_once_when_asked_and_only_once_a_run(office: Office) -> None:
    later = Outcome(Verdict.DEFERRED, 451, "4.7.1", "greylisted")
    office.run(LineOfAnswers({"cleo@example.org": later}))
    office.now = NOW + timedelta(seconds=1)
    line = LineOfAnswers({"cleo@example.org": later})
    run = MailingRun(
        office.db,
        office.keyring,
        office.composer,
        "letter@canal.example",
        line,
        lambda: office.now,
        office.folder,
    )
    run.go(office.mailing_id, on_result=lambda _outcome: None, stop=lambda: False, put_off_now=True)
    assert line.handed == ["cleo@example.org"]
