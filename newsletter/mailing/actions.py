"""What an operator can do with a mailing: pause it, go on, cancel it."""

from datetime import datetime

import sqlalchemy as sa

from newsletter.foundation.database import WriteSession
from newsletter.mailing.errors import MailingIsOver
from newsletter.mailing.models import Delivery, DeliveryState, Mailing, MailingState, SkipReason
from newsletter.mailing.queries import mailing_by_id
from newsletter.mailing.rules import MOVES


def pause_mailing(session: WriteSession, mailing_id: int) -> Mailing:
    """Stops the handing over after the messages that are on the wire; already paused: nothing changes."""
    return _move(session, mailing_id, MailingState.PAUSED)


def cancel_mailing(session: WriteSession, mailing_id: int, now: datetime) -> Mailing:
    """Ends the mailing for good; readers who still waited are skipped with that reason."""
    mailing = _move(session, mailing_id, MailingState.CANCELLED)
    mailing.finished_at = now
    skip_waiting(session, mailing_id, now)
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
        Delivery.mailing_id == mailing_id, Delivery.state == DeliveryState.IN_DOUBT
    )
    released = session.scalars(
        in_doubt.values(state=DeliveryState.PENDING, changed_at=now, reply_text="").returning(
            Delivery.subscriber_id
        )
    ).all()
    if released and mailing.state is MailingState.FINISHED:
        mailing.state = MailingState.PAUSED
        mailing.finished_at = None
    session.flush()
    return len(released)


def skip_waiting(session: WriteSession, mailing_id: int, now: datetime) -> None:
    """Skips, as cancelled, every reader whose turn had not come."""
    session.execute(
        sa.update(Delivery)
        .where(
            Delivery.mailing_id == mailing_id,
            Delivery.state.in_([DeliveryState.PENDING, DeliveryState.WAITING, DeliveryState.DEFERRED]),
        )
        .values(state=DeliveryState.SKIPPED, skip_reason=SkipReason.CANCELLED, changed_at=now)
    )


def _move(session: WriteSession, mailing_id: int, state: MailingState) -> Mailing:
    mailing = mailing_by_id(session, mailing_id, lock=True)
    if mailing.state is not state:
        if state not in MOVES[mailing.state]:
            raise MailingIsOver(mailing_id, mailing.state.value)
        mailing.state = state
    session.flush()
    return mailing
