"""When work is tried again, and when a person must look at it."""

from datetime import timedelta

ATTEMPTS_MAX = 12
"""After so many failures a job waits for a person: with the waits below that is about two days."""
LEASE = timedelta(minutes=5)
"""How long a worker may be at one job before another may take it."""

_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=6)


def wait_after(attempt_count: int) -> timedelta | None:
    """How long to wait after so many failed attempts: half a minute, doubled each time; None: no more."""
    if attempt_count >= ATTEMPTS_MAX:
        return None
    doublings: int = 2 ** (attempt_count - 1)
    return min(_FIRST_WAIT * doublings, _LONGEST_WAIT)
