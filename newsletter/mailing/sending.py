"""Who has a mailing in hand: the one `newsletter send` in the foreground, beside any number of workers."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.foundation.database import WriteSession
from newsletter.mailing.errors import MailingIsOver, MailingIsRunning
from newsletter.mailing.liveness import holder_name, is_alive
from newsletter.mailing.models import (
    Delivery,
    DeliverySlice,
    DeliveryState,
    Mailing,
    MailingState,
    SliceState,
)
from newsletter.mailing.queries import mailing_by_id
from newsletter.mailing.recording import database_now
from newsletter.mailing.rules import MOVES
from newsletter.mailing.slices import finish_if_done

# A foreground run on another machine that has given no sign for so long is taken to be dead.
_SILENCE_MAX = timedelta(minutes=2)
_held: set[str] = set()


def begin_sending(
    session: WriteSession, mailing_id: int, now: datetime, undo: timedelta = timedelta()
) -> str:
    """Takes a mailing in hand, in the foreground: it runs, from the end of the undo window on; a token to end with.

    Raises MailingNotFound, MailingIsOver, and MailingIsRunning where another one has it in hand.
    """
    mailing = mailing_by_id(session, mailing_id, lock=True)
    here_now = session.scalars(sa.select(database_now(session, now))).one()
    if mailing.run_token is not None and _is_held(mailing, here_now):
        raise MailingIsRunning(mailing_id, mailing.run_holder or "another process")
    start_mailing(session, mailing, now, undo)
    mailing.run_token = secrets.token_hex(16)
    mailing.run_holder = holder_name()
    mailing.run_beat_at = here_now
    session.flush()
    _held.add(mailing.run_token)
    return mailing.run_token


def _is_held(mailing: Mailing, now: datetime) -> bool:
    if mailing.run_token in _held:
        return True
    return is_alive(mailing.run_holder or "", mailing.run_beat_at, now, silence_max=_SILENCE_MAX)


def start_mailing(
    session: WriteSession, mailing: Mailing, now: datetime, undo: timedelta = timedelta()
) -> None:
    """Lets a mailing run; whoever works takes its slices. What was held back may go on. Raises MailingIsOver.

    Before its first message, `undo` is waited.
    """
    if mailing.state is not MailingState.RUNNING:
        if MailingState.RUNNING not in MOVES[mailing.state]:
            raise MailingIsOver(mailing.id, mailing.state.value)
        has_begun = sa.exists().where(Delivery.mailing_id == mailing.id, Delivery.attempt_count > 0)
        is_first = mailing.state in (MailingState.PLANNED, MailingState.SCHEDULED) or not session.scalar(
            sa.select(has_begun)
        )
        mailing.state = MailingState.RUNNING
        mailing.starts_at = now + undo if undo and is_first else None
    mailing.paused_because = ""
    session.execute(
        sa.update(DeliverySlice)
        .where(DeliverySlice.mailing_id == mailing.id, DeliverySlice.state == SliceState.HELD)
        .values(state=SliceState.OPEN, held_because="")
        .execution_options(synchronize_session=False)
    )
    session.flush()


def end_sending(
    session: WriteSession, mailing_id: int, token: str, now: datetime, *, pause: bool, because: str = ""
) -> MailingState:
    """Gives a mailing out of hand: *finished* where nothing waits any more; with `pause`, *paused* where something does.

    Else it goes on running for whoever works. Returns the state.
    """
    _held.discard(token)
    mailing = mailing_by_id(session, mailing_id, lock=True)
    if mailing.run_token == token:
        mailing.run_token = mailing.run_holder = mailing.run_beat_at = None
        session.flush()
    state = finish_if_done(session, mailing_id, now)
    session.refresh(mailing)
    if pause and state is MailingState.RUNNING:
        mailing.state = MailingState.PAUSED
        mailing.paused_because = because
        session.flush()
    return mailing.state


def beat_sending(session: WriteSession, mailing_id: int, token: str, now: datetime) -> None:
    """Shows that whoever has the mailing in hand is alive."""
    session.execute(
        sa.update(Mailing)
        .where(Mailing.id == mailing_id, Mailing.run_token == token)
        .values(run_beat_at=database_now(session, now))
    )


def retry_now(session: WriteSession, mailing_id: int, now: datetime) -> None:
    """Does not wait for the time of those that the servers put off: they are due at once. Raises MailingNotFound."""
    # Claims hold the mailing too, and go from a slice to its deliveries: meeting one halfway would be a deadlock.
    mailing_by_id(session, mailing_id, lock=True)
    session.execute(
        sa.update(Delivery)
        .where(Delivery.mailing_id == mailing_id, Delivery.state == DeliveryState.DEFERRED)
        .values(next_attempt_at=now)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(DeliverySlice)
        .where(DeliverySlice.mailing_id == mailing_id, DeliverySlice.due_at > now)
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


def hold_group(session: WriteSession, mailing_id: int, domain_group: str, words: str) -> None:
    """Holds back what is left for one group of domains, whose servers blame the sender, until the mailing is resumed."""
    session.execute(
        sa.update(DeliverySlice)
        .where(
            DeliverySlice.mailing_id == mailing_id,
            DeliverySlice.domain_group == domain_group,
            DeliverySlice.state == SliceState.OPEN,
        )
        .values(state=SliceState.HELD, held_because=words)
        .execution_options(synchronize_session=False)
    )


def pause_running(session: WriteSession, mailing_id: int, because: str) -> None:
    """Pauses a mailing that runs, and keeps why."""
    session.execute(
        sa.update(Mailing)
        .where(Mailing.id == mailing_id, Mailing.state == MailingState.RUNNING)
        .values(state=MailingState.PAUSED, paused_because=because)
        .execution_options(synchronize_session=False)
    )
