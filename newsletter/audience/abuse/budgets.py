"""Budgets: how many forms one network may send in an hour, and how many confirmations may go to one domain, and in all."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.audience.abuse.models import FormCount
from newsletter.foundation.database import ReadSession, WriteSession, insert_into
from newsletter.foundation.signing import Keyring

SPAN = timedelta(hours=1)
_PREFIXES = {4: 24, 6: 64}  # what one customer of a provider usually has


@dataclass(frozen=True, slots=True)
class Budgets:
    """What public forms may cause in an hour."""

    forms_per_network: int = 20
    confirmations_per_domain: int = 200
    confirmations: int = 1000


def network_of(ip: str) -> str | None:
    """The network that an address belongs to (/24, or /64 of IPv6).

    None for what is no public address: behind a web server that is not trusted to name its visitors
    (`NEWSLETTER_TRUSTED_PROXIES`) all of them seem to come from one, and must not use up one budget together.
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not address.is_global:
        return None
    return str(ipaddress.ip_network((address, _PREFIXES[address.version]), strict=False))


def count_one(session: WriteSession, keyring: Keyring, place: str, now: datetime) -> int:
    """Counts one more for `place` in the current hour; how many there are with it."""
    row = {"key": _key(keyring, place), "begins_at": _begin(now), "count": 1}
    statement = (
        insert_into(session, FormCount)
        .values(row)
        .on_conflict_do_update(index_elements=["key", "begins_at"], set_={"count": FormCount.count + 1})
        .returning(FormCount.count)
    )
    return int(session.execute(statement).scalar_one())


def counted(session: ReadSession, keyring: Keyring, place: str, now: datetime) -> int:
    """How many were counted for `place` in the current hour."""
    statement = sa.select(FormCount.count).where(
        FormCount.key == _key(keyring, place), FormCount.begins_at == _begin(now)
    )
    return session.scalar(statement) or 0


def next_hour(now: datetime) -> datetime:
    """When the next budget begins."""
    return _begin(now) + SPAN


def _begin(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _key(keyring: Keyring, place: str) -> bytes:
    return keyring.fingerprint("budget", place)
