"""Portions: slices of a mailing that one job hands over, on PostgreSQL, where several workers share them.

The ledger is the truth, and jobs follow from it: every open slice that no job stands for gets one. So a job that is lost
costs a few seconds, and one too many finds nothing to do.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from newsletter.foundation.database import WriteSession
from newsletter.jobs.actions import enqueue_all
from newsletter.jobs.on_procrastinate import NewJob, live_payloads
from newsletter.jobs.queues import Queue
from newsletter.mailing.slices import open_slices

DELIVER = "deliver"
"""The kind of a job that hands over a portion."""
_SLICES_MAX = 10_000
_PORTION_MAX = 16
# So many portions for each worker, so that none stands idle long while another has much left.
_PORTIONS_A_WORKER = 4


def enqueue_portions(session: WriteSession, now: datetime, workers: int = 1) -> int:
    """Writes down jobs for the open slices that no job stands for; how many slices these are."""
    standing_for = {
        (payload["mailing_id"], slice_no)
        for payload in live_payloads(session, DELIVER)
        for slice_no in payload["slice_nos"]
    }
    waiting: dict[int, list[int]] = {}
    for key in open_slices(session, now, limit=_SLICES_MAX):
        if (key.mailing_id, key.slice_no) not in standing_for:
            waiting.setdefault(key.mailing_id, []).append(key.slice_no)
    jobs = [
        NewJob(
            DELIVER,
            {"mailing_id": mailing_id, "slice_nos": portion},
            key=f"{DELIVER}:{mailing_id}:{portion[0]}",
            queue=Queue.MAIL,
        )
        for mailing_id, slice_nos in waiting.items()
        for portion in portions(slice_nos, workers)
    ]
    enqueue_all(session, jobs, now)
    return sum(map(len, waiting.values()))


def portions(slice_nos: Sequence[int], workers: int) -> Iterator[list[int]]:
    """The slices in portions: large ones where there is much to do, and small enough that every worker gets some."""
    size = max(1, min(_PORTION_MAX, len(slice_nos) // (_PORTIONS_A_WORKER * max(1, workers))))
    for start in range(0, len(slice_nos), size):
        yield list(slice_nos[start : start + size])
