import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mailing.journal import Journal, Mark, journal_path, read_journal

TOKEN = "0123456789abcdef" * 2


def a_journal(folder: Path, size: int = 4) -> Journal:
    return Journal(journal_path(folder, TOKEN), TOKEN, size)


def test_journal_is_read_while_its_writer_still_has_it_open(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    journal.begin_batch([7, 2**40])
    journal.mark(7, Mark.HANDED_OVER)
    assert read_journal(tmp_path, TOKEN) == {7: Mark.HANDED_OVER, 2**40: Mark.UNTOUCHED}
    assert os.stat(journal_path(tmp_path, TOKEN)).st_mode & 0o777 == 0o600
    journal.begin_batch([3])
    assert read_journal(tmp_path, TOKEN) == {3: Mark.UNTOUCHED}
    journal.remove()
    assert read_journal(tmp_path, TOKEN) is None


def test_journal_of_another_run_or_boot_is_not_believed(tmp_path: Path) -> None:
    a_journal(tmp_path).begin_batch([1])
    path = journal_path(tmp_path, TOKEN)
    other = "f" * 32
    path.rename(journal_path(tmp_path, other))
    assert read_journal(tmp_path, other) is None
    octets = bytearray(journal_path(tmp_path, other).read_bytes())
    octets[0] ^= 1
    path.write_bytes(octets)
    assert read_journal(tmp_path, TOKEN) is None


@settings(max_examples=60)
@given(st.integers(0, 200))
def test_journal_that_is_cut_short_is_not_believed(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    a_journal(folder).begin_batch([1, 2, 3, 4])
    path = journal_path(folder, TOKEN)
    whole = path.read_bytes()
    path.write_bytes(whole[: min(length, len(whole) - 1)])
    assert read_journal(folder, TOKEN) is None
