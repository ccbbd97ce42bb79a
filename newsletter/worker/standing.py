"""How things stand, for the live view, for /health and for /metrics: mailings that run, jobs, workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession
from newsletter.jobs.beats import WorkerSeen, workers_seen
from newsletter.jobs.queries import JobCounts, job_counts
from newsletter.mailing.models import Delivery, DeliveryState, Mailing, MailingState

_UNDER_WAY = (MailingState.RUNNING, MailingState.PAUSED)


@dataclass(frozen=True, slots=True)
class Standing:
    """One look at everything: state -> deliveries of each mailing that is under way; jobs by kind; workers."""

    mailings: Mapping[int, Mapping[str, int]]
    jobs: Sequence[JobCounts]
    workers: Sequence[WorkerSeen]

    def waiting(self) -> int:
        """How many deliveries are still to be handed over."""
        backlog = (DeliveryState.PENDING, DeliveryState.DEFERRED, DeliveryState.ATTEMPTING)
        return sum(states.get(state.value, 0) for states in self.mailings.values() for state in backlog)

    def per_second(self) -> float:
        """Messages a second, over all living workers."""
        return sum(float(worker.figures.get("per_second", 0.0)) for worker in self.workers if worker.is_alive)


def standing(session: ReadSession, now: datetime, silence: timedelta) -> Standing:
    """How things stand now."""
    rows = session.execute(
        sa.select(Delivery.mailing_id, Delivery.state, sa.func.count())
        .join(Mailing, Mailing.id == Delivery.mailing_id)
        .where(Mailing.state.in_(_UNDER_WAY))
        .group_by(Delivery.mailing_id, Delivery.state)
    )
    mailings: dict[int, dict[str, int]] = {}
    for mailing_id, state, count in rows:
        mailings.setdefault(mailing_id, {})[state.value] = count
    return Standing(mailings, job_counts(session), workers_seen(session, now, silence))
