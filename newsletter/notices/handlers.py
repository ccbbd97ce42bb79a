"""Which notice is written by whom: the kinds of jobs that end in a mail to one person."""

from collections.abc import Mapping
from functools import partial

from newsletter.jobs.run import Handler
from newsletter.notices import acknowledgement, confirmation, preferences_link, sign_up_alarm, welcome
from newsletter.notices.desk import NoticeDesk


def notice_handlers(desk: NoticeDesk) -> Mapping[str, Handler]:
    """The handlers of every kind of notice, by the name of the kind."""
    return {
        confirmation.KIND: partial(confirmation.handle, desk),
        acknowledgement.KIND: partial(acknowledgement.handle, desk),
        preferences_link.KIND: partial(preferences_link.handle, desk),
        welcome.KIND: partial(welcome.handle, desk),
        sign_up_alarm.WATCH: partial(sign_up_alarm.look, desk),
        sign_up_alarm.ALARM: partial(sign_up_alarm.alarm, desk),
    }
