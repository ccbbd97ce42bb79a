"""Disks that are full: a small file system of one's own, and a limit to how long a file may become.

Only `a_small_disk_for_all` needs root: a server that runs as somebody else cannot look into a namespace.
"""

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def a_small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of that size (tmpfs) in a namespace of its own, for the length of the block; the way to it."""
    folder.mkdir()
    with subprocess.Popen(
        [
            *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
            'mount -t tmpfs -o size="$1"k none "$0" && echo ready && exec cat',
            *(str(folder), str(kilobytes)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as holder:
        assert holder.stdout is not None
        if holder.stdout.readline() != b"ready\n":
            pytest.skip("namespaces of one's own are not permitted here")
        try:
            yield Path(f"/proc/{holder.pid}/root{folder}")
        finally:
            assert holder.stdin is not None
            holder.stdin.close()


@contextmanager
def a_small_disk_for_all(kilobytes: int) -> Iterator[Path]:
    """A file system of that size (tmpfs) where every user finds it, with a short way to it for sockets, for the block."""
    folder = Path(tempfile.mkdtemp(prefix="disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k,mode=777", "none", str(folder)]
    try:
        if subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("only root may mount a file system")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
    finally:
        folder.rmdir()


def fill(disk: Path) -> Path:
    """Fills it to the last octet; the file that does."""
    file = disk / f"filling {len(list(disk.iterdir()))}"
    with file.open("xb", buffering=0) as filling:
        try:
            while filling.write(bytes(1024)):
                pass
        except OSError:
            return file
    raise AssertionError("it does not become full")


@contextmanager
def files_no_longer_than(octets: int) -> Iterator[None]:
    """For the length of the block, no file that this process writes may become longer (RLIMIT_FSIZE)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def size_of(path: Path) -> int:
    """How long a file is; 0 where there is none."""
    return os.stat(path).st_size if path.exists() else 0
