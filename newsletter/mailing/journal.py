"""The journal of a run: which messages of its slice have left for the socket, in a file that outlives `kill -9`.

A byte per delivery in a memory-mapped file costs no system call. When a run is found dead, its journal says which of
the claimed deliveries were never begun and may simply go out; only those that had left without an answer are in doubt,
at most one for each connection. The file is made before anything is claimed, and says at first that nothing was
begun. It is trusted on the machine and since the boot that wrote it: after a power cut its pages may be lost, and
everything claimed is in doubt (docs/decisions/0014-run-journal.md).

Its writer holds a lock on the file (flock), which the kernel lets go when the process ends, in whatever way: so it is
certain whether a run on this machine is alive, also where process numbers come again as in containers.
"""

import errno
import fcntl
import mmap
import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Protocol

_HEADER = struct.Struct("<36s36sI")  # boot, run, how many entries hold
_ENTRY = struct.Struct("<qB")
_ENTRY_SIZE = _ENTRY.size
_FIRST_MARK_AT = _HEADER.size + _ENTRY_SIZE - 1
_BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")


class Mark(IntEnum):
    """How far one message got."""

    UNTOUCHED = 0  # not begun
    HANDED_OVER = 1  # left for the socket, no answer heard
    ACCEPTED = 2  # the server took it
    NOT_TAKEN = 3  # the server answered, and did not take it


class Marks(Protocol):
    """How far each message of a slice got, by its place in the order in which they were claimed."""

    def begin(self, subscriber_ids: Sequence[int]) -> None:
        """Lists the deliveries that were claimed, as untouched."""

    def mark(self, place: int, mark: int) -> None:
        """Notes how far one message got."""

    def mark_of(self, place: int) -> int:
        """How far one message got."""

    def close(self) -> None:
        """Lets it go, and leaves what it says for whoever decides what became of the run."""

    def remove(self) -> None:
        """Ends it: all that it says is in the ledger."""


class Journal:
    """The journal that a living run writes."""

    def __init__(self, path: Path, token: int, size: int) -> None:
        """Makes the file, for up to `size` deliveries. Raises OSError where that cannot be."""
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Written, and not only made longer: a full disk says so here, and not by killing the process later.
            octets = _HEADER.pack(*_head(token), 0) + bytes(size * _ENTRY.size)
            if os.write(self._file, octets) < len(octets):  # a disk may be full in the middle
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            self._map = mmap.mmap(self._file, _HEADER.size + size * _ENTRY.size)
        except OSError:
            os.close(self._file)
            path.unlink(missing_ok=True)
            raise
        self._token = token

    def begin(self, subscriber_ids: Sequence[int]) -> None:
        """Lists the deliveries that were claimed, as untouched; in two steps, so that half a list is none."""
        entries = b"".join([_ENTRY.pack(subscriber_id, 0) for subscriber_id in subscriber_ids])
        self._map[_HEADER.size : _HEADER.size + len(entries)] = entries
        self._map[: _HEADER.size] = _HEADER.pack(*_head(self._token), len(subscriber_ids))

    def mark(self, place: int, mark: int) -> None:
        """Notes how far one message of the slice got."""
        self._map[_FIRST_MARK_AT + place * _ENTRY_SIZE] = mark

    def mark_of(self, place: int) -> int:
        """How far one message of the slice got."""
        return self._map[_FIRST_MARK_AT + place * _ENTRY_SIZE]

    def close(self) -> None:
        """Lets the file go, and leaves it for whoever decides what became of the run."""
        self._map.close()
        os.close(self._file)

    def remove(self) -> None:
        """Ends the journal: all that it says is in the ledger."""
        self.close()
        self.path.unlink(missing_ok=True)


class Unwritten:
    """In place of a journal that cannot be written: nobody but this process can read it."""

    def __init__(self) -> None:
        self._marks = bytearray()

    def begin(self, subscriber_ids: Sequence[int]) -> None:
        """So many are untouched."""
        self._marks = bytearray(len(subscriber_ids))

    def mark(self, place: int, mark: int) -> None:
        """Notes how far one message of the slice got."""
        self._marks[place] = mark

    def mark_of(self, place: int) -> int:
        """How far one message of the slice got."""
        return self._marks[place]

    def close(self) -> None:
        """Leaves nothing."""

    def remove(self) -> None:
        """Leaves nothing."""


def journal_path(folder: Path, token: int) -> Path:
    """Where the journal of a run lies."""
    return folder.absolute() / f"newsletter-run-{token:016x}.journal"


def is_being_written(path: Path) -> bool:
    """Whether the process that writes this journal is alive; False where there is no such file."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def read_journal(path: Path, token: int) -> dict[int, Mark] | None:
    """What the journal of a run says; None where there is none that can be trusted."""
    try:
        octets = path.read_bytes()
    except OSError:
        return None
    if len(octets) < _HEADER.size or not _boot():
        return None
    boot, run, count = _HEADER.unpack_from(octets)
    if (boot.rstrip(b"\0"), run.rstrip(b"\0")) != _head(token):
        return None
    if len(octets) < _HEADER.size + count * _ENTRY.size:
        return None
    entries = (_ENTRY.unpack_from(octets, _HEADER.size + index * _ENTRY.size) for index in range(count))
    with suppress(ValueError):
        return {subscriber_id: Mark(mark) for subscriber_id, mark in entries}
    return None


def _head(token: int) -> tuple[bytes, bytes]:
    return _boot().encode(), f"{token:016x}".encode()


@cache
def _boot() -> str:
    """What tells this start of the machine from others; "" where the system does not say."""
    try:
        return _BOOT_FILE.read_text("ascii").strip()
    except OSError:
        return ""
