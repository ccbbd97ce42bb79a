"""Whether the process that holds a run, or a mailing, is alive: by its journal, by its number, else by its last sign."""

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.mailing.journal import is_being_written

SILENCE_MAX = timedelta(seconds=45)
"""A holder on another machine that has given no sign for so long is taken to be dead."""


held_here: set[int] = set()
"""The tokens of the runs that this process holds at this moment."""


def holder_name() -> str:
    """Who holds a run: this process on this machine."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def is_here(holder: str) -> bool:
    """Whether the holder is a process of this machine."""
    return _process_of(holder) is not None


def is_alive(
    holder: str,
    last_sign_at: datetime | None,
    now: datetime,
    journal: str = "",
    token: int = 0,
    silence_max: timedelta = SILENCE_MAX,
) -> bool:
    """Whether the holder may still be at work; `now` is by the clock that wrote `last_sign_at`."""
    process = _process_of(holder)
    if process is not None:
        if journal and Path(journal).exists():
            return is_being_written(Path(journal))
        if process == os.getpid():  # or of one that ended: in a container numbers come again
            return token in held_here
        return _process_exists(process)
    # A sign from the future says that the clock was put back since: nothing else.
    return last_sign_at is not None and abs(now - last_sign_at) < silence_max


def _process_of(holder: str) -> int | None:
    words = holder.split(" ")
    if len(words) == 4 and words[1].isdecimal() and words[3] == socket.gethostname():
        return int(words[1])
    return None


def _process_exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
