"""The slices of a mailing: which are open, who takes one, and when one is done; with the last, so is the mailing."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.mailing.claiming import SliceKey
from newsletter.mailing.models import (
    Delivery,
    DeliveryRun,
    DeliverySlice,
    DeliveryState,
    Mailing,
    MailingState,
    SkipReason,
    SliceState,
)
from newsletter.mailing.sets import is_postgresql

_NO_SYNC = {"synchronize_session": False}
# Retries of one slice that are due within so long of each other are made together.
_TOGETHER = timedelta(seconds=20)


def open_slices(
    session: ReadSession, now: datetime, mailing_id: int | None = None, limit: int = 1000
) -> list[SliceKey]:
    """The slices that somebody should run now: due, with nobody at them, of mailings that run; in order.

    Slices of a holder that died are not among them until `reclaim.reclaim_dead_runs` has freed them.
    """
    return [SliceKey(*row) for row in session.execute(_open(now, mailing_id).limit(limit))]


def next_due_at(session: ReadSession, mailing_id: int) -> datetime | None:
    """When the first of the open slices may be run that nobody is at; None where there is none, or one is due already."""
    statement = sa.select(sa.func.min(DeliverySlice.due_at)).where(
        DeliverySlice.mailing_id == mailing_id, DeliverySlice.state == SliceState.OPEN, ~_is_held()
    )
    return session.scalar(statement)


def _is_held() -> sa.ColumnElement[bool]:
    return sa.exists().where(
        DeliveryRun.mailing_id == DeliverySlice.mailing_id,
        DeliveryRun.slice_no == DeliverySlice.slice_no,
        DeliveryRun.is_revoked.is_(False),
    )


def _open(now: datetime, mailing_id: int | None) -> sa.Select[int, int, str]:
    statement = (
        sa.select(DeliverySlice.mailing_id, DeliverySlice.slice_no, DeliverySlice.domain_group)
        .join(Mailing, Mailing.id == DeliverySlice.mailing_id)
        .where(
            DeliverySlice.state == SliceState.OPEN,
            sa.or_(DeliverySlice.due_at.is_(None), DeliverySlice.due_at <= now),
            Mailing.state == MailingState.RUNNING,
            sa.or_(Mailing.starts_at.is_(None), Mailing.starts_at <= now),
            ~_is_held(),
        )
        .order_by(DeliverySlice.mailing_id, DeliverySlice.slice_no)
    )
    return statement if mailing_id is None else statement.where(DeliverySlice.mailing_id == mailing_id)


def slice_of_run(session: ReadSession, token: int) -> SliceKey | None:
    """The slice that the run of this token is at; None where there is no such run."""
    statement = (
        sa.select(DeliverySlice.mailing_id, DeliverySlice.slice_no, DeliverySlice.domain_group)
        .join(
            DeliveryRun,
            sa.and_(
                DeliveryRun.mailing_id == DeliverySlice.mailing_id,
                DeliveryRun.slice_no == DeliverySlice.slice_no,
            ),
        )
        .where(DeliveryRun.token == token)
    )
    row = session.execute(statement).one_or_none()
    return SliceKey(*row) if row is not None else None


def take_slice(
    session: WriteSession, mailing_id: int, now: datetime, slice_nos: Collection[int] | None
) -> SliceKey | None:
    """An open slice of the mailing that nobody else is taking, locked."""
    statement = _open(now, mailing_id).limit(1).with_for_update(of=DeliverySlice, skip_locked=True)
    if slice_nos is not None:
        statement = statement.where(DeliverySlice.slice_no.in_(list(slice_nos)))
    while (row := session.execute(statement).one_or_none()) is not None:
        key = SliceKey(*row)
        # PostgreSQL locks what it saw before another transaction was done with it: whether a run has come is asked again.
        if not is_postgresql(session) or not session.scalar(sa.select(_has_run(key))):
            return key
        statement = statement.where(DeliverySlice.slice_no != key.slice_no)
    return None


def _has_run(key: SliceKey) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        DeliveryRun.mailing_id == key.mailing_id,
        DeliveryRun.slice_no == key.slice_no,
        DeliveryRun.is_revoked.is_(False),
    )


def settle_slice(session: WriteSession, mailing_id: int, slice_no: int, now: datetime) -> None:
    """Says of a slice what its rows say: closed, waiting, or open and due when."""
    # Shared: a cancelling comes wholly before or after; many runs may end at once.
    mailing_state = session.scalar(
        sa.select(Mailing.state).where(Mailing.id == mailing_id).with_for_update(read=True)
    )
    if mailing_state is MailingState.CANCELLED:  # what came back untried after the cancelling
        skip_waiting(session, mailing_id, now, slice_no)
    of_slice = (Delivery.mailing_id == mailing_id, Delivery.slice_no == slice_no)
    at_once = Delivery.state.in_([DeliveryState.PENDING, DeliveryState.ATTEMPTING])
    is_open, due_at, is_waiting = session.execute(
        sa.select(
            sa.func.max(sa.case((at_once, 1), else_=0)),
            sa.func.min(sa.case((Delivery.state == DeliveryState.DEFERRED, Delivery.next_attempt_at))),
            sa.func.max(sa.case((Delivery.state == DeliveryState.WAITING, 1), else_=0)),
        ).where(*of_slice)
    ).one()
    if is_open:
        state, due_at = SliceState.OPEN, None
    elif due_at is not None:
        state, due_at = SliceState.OPEN, due_at + _TOGETHER
    else:
        state = SliceState.WAITING if is_waiting else SliceState.CLOSED
    slice_ = (DeliverySlice.mailing_id == mailing_id, DeliverySlice.slice_no == slice_no)
    is_held = sa.and_(DeliverySlice.state == SliceState.HELD, sa.literal(state is SliceState.OPEN))
    session.execute(
        sa.update(DeliverySlice)
        .where(*slice_)
        .values(state=sa.case((is_held, SliceState.HELD.value), else_=state.value), due_at=due_at)
        .execution_options(**_NO_SYNC)
    )
    if state is SliceState.OPEN and mailing_state is MailingState.FINISHED:
        # A late answer said that somebody of it was not mailed.
        _set_state(session, mailing_id, MailingState.RUNNING, finished_at=None)


def finish_if_done(session: WriteSession, mailing_id: int, now: datetime) -> MailingState:
    """Makes a running mailing *finished* where every slice is closed, and *paused* where what is left waits for somebody.

    Whoever ended runs says so afterwards, in a transaction of its own: of two that end at once each sees the other's
    slice still open, and the later word counts. Returns the state.
    """
    mailing_state, planning_since = session.execute(
        sa.select(Mailing.state, Mailing.planning_since).where(Mailing.id == mailing_id).with_for_update()
    ).one()
    if mailing_state is not MailingState.RUNNING or planning_since is not None:
        return MailingState(mailing_state)
    states = {
        row[0]: row[1]
        for row in session.execute(
            sa.select(DeliverySlice.state, sa.func.max(DeliverySlice.held_because))
            .where(DeliverySlice.mailing_id == mailing_id, DeliverySlice.state != SliceState.CLOSED)
            .group_by(DeliverySlice.state)
        )
    }
    if not states:
        _set_state(session, mailing_id, MailingState.FINISHED, finished_at=now)
        return MailingState.FINISHED
    if SliceState.OPEN not in states:
        because = states.get(SliceState.HELD, "")
        _set_state(session, mailing_id, MailingState.PAUSED, paused_because=because)
        return MailingState.PAUSED
    return mailing_state


def _set_state(session: WriteSession, mailing_id: int, state: MailingState, **values: object) -> None:
    session.execute(sa.update(Mailing).where(Mailing.id == mailing_id).values(state=state, **values))


def skip_waiting(session: WriteSession, mailing_id: int, now: datetime, slice_no: int | None = None) -> None:
    """Skips, as cancelled, every reader (of one slice) whose turn had not come."""
    statement = sa.update(Delivery).where(
        Delivery.mailing_id == mailing_id,
        Delivery.state.in_([DeliveryState.PENDING, DeliveryState.WAITING, DeliveryState.DEFERRED]),
    )
    if slice_no is not None:
        statement = statement.where(Delivery.slice_no == slice_no)
    session.execute(
        statement.values(
            state=DeliveryState.SKIPPED, skip_reason=SkipReason.CANCELLED, changed_at=now
        ).execution_options(**_NO_SYNC)
    )


def close_slices(session: WriteSession, mailing_id: int) -> None:
    """Closes every slice of a mailing that nobody is at."""
    session.execute(
        sa.update(DeliverySlice)
        .where(DeliverySlice.mailing_id == mailing_id, ~_is_held())
        .values(state=SliceState.CLOSED, due_at=None)
        .execution_options(**_NO_SYNC)
    )
