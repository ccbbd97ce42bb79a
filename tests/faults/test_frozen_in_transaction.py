"""Who falls asleep in the middle of a transaction (a machine put to sleep, SIGSTOP) holds nobody up for long."""

import threading
import time
from pathlib import Path

import pytest

from builders import NOW
from builders_mailing import Office
from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseAway
from newsletter.foundation.signing import Keyring
from newsletter.mailing.actions import pause_mailing
from newsletter.mailing.connection import OwnConnection
from newsletter.mailing.ledger import Ledger
from newsletter.mailing.models import MailingState
from newsletter.mailing.queries import mailing_by_id
from newsletter.mailing.sending import start_mailing


@pytest.mark.slow  # it waits for the server to lose its patience
def test_a_mailing_can_be_paused_while_a_run_sleeps_in_a_claim(
    postgresql_db: Database, keyring: Keyring, tmp_path: Path
) -> None:
    office = Office(postgresql_db, keyring, tmp_path)
    with office.db.transaction() as session:
        start_mailing(session, mailing_by_id(session, office.mailing_id), NOW)
    has_paused, holds_it = threading.Event(), threading.Event()
    broken_by: list[Exception] = []

    def sleep_in_a_claim() -> None:
        try:
            with OwnConnection(office.db).transaction() as session:
                assert Ledger().may_go_on(session, office.mailing_id, NOW)
                holds_it.set()
                has_paused.wait(30)
        except DatabaseAway as error:
            broken_by.append(error)

    sleeper = threading.Thread(target=sleep_in_a_claim)
    sleeper.start()
    holds_it.wait(10)
    begin = time.monotonic()
    with office.db.transaction() as session:
        pause_mailing(session, office.mailing_id)
    waited_seconds = time.monotonic() - begin
    has_paused.set()
    sleeper.join()
    assert 1 < waited_seconds < 15
    assert office.state() is MailingState.PAUSED
    assert len(broken_by) == 1
