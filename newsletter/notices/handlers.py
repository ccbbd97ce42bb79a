"""Which notice is written by whom: the kinds of jobs that end in a mail to one person."""

from collections.abc import Mapping

from newsletter.jobs.run import Handler
from newsletter.notices.desk import NoticeDesk


def notice_handlers(desk: NoticeDesk) -> Mapping[str, Handler]:  # noqa: ARG001 - the first notice is still to come
    """The handlers of every kind of notice, by the name of the kind."""
    return {}
