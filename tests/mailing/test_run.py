"""Runs over the real ledger, with a line of our own in place of a mail server."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders import NOW
from builders_mailing import ADDRESSES, LineOfAnswers, Office
from newsletter.audience.actions import end_subscription, suppress
from newsletter.audience.models import EndReason, SuppressionReason
from newsletter.audience.queries import is_suppressed
from newsletter.audience.rules import address_key
from newsletter.foundation.database import Database
from newsletter.foundation.errors import NewsletterError
from newsletter.foundation.signing import Keyring
from newsletter.mailing.actions import cancel_mailing, pause_mailing
from newsletter.mailing.errors import MailingIsOver, MailingIsRunning
from newsletter.mailing.liveness import holder_name
from newsletter.mailing.models import DeliveryState, Mailing, MailingState, SkipReason
from newsletter.mailing.queries import Counts, mailing_report
from newsletter.mailing.run import RunEnd
from newsletter.mailing.sending import begin_sending, retry_now
from newsletter.transport.envelope import Report
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job


@pytest.fixture
def office(db: Database, keyring: Keyring, tmp_path: Path) -> Office:
    return Office(db, keyring, tmp_path)


def test_run_hands_everything_over_once_and_finishes(office: Office) -> None:
    line = LineOfAnswers()
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert line.handed == ADDRESSES
    assert office.counts() == Counts(planned=5, accepted=5)
    assert list(office.folder.glob("*.journal")) == []
    with pytest.raises(MailingIsOver):
        office.run(line)
    assert line.handed == ADDRESSES


def test_m19_report_of_failure_is_asked_for_under_a_name_of_each_message(office: Office) -> None:
    line = LineOfAnswers()
    office.run(line)
    assert {job.report for job in line.jobs} == {Report.FAILURE}
    names = [job.envelope_id for job in line.jobs]
    assert names == [
        f"m{office.mailing_id}.{office.delivery(job.recipient).subscriber_id}" for job in line.jobs
    ]
    assert len(set(names)) == len(ADDRESSES)


def test_refused_reader_does_not_stop_the_rest_and_a_dead_address_is_never_mailed_again(
    office: Office,
) -> None:
    dead = Outcome(Verdict.REJECTED, 550, "5.1.1", "no such mailbox")
    full = Outcome(Verdict.DEFERRED, 452, "4.2.2", "mailbox full")
    office.run(LineOfAnswers({"ben@example.org": dead, "cleo@example.org": full}))
    assert office.counts() == Counts(planned=5, accepted=3, rejected=1, put_off=1)
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
    end = office.run(LineOfAnswers({"cleo@example.org": later}))
    assert end.state is MailingState.RUNNING  # for a worker, or the next command
    assert end.next_due_at is not None
    assert timedelta(minutes=5) <= end.next_due_at - NOW <= timedelta(minutes=7)
    line = LineOfAnswers()
    assert office.run(line).state is MailingState.RUNNING
    assert line.handed == []
    office.now = NOW + timedelta(minutes=7)
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
    office.now = NOW + timedelta(minutes=7)
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


def test_line_that_breaks_off_without_a_word_leaves_in_doubt_what_it_had_handed_over(office: Office) -> None:
    class Broken(LineOfAnswers):
        def hand_over(self, job: Job, on_outcome: Callable[[Job, Outcome], None]) -> None:
            if len(self.handed) == 2:
                raise RuntimeError("a bug")
            self.handed.append(job.recipient)
            job.message()
            job.on_hand_over()

    with pytest.raises(RuntimeError, match="a bug"):
        office.run(Broken())
    assert office.counts() == Counts(planned=5, pending=3, in_doubt=2)
    line = LineOfAnswers()
    office.run(line)
    assert line.handed == ADDRESSES[2:]
    assert office.counts() == Counts(planned=5, accepted=3, in_doubt=2)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.005)


def test_reader_who_leaves_in_the_middle_gets_nothing_more(office: Office) -> None:
    line = LineOfAnswers()

    def leave(recipient: str) -> None:
        if recipient == "ana@example.org":
            with office.db.transaction() as session:
                end_subscription(session, office.names["eli@example.org"], EndReason.UNSUBSCRIBED, NOW)
                suppress(session, office.keyring, "dina@example.org", SuppressionReason.REQUESTED, NOW)
        if recipient == "ben@example.org":  # the messages were claimed and with the line before they left
            time.sleep(1.0)  # twenty looks at what has changed: enough on a busy machine, too

    line.at_each = leave
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert line.handed == ADDRESSES[:3]
    assert office.counts().skipped == {SkipReason.SUPPRESSED: 1, SkipReason.UNSUBSCRIBED: 1}


def test_servers_that_blame_the_sender_stop_the_run(office: Office) -> None:
    blocked = Outcome(Verdict.BLOCKED, 550, "5.7.1", "your network is on our list")
    end = office.run(LineOfAnswers(dict.fromkeys(ADDRESSES, blocked)))
    assert (end.state, end.stopped_by) == (MailingState.PAUSED, "your network is on our list")
    assert office.counts() == Counts(planned=5, put_off=3, pending=2)
    with office.db.read() as session:
        assert not is_suppressed(session, address_key(office.keyring, "ana@example.org"))


def test_content_that_servers_refuse_stops_the_run(office: Office) -> None:
    refused = Outcome(Verdict.CONTENT_REFUSED, 554, "5.6.0", "malformed")
    end = office.run(LineOfAnswers(dict.fromkeys(ADDRESSES, refused)))
    assert (end.state, end.stopped_by) == (MailingState.PAUSED, "malformed")
    assert office.counts() == Counts(planned=5, put_off=3, pending=2)


def test_provider_that_blames_the_sender_is_held_back_and_the_others_go_on(
    db: Database, keyring: Keyring, tmp_path: Path
) -> None:
    gmail = [f"reader{number}@gmail.com" for number in range(8)]
    office = Office(db, keyring, tmp_path, [*gmail, *ADDRESSES])
    blocked = Outcome(Verdict.BLOCKED, 550, "5.7.26", "unauthenticated")
    line = LineOfAnswers(dict.fromkeys(gmail, blocked))
    end = office.run(line)
    assert (end.state, end.stopped_by) == (MailingState.PAUSED, "unauthenticated")
    assert sorted(line.handed) == sorted([*gmail[:3], *ADDRESSES])
    with office.db.read() as session:
        report = mailing_report(session, office.mailing_id)
    assert report.held_back == {"gmail.com": "unauthenticated"}
    assert report.by_domain == {
        "gmail.com": Counts(planned=8, put_off=3, pending=5),
        "other": Counts(planned=5, accepted=5),
    }
    office.now = NOW + timedelta(minutes=10)
    again = LineOfAnswers()
    assert office.run(again) == RunEnd(MailingState.FINISHED)  # the same command lets them go on
    assert sorted(again.handed) == gmail


def test_pause_takes_back_what_the_line_has_not_begun_and_cancel_ends_it(office: Office) -> None:
    line = LineOfAnswers()

    def pause(recipient: str) -> None:
        if recipient == "ben@example.org":
            with office.db.transaction() as session:
                pause_mailing(session, office.mailing_id)
            time.sleep(0.3)

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


def test_second_send_at_the_same_time_is_told_who_is_at_work(office: Office) -> None:
    seen: list[str] = []

    def second(_recipient: str) -> None:
        with pytest.raises(MailingIsRunning) as told:
            office.run(LineOfAnswers())
        seen.append(told.value.holder)

    line = LineOfAnswers()
    line.at_each = second
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert seen == [holder_name()] * 5
    assert line.handed == ADDRESSES


def test_send_on_another_machine_is_taken_over_when_it_was_silent_for_long(office: Office) -> None:
    with office.db.transaction() as session:
        begin_sending(session, office.mailing_id, NOW)
        session.get_one(Mailing, office.mailing_id).run_holder = "process 1 on another-machine"
        session.get_one(Mailing, office.mailing_id).run_token = "another"
    with pytest.raises(MailingIsRunning, match="process 1 on another-machine"):
        office.run(LineOfAnswers())
    with office.db.transaction() as session:
        silent = session.get_one(Mailing, office.mailing_id)
        assert silent.run_beat_at is not None
        silent.run_beat_at -= timedelta(minutes=3)
    assert office.run(LineOfAnswers()) == RunEnd(MailingState.FINISHED)


def test_report_adds_up_at_every_moment(office: Office) -> None:
    seen: list[Counts] = []
    line = LineOfAnswers({"cleo@example.org": Outcome(Verdict.IN_DOUBT, None, None, "hung up")})
    line.at_each = lambda _recipient: seen.append(office.counts())
    office.run(line)
    seen.append(office.counts())
    for counts in seen:
        others = counts.accepted + counts.rejected + counts.deferred + counts.given_up + counts.in_doubt
        assert counts.planned == 5 == others + sum(counts.skipped.values())
    assert seen[-1].in_doubt == 1


def test_moments_are_kept(office: Office) -> None:
    office.run(LineOfAnswers())
    with office.db.read() as session:
        mailing = session.get_one(Mailing, office.mailing_id)
        assert (mailing.finished_at, mailing.run_token, mailing.run_holder) == (NOW, None, None)
    assert office.delivery("ana@example.org").changed_at == NOW
    assert isinstance(office.delivery("ana@example.org").changed_at, datetime)
    assert office.delivery("ana@example.org").state is DeliveryState.ACCEPTED


def test_put_off_readers_go_at_once_when_asked_and_only_once_a_run(office: Office) -> None:
    later = Outcome(Verdict.DEFERRED, 451, "4.7.1", "greylisted")
    office.run(LineOfAnswers({"cleo@example.org": later}))
    office.now = NOW + timedelta(seconds=1)
    with office.db.transaction() as session:
        retry_now(session, office.mailing_id, office.now)
    line = LineOfAnswers({"cleo@example.org": later})
    office.run(line)
    assert line.handed == ["cleo@example.org"]
