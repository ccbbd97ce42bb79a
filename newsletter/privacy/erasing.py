"""Erases a person from every room, in one transaction (docs/decisions/0016)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.audience.erasing import erase_from_audience
from newsletter.audience.models import Subscriber
from newsletter.audience.rules import address_key
from newsletter.foundation.addresses import parse_address
from newsletter.foundation.database import Database, WriteSession
from newsletter.foundation.signing import Keyring
from newsletter.inbound.forgetting import forget_messages_of
from newsletter.jobs.actions import ClaimedJob, enqueue
from newsletter.mailing.of_person import forget_in_texts, forget_words_about, is_any_on_its_way

AFTER_ERASING = "after_erasing"
"""The kind of job that looks once more: a message was on the wire, and a server may yet say something about her."""

_LOOK_AGAIN_AFTER = timedelta(minutes=1)
_LOOKS_FOR = timedelta(days=7)  # a doubt is seldom resolved, and never by itself after so long


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: how many rows of the person, which lists she still was on, how many sign-ups and mails."""

    person_count: int
    left_lists: tuple[str, ...]
    sign_up_count: int
    inbound_count: int


def erase_address(session: WriteSession, keyring: Keyring, address: str, now: datetime) -> Erased:
    """Leaves of whoever has this address, in any spelling, a keyed hash and empty rows. Raises AddressRefused.

    The same again changes nothing. Nobody is told by mail: the address is gone.
    """
    spelled = parse_address(address)
    rows = erase_from_audience(session, keyring, spelled, now)
    forget_words_about(session, rows.subscriber_ids)
    forget_in_texts(session, rows.addresses)
    inbound_count = forget_messages_of(session, address_key(keyring, spelled), rows.subscriber_ids, now)
    payload = {"subscriber_ids": list(rows.subscriber_ids), "until": (now + _LOOKS_FOR).isoformat()}
    enqueue(session, AFTER_ERASING, payload, now)
    return Erased(len(rows.subscriber_ids), rows.left_lists, rows.sign_up_count, inbound_count)


def erase_subscriber(
    session: WriteSession, keyring: Keyring, subscriber_id: int, now: datetime
) -> Erased | None:
    """Erases the person who has this row; None where she was erased already."""
    address = session.scalar(
        sa.select(Subscriber.address).where(Subscriber.id == subscriber_id, Subscriber.erased_at.is_(None))
    )
    return None if address is None else erase_address(session, keyring, address, now)


def look_after_erasing(database: Database, job: ClaimedJob, now: datetime) -> datetime | None:
    """Takes out what servers said of an erased person meanwhile, and empties SQLite's log of what stood in it.

    Comes back while a message to her is on the wire.
    """
    ids = [int(number) for number in job.payload["subscriber_ids"]]
    with database.transaction() as session:
        forget_words_about(session, ids)
        is_open = is_any_on_its_way(session, ids)
    database.empty_log()
    may_look_again = now < datetime.fromisoformat(job.payload["until"])
    return now + _LOOK_AGAIN_AFTER if is_open and may_look_again else None
