"""Forgets what is older than it may be: a job that comes back every night (docs/operating.md says what and when)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.audience.abuse.sweeping import sweep_abuse
from newsletter.audience.forgetting import (
    forget_preferences_links,
    forget_sign_ups,
    forget_unconfirmed_people,
    forget_visits,
)
from newsletter.foundation.database import Database, WriteSession
from newsletter.inbound.forgetting import forget_old_messages
from newsletter.jobs.actions import enqueue
from newsletter.mailing.folding import fold_old_mailings
from newsletter.mailing.own_tables import give_up_own_tables

RETENTION = "retention"
"""The kind of job."""
EVERY = timedelta(days=1)
# So many rows in one transaction: nobody waits long for the database meanwhile.
_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Spans:
    """How long things are kept; see the settings of the same names."""

    sign_ups: timedelta
    visits: timedelta
    inbound: timedelta
    deliveries: timedelta


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was forgotten of each kind."""

    sign_ups: int
    people: int
    links: int
    visits: int
    inbound: int
    abuse: int
    deliveries: int


def plan_retention(session: WriteSession, now: datetime) -> None:
    """Sees to it that the job is there; it comes back by itself from then on."""
    enqueue(session, RETENTION, {}, now, key=RETENTION)


def forget_what_is_old(database: Database, spans: Spans, now: datetime) -> Forgotten:
    """Forgets everything that is due, in small transactions; again, it finds nothing."""
    counts = {
        "sign_ups": _until_none(database, forget_sign_ups, now - spans.sign_ups),
        "visits": _until_none(database, forget_visits, now - spans.visits),
        "inbound": _until_none(database, forget_old_messages, now - spans.inbound, now),
    }
    people = _until_none(database, forget_unconfirmed_people, now - spans.sign_ups, now)
    with database.transaction() as session:
        links = forget_preferences_links(session, now)
        abuse = sweep_abuse(session, now)
    deliveries = fold_old_mailings(database, now - spans.deliveries)
    give_up_own_tables(database, now - spans.deliveries)
    database.empty_log()
    return Forgotten(people=people, links=links, abuse=abuse, deliveries=deliveries, **counts)


def _until_none(database: Database, forget: Callable[..., int], *moments: datetime) -> int:
    total = 0
    while True:
        with database.transaction() as session:
            count = forget(session, *moments, limit=_BATCH)
        total += count
        if count < _BATCH:
            return total
