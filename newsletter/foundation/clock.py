"""The one place where time is read; everything else is given `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, as an aware UTC datetime."""
    return datetime.now(UTC)
