"""The slices of a mailing: which are open, who takes one, and when one is done; with the last, so is the mailing."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, WriteSession, is_postgresql
from newsletter.mailing.claiming import NOW, OF_SLICE, SliceKey
from newsletter.mailing.models import (
    DELIVERIES,
    MAILINGS,
    RUNS,
    SLICES,
    Delivery,
    DeliverySlice,
    DeliveryState,
    Mailing,
    MailingState,
    SkipReason,
    SliceState,
)
from newsletter.mailing.prepared import Prepared

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
        RUNS.c.mailing_id == SLICES.c.mailing_id,
        RUNS.c.slice_no == SLICES.c.slice_no,
        RUNS.c.is_revoked.is_(False),
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
    row = session.execute(_OF_RUN, {"its_token": token}).one_or_none()
    return SliceKey(*row) if row is not None else None


_OF_RUN = (
    sa.select(SLICES.c.mailing_id, SLICES.c.slice_no, SLICES.c.domain_group)
    .join(RUNS, sa.and_(RUNS.c.mailing_id == SLICES.c.mailing_id, RUNS.c.slice_no == SLICES.c.slice_no))
    .where(RUNS.c.token == sa.bindparam("its_token"))
)


def take_slice(
    session: WriteSession, mailing_id: int, now: datetime, slice_nos: Collection[int] | None
) -> SliceKey | None:
    """An open slice of the mailing that nobody else is taking, locked: one with somebody to be tried again comes first.

    Whether the mailing runs is for the caller to ask.
    """
    values = {"its_mailing": mailing_id, "now": now}
    for statement, prepared in ((_DUE_AGAIN, _due_again), (_NEVER_TAKEN, _never_taken)):
        taken: list[int] = []
        while True:
            row: sa.Row[Any] | None
            if slice_nos is None and not taken:
                row = prepared(session, values).one_or_none()
            else:
                some = statement.where(SLICES.c.slice_no.not_in(taken))
                if slice_nos is not None:
                    some = some.where(SLICES.c.slice_no.in_(list(slice_nos)))
                row = cast("sa.Row[Any] | None", session.execute(some, values).one_or_none())
            if row is None:
                break
            number_of_mailing, slice_no, domain_group = tuple(row)
            key = SliceKey(number_of_mailing, slice_no, domain_group)
            # PostgreSQL locks what it saw before another transaction was done with it: whether a run has come is asked again.
            its_slice = {"its_mailing": key.mailing_id, "its_slice": key.slice_no}
            if not is_postgresql(session) or _a_run_at(session, its_slice).first() is None:
                return key
            taken.append(key.slice_no)
    return None


def _next_slice(is_due: sa.ColumnElement[bool], *order: sa.ColumnElement[Any]) -> sa.Select[int, int, str]:
    return (
        sa.select(SLICES.c.mailing_id, SLICES.c.slice_no, SLICES.c.domain_group)
        .where(
            SLICES.c.mailing_id == sa.bindparam("its_mailing"),
            SLICES.c.state == SliceState.OPEN,
            is_due,
            ~_is_held(),
        )
        .order_by(*order)
        .limit(1)
        .with_for_update(of=SLICES, skip_locked=True)
    )


# Each is found by an index at once, however many slices are closed, or open for later.
_DUE_AGAIN = _next_slice(SLICES.c.due_at <= NOW, SLICES.c.due_at, SLICES.c.slice_no)
_NEVER_TAKEN = _next_slice(SLICES.c.due_at.is_(None), SLICES.c.slice_no)
_due_again = Prepared(lambda _on_postgresql: _DUE_AGAIN)
_never_taken = Prepared(lambda _on_postgresql: _NEVER_TAKEN)


_a_run_at = Prepared(
    lambda _on_postgresql: sa.select(RUNS.c.token).where(
        RUNS.c.mailing_id == sa.bindparam("its_mailing"),
        RUNS.c.slice_no == sa.bindparam("its_slice"),
        RUNS.c.is_revoked.is_(False),
    )
)


def settle_slice(session: WriteSession, mailing_id: int, slice_no: int, now: datetime) -> None:
    """Says of a slice what its rows say: closed, waiting, or open and due when."""
    key = {"its_mailing": mailing_id, "its_slice": slice_no}
    mailing_state = _state_of_mailing(session, key).scalar()
    if mailing_state == MailingState.CANCELLED:  # what came back untried after the cancelling
        skip_waiting(session, mailing_id, now, slice_no)
    is_open, is_deferred, is_waiting = tuple(_what_rows_say(session, key).one())
    due_at = None
    if is_open:
        state = SliceState.OPEN
    elif is_deferred:
        first = session.scalar(_FIRST_RETRY, key)
        state, due_at = SliceState.OPEN, first + _TOGETHER if first else None
    else:
        state = SliceState.WAITING if is_waiting else SliceState.CLOSED
    settle = _settle_open if state is SliceState.OPEN else _settle
    settle(session, {**key, "new_state": state, "new_due_at": due_at})
    if state is SliceState.OPEN and mailing_state == MailingState.FINISHED:
        # A late answer said that somebody of it was not mailed.
        _set_state(session, mailing_id, MailingState.RUNNING, finished_at=None)


_FIRST_RETRY = sa.select(sa.func.min(DELIVERIES.c.next_attempt_at)).where(
    *OF_SLICE, DELIVERIES.c.state == DeliveryState.DEFERRED
)
_ITS_MAILING = MAILINGS.c.id == sa.bindparam("its_mailing")
# Shared: a cancelling comes wholly before or after; many runs may end at once.
_STATE_OF_MAILING = sa.select(MAILINGS.c.state).where(_ITS_MAILING).with_for_update(read=True)


def _asking_the_rows(_on_postgresql: bool) -> sa.Select[Any]:
    state = DELIVERIES.c.state
    kinds = (
        sa.or_(state == DeliveryState.PENDING, state == DeliveryState.ATTEMPTING),
        state == DeliveryState.DEFERRED,
        state == DeliveryState.WAITING,
    )
    return sa.select(*(sa.func.max(sa.case((is_so, 1), else_=0)) for is_so in kinds)).where(*OF_SLICE)


def _settling(new_state: sa.ColumnElement[Any]) -> sa.Update:
    return (
        sa.update(SLICES)
        .where(
            SLICES.c.mailing_id == sa.bindparam("its_mailing"),
            SLICES.c.slice_no == sa.bindparam("its_slice"),
        )
        .values(state=new_state, due_at=sa.bindparam("new_due_at"))
    )


_NEW_STATE = sa.bindparam("new_state", type_=SLICES.c.state.type)
# What is held back stays so.
_STAYS_HELD = sa.case((SLICES.c.state == SliceState.HELD, SLICES.c.state), else_=_NEW_STATE)
_state_of_mailing = Prepared(lambda _on_postgresql: _STATE_OF_MAILING)
_what_rows_say = Prepared(_asking_the_rows)
_settle = Prepared(lambda _on_postgresql: _settling(_NEW_STATE))
_settle_open = Prepared(lambda _on_postgresql: _settling(_STAYS_HELD))


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
