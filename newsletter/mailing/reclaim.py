"""What dead runs left behind: found by the ledger itself, settled by their journals, and free for others again."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog

from newsletter.foundation.database import Database, ReadSession
from newsletter.mailing.journal import Mark, is_being_written, read_journal
from newsletter.mailing.ledger import Ledger
from newsletter.mailing.liveness import SILENCE_MAX, is_alive, is_here
from newsletter.mailing.models import DeliveryRun
from newsletter.mailing.recording import database_now

# How long a run that was taken away is remembered, so that its journal may still tell what it had not begun.
_REMEMBERED = timedelta(days=1)
_STRAY_JOURNAL_SECONDS = 86_400
LOOK_AGAIN_AFTER = timedelta(seconds=5)
"""A silence is looked at twice, so long apart: longer than two signs of a living holder, which a clock that jumps hides."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Found:
    """A run that is no more, or gives no sign: what its journal says, and whether it is surely dead."""

    token: int
    beat_at: datetime
    marks: dict[int, Mark] | None
    is_surely_dead: bool
    journal: str


def reclaim_dead_runs(
    database: Database,
    clock: Callable[[], datetime],
    *,
    mailing_id: int | None = None,
    silence_max: timedelta = SILENCE_MAX,
    look_again_after: timedelta = LOOK_AGAIN_AFTER,
    ledger: Ledger | None = None,
) -> int:
    """Settles the runs whose holders are dead, or on another machine and silent, and frees their slices; how many.

    Where one seems to be silent, `look_again_after` is waited, by no clock that can jump: who gives a sign meanwhile
    lives, whatever the clock of the database says. Safe to call at any time, by any number of processes.
    """
    ledger = ledger or Ledger()
    with database.read() as session:
        found = _found(session, clock(), mailing_id, silence_max)
    if not all(dead.is_surely_dead for dead in found):
        time.sleep(min(look_again_after, silence_max).total_seconds())
    count = 0
    for dead in found:
        with database.transaction() as session:
            run = session.get(DeliveryRun, dead.token, with_for_update=True)
            # Somebody else was faster, or it has given a sign since.
            if run is None or (not dead.is_surely_dead and (run.is_revoked or run.beat_at != dead.beat_at)):
                continue
            session.expunge(run)
            if dead.is_surely_dead:
                ledger.settle_dead_run(session, run, dead.marks, clock())
            else:
                ledger.revoke(session, run, clock())
            count += 1
            _log.info(
                "run reclaimed",
                mailing_id=run.mailing_id,
                slice_no=run.slice_no,
                is_surely_dead=dead.is_surely_dead,
                has_journal=dead.marks is not None,
            )
        if dead.is_surely_dead and dead.journal:
            with suppress(OSError):
                Path(dead.journal).unlink(missing_ok=True)
    return count


def _found(
    session: ReadSession, now: datetime, mailing_id: int | None, silence_max: timedelta
) -> list[_Found]:
    statement = sa.select(DeliveryRun, database_now(session, now)).order_by(DeliveryRun.started_at)
    if mailing_id is not None:
        statement = statement.where(DeliveryRun.mailing_id == mailing_id)
    found = []
    for run, here_now in session.execute(statement):
        if run.is_revoked and not is_here(run.holder):
            is_forgotten = here_now - run.beat_at > _REMEMBERED
            if is_forgotten:
                found.append(_Found(run.token, run.beat_at, None, True, ""))
            continue
        if is_alive(run.holder, run.beat_at, here_now, run.journal, run.token, silence_max):
            continue
        is_local = is_here(run.holder)
        marks = read_journal(Path(run.journal), run.token) if is_local and run.journal else None
        found.append(_Found(run.token, run.beat_at, marks, is_local, run.journal if is_local else ""))
    return found


def sweep_journals(database: Database, folder: Path) -> int:
    """Removes journals that no run knows of: of processes that ended between writing the ledger and this file; how many."""
    with database.read() as session:
        known = set(session.scalars(sa.select(DeliveryRun.journal)))
    swept = 0
    for path in folder.absolute().glob("newsletter-run-*.journal"):
        with suppress(OSError):
            is_old = time.time() - path.stat().st_mtime > _STRAY_JOURNAL_SECONDS
            if is_old and str(path) not in known and not is_being_written(path):
                path.unlink()
                swept += 1
    return swept
