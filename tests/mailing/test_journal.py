import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.mailing.journal import Journal, Mark, is_being_written, journal_path, read_journal

TOKEN = 0x123456789ABCDEF


def a_journal(folder: Path, size: int = 4) -> Journal:
    return Journal(journal_path(folder, TOKEN), TOKEN, size)


def test_journal_is_read_while_its_writer_still_has_it_open(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    assert read_journal(journal.path, TOKEN) == {}  # nothing was begun, whatever may have been claimed
    journal.begin([7, 2**40])
    journal.mark(0, Mark.HANDED_OVER)
    assert read_journal(journal.path, TOKEN) == {7: Mark.HANDED_OVER, 2**40: Mark.UNTOUCHED}
    assert (journal.mark_of(0), journal.mark_of(1)) == (Mark.HANDED_OVER, Mark.UNTOUCHED)
    assert os.stat(journal.path).st_mode & 0o777 == 0o600
    journal.remove()
    assert read_journal(journal.path, TOKEN) is None


def test_journal_tells_whether_its_writer_lives(tmp_path: Path) -> None:
    journal = a_journal(tmp_path)
    assert is_being_written(journal.path)
    journal.close()
    assert not is_being_written(journal.path)
    assert not is_being_written(tmp_path / "none")


def test_journal_of_a_killed_process_is_free_and_says_what_it_said(tmp_path: Path) -> None:
    path = journal_path(tmp_path, TOKEN)
    code = (
        "import os, pathlib, signal, sys; from newsletter.mailing.journal import *;"
        f"j = Journal(pathlib.Path(sys.argv[1]), {TOKEN}, 2); j.begin([5, 6]); j.mark(1, Mark.HANDED_OVER);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert not is_being_written(path)
    assert read_journal(path, TOKEN) == {5: Mark.UNTOUCHED, 6: Mark.HANDED_OVER}


def test_journal_of_another_run_or_boot_is_not_believed(tmp_path: Path) -> None:
    a_journal(tmp_path).begin([1])
    path = journal_path(tmp_path, TOKEN)
    assert read_journal(path, TOKEN + 1) is None
    octets = bytearray(path.read_bytes())
    octets[0] ^= 1
    path.write_bytes(octets)
    assert read_journal(path, TOKEN) is None


def test_journal_with_a_mark_that_is_none_is_not_believed(tmp_path: Path) -> None:
    a_journal(tmp_path).begin([1])
    path = journal_path(tmp_path, TOKEN)
    octets = bytearray(path.read_bytes())
    octets[76 + 8] = 9
    path.write_bytes(octets)
    assert read_journal(path, TOKEN) is None


def test_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Journal(tmp_path / "no" / "folder", TOKEN, 4)
    a_journal(tmp_path)
    with pytest.raises(FileExistsError):
        a_journal(tmp_path)


@settings(max_examples=60)
@given(st.integers(0, 111))
def test_journal_that_is_cut_short_is_not_believed(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    a_journal(folder).begin([1, 2, 3, 4])
    path = journal_path(folder, TOKEN)
    path.write_bytes(path.read_bytes()[:length])
    assert read_journal(path, TOKEN) is None
