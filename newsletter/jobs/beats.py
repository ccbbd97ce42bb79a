"""Signs of life of workers: who is at work, since when, and what it is doing in figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.jobs.models import Worker

_FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker as it showed itself last."""

    name: str
    started_at: datetime
    beat_at: datetime
    is_alive: bool
    figures: Mapping[str, Any]


def beat(
    session: WriteSession, name: str, started_at: datetime, now: datetime, figures: Mapping[str, Any]
) -> None:
    """A sign of life. `figures` are counts and rates, and name nobody."""
    values = {"beat_at": now, "figures": dict(figures), "started_at": started_at}
    statement = sa.update(Worker).where(Worker.name == name).values(values).returning(Worker.name)
    if session.execute(statement).scalar_one_or_none() is None:
        session.add(Worker(name=name, **values))
        # Those that were killed, and whose name never came back.
        session.execute(sa.delete(Worker).where(Worker.beat_at < now - _FORGOTTEN_AFTER))


def sign_out(session: WriteSession, name: str) -> None:
    """Ends a worker that stops in good order."""
    session.execute(sa.delete(Worker).where(Worker.name == name))


def workers_seen(session: ReadSession, now: datetime, silence: timedelta) -> list[WorkerSeen]:
    """Every worker that is not forgotten, by name; alive is who gave a sign within `silence`."""
    rows = session.scalars(sa.select(Worker).order_by(Worker.name))
    return [
        WorkerSeen(row.name, row.started_at, row.beat_at, now - row.beat_at <= silence, row.figures)
        for row in rows
    ]


def living_workers(session: ReadSession, now: datetime, silence: timedelta) -> list[str]:
    """The names of the workers that are alive."""
    statement = sa.select(Worker.name).where(Worker.beat_at >= now - silence).order_by(Worker.name)
    return list(session.scalars(statement))
