"""A disk that is full in the middle of a mailing: it stops with clear words, and goes on where there is room again."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from builders_mailing import LineOfAnswers, Office
from full_disks import a_small_disk, files_no_longer_than, fill, size_of
from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.foundation.signing import Keyring
from newsletter.mailing.errors import JournalHasNoRoom
from newsletter.mailing.journal import Journal, journal_path
from newsletter.mailing.models import MailingState
from newsletter.mailing.queries import Counts
from newsletter.mailing.run import RunEnd

# More than the line is given ahead, which is two slices.
ADDRESSES = [f"reader{number:04}@example.org" for number in range(1300)]
COUNT = len(ADDRESSES)
AT = 600


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with a_small_disk(tmp_path / "disk", 64) as disk:
        yield disk


def test_full_disk_under_sqlite_stops_the_mailing_and_loses_nobody(
    sqlite_db: Database, keyring: Keyring, tmp_path: Path
) -> None:
    office = Office(sqlite_db, keyring, tmp_path, ADDRESSES)
    line, limit = LineOfAnswers(), ExitStack()

    def fill_up(_recipient: str) -> None:
        if len(line.handed) == AT:
            log = tmp_path / "subscribers.db-wal"
            limit.enter_context(files_no_longer_than(max(size_of(log), 8192)))

    line.at_each = fill_up
    with limit, pytest.raises(DatabaseNotReady, match=r"The disk under .* is full or failing.*Make room"):
        office.run(line)
    assert AT <= len(line.handed) < COUNT
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert sorted(line.handed) == ADDRESSES  # nobody twice, nobody forgotten
    assert office.counts() == Counts(planned=COUNT, accepted=COUNT)


def test_full_disk_under_the_journals_stops_the_mailing_and_loses_nobody(
    db: Database, keyring: Keyring, tmp_path: Path, small_disk: Path
) -> None:
    office = Office(db, keyring, small_disk, ADDRESSES)
    line, filling = LineOfAnswers(), []

    def fill_up(_recipient: str) -> None:
        if len(line.handed) == AT:
            filling.append(fill(small_disk))

    line.at_each = fill_up
    with pytest.raises(JournalHasNoRoom, match="Make room; the same command goes on"):
        office.run(line)
    handed = len(line.handed)
    assert AT <= handed < COUNT
    # What was answered is in the ledger: the database had room.
    assert office.counts() == Counts(planned=COUNT, accepted=handed, pending=COUNT - handed)
    assert office.state() is MailingState.PAUSED
    filling.append(fill(small_disk))  # the journals of what is done have gone
    line.at_each = lambda _recipient: None
    with pytest.raises(JournalHasNoRoom):
        office.run(line)
    assert len(line.handed) == handed
    for file in filling:
        file.unlink()
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert sorted(line.handed) == ADDRESSES
    assert office.counts() == Counts(planned=COUNT, accepted=COUNT)


def test_journal_that_has_room_for_a_half_is_none(tmp_path: Path) -> None:
    with files_no_longer_than(1000), pytest.raises(OSError, match="No space left on device"):
        Journal(journal_path(tmp_path, 7), 7, 500)
    assert list(tmp_path.iterdir()) == []
