"""The jobs of this room: the question to a reader, and the mailbox that is read every few minutes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

import structlog

from newsletter.foundation.database import WriteSession
from newsletter.inbound import leave_question
from newsletter.inbound.errors import MailboxUnreachable
from newsletter.inbound.leaving import ASK
from newsletter.inbound.reading import read_mails
from newsletter.inbound.sources import mails_in
from newsletter.inbound.taking_in import Office
from newsletter.jobs.actions import ClaimedJob, enqueue
from newsletter.jobs.run import Handler
from newsletter.notices.desk import NoticeDesk

READ = "read_mailbox"
"""The kind of job that reads the mailbox of the settings."""
EVERY = timedelta(minutes=5)

_log = structlog.get_logger()


def plan_reading(session: WriteSession, now: datetime) -> None:
    """Sees to it that the mailbox is read, and again every few minutes."""
    enqueue(session, READ, {}, now, key=READ)


def inbound_handlers(
    desk: NoticeDesk, office: Office, mailbox: str, kept: timedelta
) -> Mapping[str, Handler]:
    """The handlers of this room's jobs, by kind; `mailbox` is "" where none is set, and mails older than `kept` stay unread."""
    return {
        ASK: partial(leave_question.ask, desk),
        READ: partial(_read, desk, office, mailbox, kept),
    }


def _read(
    desk: NoticeDesk, office: Office, mailbox: str, kept: timedelta, _job: ClaimedJob
) -> datetime | None:
    if not mailbox:
        return None
    now = desk.clock()
    try:
        report = read_mails(desk.database, office, mails_in(mailbox, (now - kept).date()), now)
    except MailboxUnreachable as error:
        _log.error("mailbox_unreachable", reason=str(error))
    else:
        if report.new_count:
            _log.info("mailbox_read", new=report.new_count)
    return desk.clock() + EVERY
