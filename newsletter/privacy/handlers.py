"""The jobs of this room, by kind."""

from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from newsletter.foundation.database import Database
from newsletter.jobs.actions import ClaimedJob
from newsletter.jobs.run import Handler
from newsletter.privacy.erasing import AFTER_ERASING, look_after_erasing
from newsletter.privacy.retention import EVERY, RETENTION, Spans, forget_what_is_old

_log = structlog.get_logger()


def privacy_handlers(
    database: Database, spans: Spans, clock: Callable[[], datetime]
) -> Mapping[str, Handler]:
    """Who forgets what is old, and who looks once more after somebody was erased."""

    def retain(_job: ClaimedJob) -> datetime:
        now = clock()
        forgotten = forget_what_is_old(database, spans, now)
        _log.info("old_data_forgotten", sign_ups=forgotten.sign_ups, inbound=forgotten.inbound)
        return now + EVERY

    def after_erasing(job: ClaimedJob) -> datetime | None:
        return look_after_erasing(database, job, clock())

    return {RETENTION: retain, AFTER_ERASING: after_erasing}
