"""The journal of a run: which messages of its batch have left for the socket, in a file that outlives `kill -9`.

A byte per delivery in a memory-mapped file costs no system call. When a run is found dead, its journal says which of
the claimed deliveries were never begun and may simply go out; only those that had left without an answer are in doubt,
at most one for each connection. The file is trusted on the machine and since the boot that wrote it: after a power cut
its pages may be lost, and everything claimed is in doubt (docs/decisions/0014-run-journal.md).
"""

import mmap
import os
import struct
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path

_HEADER = struct.Struct("<36s36sI")  # boot, run, how many entries hold
_ENTRY = struct.Struct("<qB")
_MARK_AT = _ENTRY.size - 1
_BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")


class Mark(IntEnum):
    """How far one message got."""

    UNTOUCHED = 0  # not begun
    HANDED_OVER = 1  # left for the socket, no answer heard
    ACCEPTED = 2  # the server took it
    NOT_TAKEN = 3  # the server answered, and did not take it


class Journal:
    """The journal that a living run writes. One batch at a time."""

    def __init__(self, path: Path, run_token: str, size: int) -> None:
        """Makes the file, for batches of up to `size`. Raises OSError where that cannot be."""
        self._path = path
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.ftruncate(descriptor, _HEADER.size + size * _ENTRY.size)
            self._map = mmap.mmap(descriptor, 0)
        finally:
            os.close(descriptor)
        self._head = (_boot().encode(), run_token.encode())
        self._places: dict[int, int] = {}
        self._map[: _HEADER.size] = _HEADER.pack(*self._head, 0)

    def begin_batch(self, subscriber_ids: Sequence[int]) -> None:
        """Forgets the batch before, which is in the ledger by now, and lists this one as untouched."""
        self._map[: _HEADER.size] = _HEADER.pack(*self._head, 0)
        self._places = {}
        for index, subscriber_id in enumerate(subscriber_ids):
            start = _HEADER.size + index * _ENTRY.size
            self._map[start : start + _ENTRY.size] = _ENTRY.pack(subscriber_id, Mark.UNTOUCHED)
            self._places[subscriber_id] = start + _MARK_AT
        self._map[: _HEADER.size] = _HEADER.pack(*self._head, len(subscriber_ids))

    def mark(self, subscriber_id: int, mark: Mark) -> None:
        """Notes how far one message of the batch got."""
        self._map[self._places[subscriber_id]] = mark

    def remove(self) -> None:
        """Ends the journal: its run wrote everything into the ledger."""
        self._map.close()
        self._path.unlink(missing_ok=True)


def journal_path(folder: Path, run_token: str) -> Path:
    """Where the journal of a run lies."""
    return folder / f"newsletter-run-{run_token}.journal"


def read_journal(folder: Path, run_token: str) -> dict[int, Mark] | None:
    """What the journal of a dead run says of its last batch; None where there is none that can be trusted."""
    try:
        octets = journal_path(folder, run_token).read_bytes()
    except OSError:
        return None
    if len(octets) < _HEADER.size:
        return None
    boot, run, count = _HEADER.unpack_from(octets)
    if (
        boot.rstrip(b"\0").decode("ascii", "replace") != _boot()
        or run.rstrip(b"\0").decode("ascii", "replace") != run_token
    ):
        return None
    if not _boot() or len(octets) < _HEADER.size + count * _ENTRY.size:
        return None
    entries = (_ENTRY.unpack_from(octets, _HEADER.size + index * _ENTRY.size) for index in range(count))
    return {subscriber_id: Mark(mark) for subscriber_id, mark in entries}


def _boot() -> str:
    """What tells this start of the machine from others; "" where the system does not say."""
    try:
        return _BOOT_FILE.read_text("ascii").strip()
    except OSError:
        return ""
