"""What an operator can do with a mailing: pause it, go on, change its limits, cancel it, send again what is in doubt."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.mailing.errors import MailingIsOver
from newsletter.mailing.models import Delivery, DeliveryRun, DeliveryState, Mailing, MailingState
from newsletter.mailing.queries import mailing_by_id
from newsletter.mailing.recording import database_now
from newsletter.mailing.rules import MOVES
from newsletter.mailing.slices import close_slices, settle_slice, skip_waiting

# A holder that gave no sign may be asleep, with messages on the wire: longer than a server waits for a message (RFC
# 5321 section 4.5.3.2.6, 10 minutes), so that a second copy goes out only where the first is surely not on its way.
_MAY_WAKE_UP = timedelta(minutes=15)


def pause_mailing(session: WriteSession, mailing_id: int) -> Mailing:
    """Stops the handing over after the messages that are on the wire; already paused: nothing changes."""
    return _move(session, mailing_id, MailingState.PAUSED)


def cancel_mailing(session: WriteSession, mailing_id: int, now: datetime) -> Mailing:
    """Ends the mailing for good; readers who still waited are skipped with that reason."""
    mailing = _move(session, mailing_id, MailingState.CANCELLED)
    mailing.finished_at = now
    skip_waiting(session, mailing_id, now)
    close_slices(session, mailing_id)
    session.flush()
    return mailing


def set_limits(session: WriteSession, mailing_id: int, limits: Mapping[str, int | None]) -> Mailing:
    """Changes `connections` and `per_minute` of a mailing, also while it runs; None is what the settings say."""
    mailing = mailing_by_id(session, mailing_id, lock=True)
    if not MOVES[mailing.state]:
        raise MailingIsOver(mailing_id, mailing.state.value)
    for name, value in limits.items():
        setattr(mailing, name, value)
    session.flush()
    return mailing


def resend_in_doubt(session: WriteSession, mailing_id: int, now: datetime) -> int:
    """Lets the deliveries in doubt go out again, with the same Message-ID; how many. The operator's decision alone.

    Raises MailingIsOver for a cancelled mailing; one that was finished waits, paused, for the next run.
    """
    mailing = mailing_by_id(session, mailing_id, lock=True)
    if mailing.state is MailingState.CANCELLED:
        raise MailingIsOver(mailing_id, mailing.state.value)
    in_doubt = sa.update(Delivery).where(
        Delivery.mailing_id == mailing_id,
        Delivery.state == DeliveryState.IN_DOUBT,
        sa.or_(
            Delivery.run_token.is_(None), Delivery.run_token.not_in(_may_still_send(session, mailing_id, now))
        ),
    )
    released = session.execute(
        in_doubt.values(state=DeliveryState.PENDING, run_token=None, changed_at=now, reply_text="").returning(
            Delivery.slice_no
        )
    ).scalars()
    slice_nos = list(released)
    if slice_nos and mailing.state is MailingState.FINISHED:
        mailing.state = MailingState.PAUSED
        mailing.finished_at = None
        session.flush()
    for slice_no in sorted(set(slice_nos)):
        settle_slice(session, mailing_id, slice_no, now)
    session.flush()
    return len(slice_nos)


def _may_still_send(session: ReadSession, mailing_id: int, now: datetime) -> list[int]:
    """The tokens of runs that were taken away from a holder whom nobody has seen dead, and that may wake up yet."""
    here_now = session.scalars(sa.select(database_now(session, now))).one()
    return list(
        session.scalars(
            sa.select(DeliveryRun.token).where(
                DeliveryRun.mailing_id == mailing_id,
                DeliveryRun.is_revoked,
                DeliveryRun.beat_at > here_now - _MAY_WAKE_UP,
            )
        )
    )


def _move(session: WriteSession, mailing_id: int, state: MailingState) -> Mailing:
    mailing = mailing_by_id(session, mailing_id, lock=True)
    if mailing.state is not state:
        if state not in MOVES[mailing.state]:
            raise MailingIsOver(mailing_id, mailing.state.value)
        mailing.state = state
    session.flush()
    return mailing
