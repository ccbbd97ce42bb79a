"""How things stand, for the live view, for /health and for /metrics: mailings under way, jobs, workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.foundation.database import ReadSession
from newsletter.jobs.beats import WorkerSeen, workers_seen
from newsletter.jobs.queries import JobCounts, job_counts
from newsletter.mailing.models import Delivery, DeliverySlice, DeliveryState, Mailing, MailingState

_UNDER_WAY = (MailingState.RUNNING, MailingState.PAUSED)
_BACKLOG = (DeliveryState.PENDING, DeliveryState.DEFERRED, DeliveryState.ATTEMPTING)


@dataclass(frozen=True, slots=True)
class MailingUnderWay:
    """A mailing that runs or is paused: provider -> state -> deliveries."""

    state: str
    by_group: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """One look at everything."""

    mailings: Mapping[int, MailingUnderWay]
    jobs: Sequence[JobCounts]
    workers: Sequence[WorkerSeen]

    def waiting(self) -> int:
        """How many deliveries are still to be handed over."""
        return sum(
            states.get(state.value, 0)
            for mailing in self.mailings.values()
            for states in mailing.by_group.values()
            for state in _BACKLOG
        )

    def per_second(self) -> float:
        """Messages a second, over all living workers."""
        return sum(float(worker.figures.get("per_second", 0.0)) for worker in self.workers if worker.is_alive)


def standing(session: ReadSession, now: datetime, silence: timedelta) -> Standing:
    """How things stand now."""
    group = sa.func.coalesce(DeliverySlice.domain_group, "")
    rows = session.execute(
        sa.select(Mailing.id, Mailing.state, group, Delivery.state, sa.func.count())
        .join(Delivery, Delivery.mailing_id == Mailing.id)
        .outerjoin(
            DeliverySlice,
            sa.and_(
                DeliverySlice.mailing_id == Delivery.mailing_id, DeliverySlice.slice_no == Delivery.slice_no
            ),
        )
        .where(Mailing.state.in_(_UNDER_WAY))
        .group_by(Mailing.id, Mailing.state, group, Delivery.state)
        .order_by(Mailing.id, group)
    )
    states: dict[int, str] = {}
    counts: dict[int, dict[str, dict[str, int]]] = {}
    for mailing_id, mailing_state, name, state, count in rows:
        states[mailing_id] = mailing_state.value
        counts.setdefault(mailing_id, {}).setdefault(name, {})[state.value] = count
    mailings = {
        mailing_id: MailingUnderWay(states[mailing_id], groups) for mailing_id, groups in counts.items()
    }
    return Standing(mailings, job_counts(session), workers_seen(session, now, silence))
