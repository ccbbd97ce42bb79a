"""What dead runs left behind, and databases that may forget."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders import NOW
from builders_mailing import ACCEPTED, ADDRESSES, LineOfAnswers, Office, a_run, claim_all, record
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.actions import resend_in_doubt
from newsletter.mailing.journal import Journal, Mark, journal_path
from newsletter.mailing.ledger import Claim, Ledger, Run
from newsletter.mailing.models import DeliveryRun, MailingState
from newsletter.mailing.queries import Counts, mailing_by_id
from newsletter.mailing.reclaim import reclaim_dead_runs, sweep_journals
from newsletter.mailing.run import RunEnd
from newsletter.mailing.safety import DatabaseForgets, require_memory
from newsletter.mailing.sending import start_mailing


@pytest.fixture
def office(db: Database, keyring: Keyring, tmp_path: Path) -> Office:
    return Office(db, keyring, tmp_path)


def killed_at(office: Office, recipient: str, *, handed_over: bool) -> list[str]:
    """What a run leaves that was killed at one recipient, before or after her message left; whom it had mailed."""
    run = a_run()
    journal = Journal(journal_path(office.folder, run.token), run.token, 5)
    with office.db.transaction() as session:
        start_mailing(session, mailing_by_id(session, office.mailing_id), NOW)
        claim = Ledger().claim(session, office.mailing_id, Run(run.token, run.holder, str(journal.path)), NOW)
    assert claim is not None
    journal.begin([delivery.subscriber_id for delivery in claim.deliveries])
    mailed = []
    for place, delivery in enumerate(claim.deliveries):
        if delivery.address == recipient and not handed_over:
            break
        mailed.append(delivery.address)
        journal.mark(place, Mark.HANDED_OVER)
        if delivery.address == recipient:
            break
        journal.mark(place, Mark.ACCEPTED)
    journal.close()
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


def test_after_a_power_cut_everything_a_run_claimed_is_in_doubt(office: Office) -> None:
    killed_at(office, "cleo@example.org", handed_over=True)
    [path] = office.folder.glob("*.journal")
    octets = bytearray(path.read_bytes())
    octets[:36] = b"another-boot".ljust(36, b"\0")
    path.write_bytes(octets)
    office.run(LineOfAnswers())
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


def test_run_that_lives_is_left_alone(office: Office) -> None:
    run = a_run()
    journal = Journal(journal_path(office.folder, run.token), run.token, 5)
    with office.db.transaction() as session:
        start_mailing(session, mailing_by_id(session, office.mailing_id), NOW)
        Ledger().claim(session, office.mailing_id, Run(run.token, run.holder, str(journal.path)), NOW)
    assert reclaim_dead_runs(office.db, lambda: NOW) == 0
    journal.close()
    assert reclaim_dead_runs(office.db, lambda: NOW) == 1
    assert reclaim_dead_runs(office.db, lambda: NOW) == 0


def elsewhere(office: Office) -> Claim:
    """A claim of a process on another machine."""
    with office.db.transaction() as session:
        [claim] = claim_all(session, office.mailing_id, NOW)
        session.execute(sa.update(DeliveryRun).values(holder="process 1 on another-machine"))
    return claim


def test_silent_run_of_another_machine_is_taken_away_and_its_late_answer_resolves_the_doubt(
    office: Office,
) -> None:
    claim = elsewhere(office)
    assert reclaim_dead_runs(office.db, lambda: NOW) == 0
    silent = sa.update(DeliveryRun).values(beat_at=DeliveryRun.beat_at)
    with office.db.transaction() as session:
        run = session.scalars(sa.select(DeliveryRun)).one()
        run.beat_at = run.beat_at - timedelta(minutes=1)
        session.execute(silent)
    assert reclaim_dead_runs(office.db, lambda: NOW, look_again_after=timedelta()) == 1
    assert office.counts() == Counts(planned=5, in_doubt=5)
    with office.db.transaction() as session:
        assert Ledger().beat(session, [claim.run.token], NOW) == {claim.run.token}
        # It may wake up yet: until then the operator cannot send these again.
        assert resend_in_doubt(session, office.mailing_id, NOW) == 0
    with office.db.transaction() as session:
        for _ in range(2):
            record(session, claim, [(claim.deliveries[0], ACCEPTED)], NOW)
        Ledger().end_run(session, claim.key, claim.run.token, NOW)
    assert office.counts() == Counts(planned=5, accepted=1, in_doubt=4)


def test_answer_of_a_run_that_no_longer_has_the_row_changes_nothing(office: Office) -> None:
    first = elsewhere(office)
    with office.db.transaction() as session:
        run = session.scalars(sa.select(DeliveryRun)).one()
        session.expunge(run)
        Ledger().settle_dead_run(session, run, {}, NOW)  # nothing of it had begun
        [second] = claim_all(session, office.mailing_id, NOW)
        record(session, first, [(first.deliveries[0], ACCEPTED)], NOW)
    assert office.counts() == Counts(planned=5, pending=5)
    with office.db.transaction() as session:
        record(session, second, [(second.deliveries[0], ACCEPTED)], NOW)
    assert office.counts() == Counts(planned=5, pending=4, accepted=1)


def test_stray_journals_are_swept_when_they_are_old(office: Office) -> None:
    journal = Journal(journal_path(office.folder, 7), 7, 1)
    journal.close()
    assert sweep_journals(office.db, office.folder) == 0
    import os

    os.utime(journal.path, (0, 0))
    assert sweep_journals(office.db, office.folder) == 1
    assert not journal.path.exists()


def test_nothing_is_sent_on_a_database_that_may_forget(office: Office) -> None:
    require_memory(office.db)
    with office.db.engine.connect() as connection:
        if office.db.is_sqlite:
            setting = "synchronous"
            sa.event.listen(
                office.db.engine, "connect", lambda driver, _: driver.execute("PRAGMA synchronous=NORMAL")
            )
            connection.detach()
        else:
            setting = "synchronous_commit"
            sa.event.listen(
                office.db.engine, "begin", lambda begun: begun.exec_driver_sql("SET synchronous_commit=off"), once=True
            )  # fmt: skip
    office.db.engine.dispose()
    line = LineOfAnswers()
    with pytest.raises(DatabaseForgets, match=f"Nothing is sent: the database has {setting}="):
        office.run(line)
    assert line.handed == []
    office.db.engine.dispose()
