"""The table of work that waits (on PostgreSQL it is Procrastinate that keeps it), and that of workers."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.foundation.database import Base


class Job(Base):
    """One piece of work. What is done is deleted; what fails waits longer each time, and is kept when it is hopeless.

    `payload` holds ids, never personal data: what is erased elsewhere must not live on here.
    """

    __tablename__ = "job"
    __table_args__ = (sa.Index("ix_job_due_at", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(60))
    # Work of which there is only one at a time, such as the daily sweeping; NULL for all else.
    key: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    due_at: Mapped[datetime | None]  # NULL: failed too often, waits for a person
    # Until when the worker that took it may be at it; after that another may take it.
    leased_until: Mapped[datetime | None]
    attempt_count: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime]


class Worker(Base):
    """A worker that is at work, or was until a short time ago: its signs of life, and what it is doing in figures."""

    __tablename__ = "worker"

    name: Mapped[str] = mapped_column(sa.String(200), primary_key=True)  # process and machine
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)  # counts and rates; names nobody
