"""Where mails are read from: a Maildir, an mbox file, a file or folder of .eml, or an IMAP mailbox. Nothing there is changed.

Each mail comes as its octets, of which no more are read than are looked at; one that cannot be read comes as `Unread`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from newsletter.inbound.errors import NotAMailbox
from newsletter.inbound.imap import is_imap_url, read_imap
from newsletter.inbound.parsing import SIZE_MAX

_READ_MAX = SIZE_MAX + 1  # one more, so that a longer mail is seen to be longer
_FROM_LINE = b"From "


@dataclass(frozen=True, slots=True)
class Unread:
    """A mail of which not even the octets could be had; `place` tells it from others."""

    place: str
    why: str


def mails_in(place: str, since: date) -> Iterator[bytes | Unread]:
    """The mails at a path or IMAP address; of an IMAP mailbox those that arrived since that day.

    Raises NotAMailbox, and MailboxUnreachable in the middle where a server breaks off.
    """
    if is_imap_url(place):
        yield from read_imap(place, since, _READ_MAX)
        return
    path = Path(place)
    if not path.exists():
        raise NotAMailbox(
            f"There is no {path}; name a Maildir, an mbox or .eml file, or an imaps:// address."
        )
    if path.is_dir():
        yield from _folder(path)
    elif _begins_like_mbox(path):
        yield from _mbox(path)
    else:
        yield _file(path)


def _folder(path: Path) -> Iterator[bytes | Unread]:
    """A Maildir (`new` and `cur`), else every .eml file, in the order of their names."""
    folders = [path / name for name in ("new", "cur")]
    if all(folder.is_dir() for folder in folders):
        for folder in folders:
            for name in sorted(os.listdir(folder)):
                if not name.startswith("."):
                    yield _file(folder / name)
        return
    files = sorted(path.glob("*.eml"))
    if not files:
        raise NotAMailbox(f"{path} is no Maildir (it has no new and cur), and no folder of .eml files.")
    for file in files:
        yield _file(file)


def _file(path: Path) -> bytes | Unread:
    try:
        if not path.is_file():
            return Unread(path.name, "not a file")
        with path.open("rb") as source:
            return source.read(_READ_MAX)
    except OSError as error:
        return Unread(path.name, error.strerror or type(error).__name__)


def _begins_like_mbox(path: Path) -> bool:
    with path.open("rb") as source:
        return source.read(len(_FROM_LINE)) == _FROM_LINE


def _mbox(path: Path) -> Iterator[bytes]:
    """The mails of an mbox file: each begins after a line `From `, and `>From ` within it is `From ` (mboxrd)."""
    kept: list[bytes] = []
    size, is_after_blank = 0, True
    with path.open("rb") as source:
        while line := source.readline(_READ_MAX):
            if is_after_blank and line.startswith(_FROM_LINE):
                if kept:
                    yield b"".join(kept)
                kept, size = [], 0
                continue
            is_after_blank = line in {b"\n", b"\r\n"}
            if size < _READ_MAX:
                if line.startswith(b">") and line.lstrip(b">").startswith(_FROM_LINE):
                    line = line[1:]
                kept.append(line[: _READ_MAX - size])
                size += len(kept[-1])
    if kept:
        yield b"".join(kept)
