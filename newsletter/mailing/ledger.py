"""The ledger: which deliveries a run may hand over, and what became of them.

A delivery is marked *attempting* in a committed transaction before a byte of it goes out. A run that dies leaves
such rows behind; its journal (`journal.py`) tells the next run which of them had left for the socket. Those are *in
doubt* and never sent again by themselves (RFC 5321 section 4.5.4.1: a message may have been taken unanswered).
"""

import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.foundation.database import WriteSession
from newsletter.mailing.actions import skip_waiting
from newsletter.mailing.due import ClaimedDelivery as ClaimedDelivery
from newsletter.mailing.due import due_deliveries
from newsletter.mailing.errors import MailingIsOver, MailingIsRunning
from newsletter.mailing.journal import Mark
from newsletter.mailing.models import Delivery, DeliveryState, Mailing, MailingState, SkipReason
from newsletter.mailing.queries import mailing_by_id
from newsletter.mailing.rules import MOVES, retry_after, state_after
from newsletter.transport.outcome import Outcome

# A run on another machine that has given no sign for so long is taken to be dead.
_SILENCE_MAX = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Run:
    """The right to hand over one mailing's messages; one run holds it at a time."""

    mailing_id: int
    token: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one claimed delivery."""

    claimed: ClaimedDelivery
    outcome: Outcome


def holder_name() -> str:
    """Who holds a run: this process on this machine."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def begin_run(
    session: WriteSession,
    mailing_id: int,
    now: datetime,
    journal_of: tuple[str, Mapping[int, Mark]] | None = None,
) -> Run:
    """Takes the right to send, and decides what becomes of deliveries that a dead run had claimed.

    `journal_of` is the token of a run and what its journal says; without the dead run's own, everything that it had
    claimed is in doubt. Raises MailingNotFound, MailingIsOver, and MailingIsRunning where another run is alive.
    """
    mailing = mailing_by_id(session, mailing_id, lock=True)
    if mailing.run_token is not None and _is_alive(mailing, now):
        raise MailingIsRunning(mailing_id, mailing.run_holder or "another process")
    if mailing.state is not MailingState.RUNNING and MailingState.RUNNING not in MOVES[mailing.state]:
        raise MailingIsOver(mailing_id, mailing.state.value)
    known = journal_of is not None and journal_of[0] == mailing.run_token
    _settle_claimed(session, mailing_id, journal_of[1] if journal_of and known else None, now)
    mailing.state = MailingState.RUNNING
    mailing.run_token = secrets.token_hex(16)
    mailing.run_holder = holder_name()
    mailing.run_beat_at = now
    session.flush()
    return Run(mailing_id, mailing.run_token)


def _settle_claimed(
    session: WriteSession, mailing_id: int, marks: Mapping[int, Mark] | None, now: datetime
) -> None:
    """Moves what a dead run left attempting: back to pending, accepted, or in doubt, as far as its journal knows."""
    claimed = (Delivery.mailing_id == mailing_id, Delivery.state == DeliveryState.ATTEMPTING)
    by_mark: dict[Mark, list[int]] = {mark: [] for mark in Mark}
    for subscriber_id, mark in (marks or {}).items():
        by_mark[mark].append(subscriber_id)
    settled: list[tuple[sa.ColumnElement[bool], dict[str, object]]] = [
        (
            Delivery.subscriber_id.in_(by_mark[Mark.ACCEPTED]),
            {
                "state": DeliveryState.ACCEPTED,
                "reply_text": "accepted, by the journal of a run that was broken off",
            },
        ),
        (
            Delivery.subscriber_id.in_(by_mark[Mark.HANDED_OVER]) if marks is not None else sa.true(),
            {
                "state": DeliveryState.IN_DOUBT,
                "reply_text": "handed over by a run that was broken off; no answer heard",
            },
        ),
        (
            sa.true(),  # what is left was never begun, or not taken
            {"state": DeliveryState.PENDING, "attempt_count": Delivery.attempt_count - 1, "reply_text": ""},
        ),
    ]
    for which, values in settled:
        session.execute(
            sa.update(Delivery)
            .where(*claimed, which)
            .values(changed_at=now, reply_code=None, reply_enhanced=None, next_attempt_at=None, **values)
            .execution_options(synchronize_session=False)
        )


def _is_alive(mailing: Mailing, now: datetime) -> bool:
    """Whether the run that holds the mailing may still be at work."""
    holder = mailing.run_holder or ""
    words = holder.split(" ")
    if len(words) == 4 and words[3] == socket.gethostname():
        process = int(words[1])
        # A number that is our own belonged to a process that ended: in a container numbers come again.
        return process != os.getpid() and _process_exists(process)
    return mailing.run_beat_at is not None and now - mailing.run_beat_at < _SILENCE_MAX


