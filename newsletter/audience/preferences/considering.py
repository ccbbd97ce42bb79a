"""Decides whether a link to her preferences is mailed to an address that somebody typed.

The page that takes the address decides nothing: it writes the same rows for everybody (threat T19).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.audience.abuse.allowance import take_allowance
from newsletter.audience.abuse.budgets import Budgets, count_one, counted, next_hour
from newsletter.audience.abuse.form_tokens import spend_once
from newsletter.audience.consent.models import Consent, ConsentEvent
from newsletter.audience.models import (
    EndReason,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.audience.preferences.models import PreferencesLink, PreferencesRequest
from newsletter.audience.rules import address_key
from newsletter.foundation.addresses import canonical_address
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.foundation.signing import Keyring, hash_of_token, random_name
from newsletter.jobs.actions import enqueue

PURPOSE = "preferences"
"""What the link is signed for."""
CONSIDER = "consider_preferences_request"
"""The kind of job that decides."""
VALID_FOR = timedelta(hours=1)

_AGAIN_AFTER = timedelta(minutes=15)
_A_DAY_MAX = 3
_DAY = timedelta(hours=24)
_WAITS_AT_MOST = timedelta(hours=24)
# The owner of the address said so: no form of anybody can bring it about that she is mailed.
_NEVER = (SuppressionReason.REQUESTED, SuppressionReason.COMPLAINED)
# A subscription that ended so was never hers.
_NEVER_CONFIRMED = (EndReason.EXPIRED, EndReason.DECLINED)


@dataclass(frozen=True, slots=True)
class LinkToMail:
    """The link that goes to its reader. Nothing in the mail was typed into a form but the address it answers."""

    link_id: int
    public_name: bytes
    recipient: str
    languages: tuple[str, ...]
    requested_at: datetime


def keep_request(session: WriteSession, keyring: Keyring, address: str, now: datetime) -> None:
    """Writes down that somebody wants the link for this address, and the job that considers it."""
    kept = PreferencesRequest(address=address, address_key=address_key(keyring, address), requested_at=now)
    session.add(kept)
    session.flush()
    enqueue(session, CONSIDER, {"request_id": kept.id}, now)


def consider_request(
    session: WriteSession, keyring: Keyring, budgets: Budgets, request_id: int, now: datetime
) -> LinkToMail | datetime | None:
    """The link to mail; a moment at which to consider it again; None where none is mailed, and the request is gone.

    Considered again after a mail was decided on and not known to be sent, it is the same link, which lives anew.
    """
    request = session.get(PreferencesRequest, request_id)
    if request is None:
        return None
    reader = _reader(session, request)
    if reader is None:
        _forget(session, request)
        return None
    if request.link_id is None:
        if _is_over_budget(session, keyring, budgets, reader.address, now):
            later = next_hour(now)
            if later <= request.requested_at + _WAITS_AT_MOST:
                return later
            _forget(session, request)
            return None
        if not _take_place(session, keyring, reader, now):
            _forget(session, request)
            return None
        for place in _budget_places(reader.address):
            count_one(session, keyring, place, now)
        request.link_id = _new_link(session, keyring, reader.id, now)
    link = session.get_one(PreferencesLink, request.link_id)
    # A secret that was added meanwhile makes another token.
    link.token_hash = hash_of_token(keyring.one_time_token(PURPOSE, link.public_name))
    link.expires_at = now + VALID_FOR
    session.flush()
    return LinkToMail(link.id, link.public_name, reader.address, reader.languages, request.requested_at)


def record_mailed(session: WriteSession, request_id: int, link_id: int, message_id: str) -> None:
    """Takes note that the mail went out, and forgets what was typed."""
    session.execute(
        sa.update(PreferencesLink).where(PreferencesLink.id == link_id).values(message_id=message_id)
    )
    session.execute(sa.delete(PreferencesRequest).where(PreferencesRequest.id == request_id))


def mailbox_places(address: str) -> tuple[str, ...]:
    """What is remembered, as keyed hashes, of mails that went to this mailbox."""
    mailbox = canonical_address(address)
    numbered = (f"preferences mail {number} of the day {mailbox}" for number in range(1, _A_DAY_MAX + 1))
    return (f"preferences mail {mailbox}", *numbered)


def _forget(session: WriteSession, request: PreferencesRequest) -> None:
    session.delete(request)
    session.flush()


def _reader(session: ReadSession, request: PreferencesRequest) -> Subscriber | None:
    """Whose preferences these are: the row of that address, else the first of the same mailbox; None for nobody to mail."""
    found = session.scalars(
        sa.select(Subscriber)
        .where(Subscriber.address_key == request.address_key, Subscriber.erased_at.is_(None))
        .order_by(Subscriber.address_lower != request.address.lower(), Subscriber.id)
        .limit(1)
    ).one_or_none()
    suppression = session.get(Suppression, request.address_key)
    if suppression is not None and suppression.reason in _NEVER:
        return None
    return found


def _take_place(session: WriteSession, keyring: Keyring, reader: Subscriber, now: datetime) -> bool:
    """Whether one more such mail may go to the mailbox now; if so, it counts as sent.

    Who never confirmed anything shares the one mail a day of the sign-up form (threat T16).
    """
    if not _was_ever_a_reader(session, reader.id):
        return take_allowance(session, keyring, reader.address, now)
    lately, *of_the_day = mailbox_places(reader.address)
    if not spend_once(session, keyring, lately, now, _AGAIN_AFTER):
        return False
    return any(spend_once(session, keyring, place, now, _DAY) for place in of_the_day)


def _was_ever_a_reader(session: ReadSession, subscriber_id: int) -> bool:
    subscribed = sa.exists().where(
        Subscription.subscriber_id == subscriber_id,
        Subscription.state != SubscriptionState.PENDING,
        sa.or_(Subscription.end_reason.is_(None), Subscription.end_reason.not_in(_NEVER_CONFIRMED)),
    )
    confirmed = sa.exists().where(
        Consent.subscriber_id == subscriber_id, Consent.event == ConsentEvent.CONFIRMED
    )
    return bool(session.scalar(sa.select(sa.or_(subscribed, confirmed))))


def _new_link(session: WriteSession, keyring: Keyring, subscriber_id: int, now: datetime) -> int:
    name = random_name()
    link = PreferencesLink(
        public_name=name,
        token_hash=hash_of_token(keyring.one_time_token(PURPOSE, name)),
        subscriber_id=subscriber_id,
        made_at=now,
        expires_at=now + VALID_FOR,
    )
    session.add(link)
    session.flush()
    return link.id


def _is_over_budget(
    session: ReadSession, keyring: Keyring, budgets: Budgets, address: str, now: datetime
) -> bool:
    of_domain, of_all = (counted(session, keyring, place, now) for place in _budget_places(address))
    return of_domain >= budgets.confirmations_per_domain or of_all >= budgets.confirmations


def _budget_places(address: str) -> tuple[str, str]:
    domain = canonical_address(address).rpartition("@")[2]
    return f"preferences mails to {domain}", "preferences mails"
