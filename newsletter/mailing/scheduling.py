"""When a mailing begins: a time of a named zone, and what becomes of one whose time passed with nobody there."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from newsletter.foundation.database import WriteSession
from newsletter.foundation.errors import BadInput
from newsletter.mailing.errors import MailingIsOver
from newsletter.mailing.models import Mailing, MailingState
from newsletter.mailing.queries import mailing_by_id
from newsletter.mailing.rules import MOVES
from newsletter.mailing.sending import start_mailing


class TimeRefused(BadInput):
    """A time that cannot be meant."""


def moment_of(text: str, zone_name: str) -> datetime:
    """The moment that `2026-12-01 09:00` is in the zone; with an offset, as in `2026-12-01 09:00+01:00`, the one it says.

    Raises TimeRefused for what is no time, for an hour that the clocks skip in spring, and for one that they show
    twice in autumn, unless the offset says which.
    """
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise TimeRefused(
            f"“{text[:40]}” is no time; write it like 2026-12-01 09:00 (in {zone_name}) or 2026-12-01 09:00+01:00."
        ) from error
    if given.tzinfo is not None:
        return given.astimezone(UTC)
    zone = ZoneInfo(zone_name)
    early, late = given.replace(tzinfo=zone, fold=0), given.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early.astimezone(UTC)
    if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != given:
        after = late.astimezone(UTC).astimezone(zone)
        raise TimeRefused(
            f"There is no {given:%H:%M} on {given:%Y-%m-%d} in {zone_name}: the clocks go forward then. "
            f"Take {given:%Y-%m-%d} {max(after, early.astimezone(UTC).astimezone(zone)):%H:%M} or another time."
        )
    raise TimeRefused(
        f"{given:%H:%M} comes twice on {given:%Y-%m-%d} in {zone_name}: the clocks go back then. "
        f"Write {given:%Y-%m-%d %H:%M}{_offset(early)} or {given:%Y-%m-%d %H:%M}{_offset(late)}."
    )


def _offset(moment: datetime) -> str:
    sign = f"{moment:%z}"
    return f"{sign[:3]}:{sign[3:]}"


def schedule_mailing(session: WriteSession, mailing_id: int, starts_at: datetime, now: datetime) -> Mailing:
    """Lets a mailing begin by itself at that moment, or changes when. Raises TimeRefused, MailingIsOver."""
    mailing = mailing_by_id(session, mailing_id, lock=True)
    if mailing.state is not MailingState.SCHEDULED and MailingState.SCHEDULED not in MOVES[mailing.state]:
        raise MailingIsOver(mailing_id, mailing.state.value)
    if starts_at <= now:
        raise TimeRefused("That time has passed; name a later one, or none to begin now.")
    mailing.state = MailingState.SCHEDULED
    mailing.starts_at = starts_at
    mailing.paused_because = ""
    session.flush()
    return mailing


def start_due_mailings(session: WriteSession, now: datetime, late_after: timedelta) -> Sequence[int]:
    """Lets the scheduled mailings run whose time has come; their numbers.

    One whose time passed longer ago than `late_after` is paused instead, with the reason: whether old news should
    still go out is for people to say.
    """
    due = session.scalars(
        sa.select(Mailing)
        .where(Mailing.state == MailingState.SCHEDULED, Mailing.starts_at <= now)
        .order_by(Mailing.id)
        .with_for_update(skip_locked=True)
    ).all()
    started = []
    for mailing in due:
        starts_at = mailing.starts_at
        if starts_at is not None and now - starts_at > late_after:
            mailing.state = MailingState.PAUSED
            mailing.starts_at = None
            mailing.paused_because = (
                f"it was to begin at {starts_at:%Y-%m-%d %H:%M} UTC and nobody was there to do it; resume it if it "
                "should still go out"
            )
        else:
            start_mailing(session, mailing, now)
            mailing.starts_at = None
            started.append(mailing.id)
    session.flush()
    return started