def _process_exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def claim_deliveries(
    session: WriteSession, run: Run, limit: int, now: datetime, put_off_before: datetime | None = None
) -> list[ClaimedDelivery]:
    """Up to `limit` deliveries that are due, marked *attempting*; empty when none is, or the run was told to stop.

    With `put_off_before`, deliveries that the server had put off before that moment are due at once.

    Readers who left, and addresses that were suppressed since the planning, are skipped here, with the reason.
    """
    if not _beat(session, run, now):
        return []
    rows: list[ClaimedDelivery] = []
    while not rows:
        due = due_deliveries(session, run.mailing_id, limit, now, put_off_before)
        if not due:
            return []
        skipped: dict[SkipReason, list[int]] = {}
        for claimed, reason in due:
            if reason is None:
                rows.append(claimed)
            else:
                skipped.setdefault(reason, []).append(claimed.subscriber_id)
        for reason, subscriber_ids in skipped.items():
            _mark(session, run, subscriber_ids, now, state=DeliveryState.SKIPPED, skip_reason=reason)
    subscriber_ids = [claimed.subscriber_id for claimed in rows]
    _mark(
        session,
        run,
        subscriber_ids,
        now,
        state=DeliveryState.ATTEMPTING,
        attempt_count=Delivery.attempt_count + 1,
    )
    return rows


def _beat(session: WriteSession, run: Run, now: datetime) -> bool:
    """Shows that the run is alive; False where it was paused, cancelled or taken over."""
    statement = (
        sa.update(Mailing)
        .where(
            Mailing.id == run.mailing_id,
            Mailing.run_token == run.token,
            Mailing.state == MailingState.RUNNING,
        )
        .values(run_beat_at=now)
        .returning(Mailing.id)
    )
    return session.execute(statement).scalar_one_or_none() is not None


def _mark(
    session: WriteSession, run: Run, subscriber_ids: Sequence[int], now: datetime, **values: object
) -> None:
    session.execute(
        sa.update(Delivery)
        .where(Delivery.mailing_id == run.mailing_id, Delivery.subscriber_id.in_(subscriber_ids))
        .values(changed_at=now, **values)
        .execution_options(synchronize_session=False)
    )


def record_results(session: WriteSession, run: Run, results: Sequence[Result], now: datetime) -> None:
    """Writes down what became of claimed deliveries. The same results again change nothing.

    Only rows still attempting, or in doubt, are moved: a late answer resolves a doubt and nothing else.
    """
    if not results:
        return
    statement = (
        sa.update(Delivery)
        .where(
            Delivery.mailing_id == run.mailing_id,
            Delivery.subscriber_id == sa.bindparam("of_subscriber"),
            sa.or_(Delivery.state == DeliveryState.ATTEMPTING, Delivery.state == DeliveryState.IN_DOUBT),
        )
        .values({column: sa.bindparam(f"new_{column}") for column in _RESULT_COLUMNS})
    )
    session.connection().execute(statement, [_row(result, now) for result in results])


# While a delivery is in one of these, the mailing is not finished.
_UNDECIDED = (
    DeliveryState.PENDING,
    DeliveryState.WAITING,
    DeliveryState.ATTEMPTING,
    DeliveryState.DEFERRED,
)
_RESULT_COLUMNS = (
    "state",
    "attempt_count",
    "next_attempt_at",
    "reply_code",
    "reply_enhanced",
    "reply_text",
    "changed_at",
)


def _row(result: Result, now: datetime) -> dict[str, object]:
    claimed, outcome = result.claimed, result.outcome
    state = state_after(outcome, claimed.attempt_count)
    was_tried = state is not DeliveryState.PENDING
    return {
        "of_subscriber": claimed.subscriber_id,
        "new_state": state,
        "new_attempt_count": claimed.attempt_count if was_tried else claimed.attempt_count - 1,
        "new_next_attempt_at": now + retry_after(claimed.attempt_count)
        if state is DeliveryState.DEFERRED
        else None,
        "new_reply_code": outcome.code,
        "new_reply_enhanced": outcome.enhanced,
        "new_reply_text": outcome.text,
        "new_changed_at": now,
    }


def end_run(session: WriteSession, run: Run, now: datetime) -> MailingState:
    """Gives the right to send back: *finished* where nothing waits any more, else *paused*. Returns the state."""
    mailing = mailing_by_id(session, run.mailing_id, lock=True)
    if mailing.run_token != run.token:
        return mailing.state
    mailing.run_token = mailing.run_holder = mailing.run_beat_at = None
    if mailing.state is MailingState.RUNNING:
        waiting = sa.exists().where(
            Delivery.mailing_id == run.mailing_id,
            Delivery.state.in_(_UNDECIDED),
        )
        is_done = not session.scalar(sa.select(waiting))
        mailing.state = MailingState.FINISHED if is_done else MailingState.PAUSED
        mailing.finished_at = now if is_done else None
    elif mailing.state is MailingState.CANCELLED:
        skip_waiting(session, run.mailing_id, now)  # what came back untried after the cancelling
    session.flush()
    return mailing.state
