"""The tables of the shared pace: what each group has used, and the limits that were set while mail was going out."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.foundation.database import Base


class Pace(Base):
    """What one group (a relay, or mail domains that belong together) has used of its limits, over all workers."""

    __tablename__ = "pace"

    name: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    # The moment, in seconds since 1970, from which on the next message is due: the one number of the algorithm (GCRA).
    due_seconds: Mapped[float] = mapped_column(sa.Float(53), default=0.0)
    chunk: Mapped[int] = mapped_column(default=0)  # how many were taken the last time
    # Days since 1970 (UTC), and how many messages were let go on that day and on the last one before it that had any.
    day: Mapped[int] = mapped_column(default=0)
    day_count: Mapped[int] = mapped_column(default=0)
    day_before_count: Mapped[int] = mapped_column(default=0)


class PaceLimit(Base):
    """A limit that `newsletter pace set` gave to a group: it holds instead of the one in the settings."""

    __tablename__ = "pace_limit"

    name: Mapped[str] = mapped_column(sa.String(255), primary_key=True)
    words: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[datetime]
