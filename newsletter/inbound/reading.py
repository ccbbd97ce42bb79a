"""Reads a mailbox, one mail after the other, each in a transaction of its own: what is read is kept, whatever comes behind it."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog

from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.inbound.models import InboundKind, InboundMessage
from newsletter.inbound.parsing import SIZE_MAX, digest_of, see_mail
from newsletter.inbound.sources import Unread
from newsletter.inbound.taking_in import Office, quarantine, take_in

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What was read: how many mails of each kind were new, and how many were known already."""

    new: dict[InboundKind, int]
    known: int

    @property
    def new_count(self) -> int:
        """How many were new in all."""
        return sum(self.new.values())


def read_mails(
    database: Database, office: Office, mails: Iterable[bytes | Unread], now: datetime
) -> ReadReport:
    """Takes in every mail. The same mailbox again changes nothing. Raises DatabaseNotReady, and what `mails` raises."""
    counts: Counter[InboundKind] = Counter()
    known = 0
    for mail in mails:
        kind = _take_in(database, office, mail, now)
        if kind is None:
            known += 1
        else:
            counts[kind] += 1
    return ReadReport(dict(counts), known)


def _take_in(database: Database, office: Office, mail: bytes | Unread, now: datetime) -> InboundKind | None:
    if isinstance(mail, Unread):
        digest = hashlib.sha256(f"unread {mail.place}".encode("utf-8", "replace")).digest()
        return _quarantine(database, digest, 0, b"", mail.why, now)
    if _is_known(database, digest_of(mail[:SIZE_MAX])):
        return None
    try:
        seen = see_mail(mail)
        with database.transaction() as session:
            return take_in(session, office, seen, now)
    except DatabaseNotReady:
        raise
    except Exception as error:  # whatever it is, the mails behind it must be read (threat T24)
        _log.error("inbound_mail_unreadable", error=type(error).__name__)
        why = f"{type(error).__name__}"
        return _quarantine(database, digest_of(mail[:SIZE_MAX]), len(mail), mail[:SIZE_MAX], why, now)


def _is_known(database: Database, digest: bytes) -> bool:
    with database.read() as session:
        return session.scalar(sa.select(InboundMessage.id).where(InboundMessage.digest == digest)) is not None


def _quarantine(
    database: Database, digest: bytes, size_bytes: int, raw: bytes, why: str, now: datetime
) -> InboundKind | None:
    with database.transaction() as session:
        is_new = quarantine(session, digest, size_bytes, raw, why, now)
    return InboundKind.UNREADABLE if is_new else None
