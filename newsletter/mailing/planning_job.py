"""Planning as a job, on PostgreSQL: `send --background` writes down whom a mailing goes to, and a worker makes the rows.

All rows come in one transaction. A worker that dies in the middle leaves none of them, and the job is done again; of two
that are at the same mailing, the second is sent away. The mailing itself can be paused, scheduled or cancelled meanwhile:
its row is not locked until the end.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.editions.queries import edition_by_id, variant_names
from newsletter.foundation.database import Database, ReadSession, WriteSession, is_postgresql
from newsletter.jobs.actions import enqueue_all
from newsletter.jobs.on_procrastinate import NewJob
from newsletter.jobs.queues import Queue
from newsletter.mailing.errors import EditionNotFrozen, MailingIsBeingPlanned
from newsletter.mailing.models import Mailing, MailingState
from newsletter.mailing.planning import make_deliveries, new_mailing, plan_mailing, planned_readership
from newsletter.mailing.queries import mailing_by_id, mailing_of_edition
from newsletter.mailing.readership import Readership
from newsletter.mailing.slices import close_slices, skip_waiting

PLAN = "plan"
"""The kind of a job that makes the rows of a mailing."""
_LOCK_CLASS = 1_852_404_076
"""Of our advisory locks on PostgreSQL; the number of the mailing comes second."""


def leave_planning_to_workers(
    session: WriteSession,
    edition_id: int,
    now: datetime,
    readership: Readership | None = None,
    *,
    time_zone: str = "UTC",
) -> Mailing:
    """The mailing of a frozen edition, whose rows a worker makes; on SQLite, and for a later wave, they are made here.

    Raises as `plan_mailing` does.
    """
    if not is_postgresql(session) or mailing_of_edition(session, edition_id) is not None:
        return plan_mailing(session, edition_id, now, readership, time_zone=time_zone)
    edition = edition_by_id(session, edition_id)
    if not variant_names(session, [edition_id]).get(edition_id):
        raise EditionNotFrozen(edition_id)
    mailing = new_mailing(session, edition_id, readership or Readership((edition.list_id,)), now)
    mailing.planning_since = now
    session.flush()
    enqueue_planning(session, now)
    return mailing


def waiting_for_planning(session: ReadSession) -> list[int]:
    """The mailings whose rows are still to be made."""
    statement = sa.select(Mailing.id).where(Mailing.planning_since.is_not(None))
    return list(session.scalars(statement.order_by(Mailing.id)))


def enqueue_planning(session: WriteSession, now: datetime) -> None:
    """Writes down a job for each mailing that is to be planned and that no job stands for."""
    jobs = [
        NewJob(PLAN, {"mailing_id": mailing_id}, key=f"{PLAN}:{mailing_id}", queue=Queue.MAIL)
        for mailing_id in waiting_for_planning(session)
    ]
    enqueue_all(session, jobs, now)


def make_rows(
    database: Database,
    mailing_id: int,
    clock: Callable[[], datetime],
    *,
    planner: str,
    time_zone: str = "UTC",
    undo: timedelta = timedelta(),
) -> bool:
    """Makes the rows of a mailing that waits for that; whether it did. The undo window begins when they are there.

    Raises MailingIsBeingPlanned where another process is at it.
    """
    with database.transaction() as session:
        mailing = mailing_by_id(session, mailing_id, lock=True)
        if mailing.planning_since is None:
            return False
        other = mailing.planning_by
        if not session.scalar(_try_lock(mailing_id)):
            raise MailingIsBeingPlanned(mailing_id, other)
        mailing.planning_by = planner
    with database.transaction() as session:
        if not session.scalar(_try_lock(mailing_id)):
            raise MailingIsBeingPlanned(mailing_id, planner)
        mailing, now = mailing_by_id(session, mailing_id), clock()
        if mailing.planning_since is None:
            return False
        edition = edition_by_id(session, mailing.edition_id)
        if mailing.state is not MailingState.CANCELLED:
            make_deliveries(session, mailing, edition, planned_readership(session, edition, time_zone), now)
        session.refresh(mailing, with_for_update=True)
        mailing.planning_since, mailing.planning_by = None, ""
        if mailing.state is MailingState.CANCELLED:
            skip_waiting(session, mailing_id, now)
            close_slices(session, mailing_id)
        elif mailing.state is MailingState.RUNNING and undo:
            mailing.starts_at = now + undo
        session.flush()
    return True


def _try_lock(mailing_id: int) -> sa.Select[bool]:
    """Takes the right to plan a mailing, until the end of the transaction, where nobody has it."""
    return sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK_CLASS, mailing_id))
