"""Watches how many sign-ups are confirmed: a low share means that forms are abused, be it ever so slowly (threat T17)."""

from datetime import datetime, timedelta

import structlog

from newsletter.audience.abuse.form_tokens import spend_once
from newsletter.audience.abuse.sweeping import sweep_abuse
from newsletter.audience.sign_up.queries import SignUpFigures, sign_up_figures
from newsletter.foundation.database import WriteSession
from newsletter.foundation.texts import texts
from newsletter.jobs.actions import ClaimedJob, enqueue
from newsletter.notices.desk import NoticeDesk
from newsletter.notices.notice import Notice, NoticePart

WATCH = "watch_sign_ups"
"""The kind of job that looks."""
ALARM = "sign_up_alarm"
"""The kind of job that writes."""
_LOOKS_EVERY = timedelta(days=1)
_FIRST_LOOK_AFTER = timedelta(hours=4)
_WRITES_AT_MOST_EVERY = timedelta(days=7)

_log = structlog.get_logger()


def watch_sign_ups(session: WriteSession, now: datetime) -> None:
    """Sees to it that the share of confirmed sign-ups is looked at in a few hours, and daily from then on."""
    enqueue(session, WATCH, {}, now, due_at=now + _FIRST_LOOK_AFTER, key=WATCH)


def look(desk: NoticeDesk, _job: ClaimedJob) -> datetime | None:
    """Looks once, raises the alarm where it must, and comes back daily for as long as there are sign-ups.

    What the forms' guards need not remember any more is swept on the way.
    """
    now = desk.clock()
    with desk.database.transaction() as session:
        sweep_abuse(session, now)
        figures = sign_up_figures(session, now)
        if figures.is_alarming and spend_once(
            session, desk.keyring, "sign-up alarm", now, _WRITES_AT_MOST_EVERY
        ):
            enqueue(session, ALARM, {}, now)
    if figures.is_alarming:
        _log.error("sign_ups_unconfirmed", mailed=figures.mailed, confirmed=figures.confirmed)
    return now + _LOOKS_EVERY if figures.requested else None


def alarm(desk: NoticeDesk, _job: ClaimedJob) -> datetime | None:
    """Writes to who is to be told. Raises TryLater where the relay is away."""
    now = desk.clock()
    with desk.database.read() as session:
        figures = sign_up_figures(session, now)
    desk.send(_notice(desk, figures, now))
    return None


def _notice(desk: NoticeDesk, figures: SignUpFigures, now: datetime) -> Notice:
    language = desk.languages[0]
    t = texts(language).gettext
    part = NoticePart(
        language=language,
        subject=t("Few sign-ups are confirmed: is the form abused?"),
        heading=t("Few sign-ups are confirmed"),
        sentences=(
            t("In the last seven days {mailed} people were asked to confirm; {confirmed} did.").format(
                mailed=figures.mailed, confirmed=figures.confirmed
            ),
            t("So few mean as a rule that somebody enters addresses of people who never asked for it."),
            t(
                "See who waits with `newsletter subscribers sign-ups`; the document “Operating” says what to do."
            ),
        ),
    )
    return Notice(desk.alert_address, f"sign-up-alarm.{now:%Y%m%d}", (part,))
