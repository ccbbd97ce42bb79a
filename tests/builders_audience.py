"""Mailing lists and subscribers for tests, with every value that a test does not care about filled in."""

from collections.abc import Sequence
from datetime import UTC, datetime

from newsletter.audience.actions import create_list
from newsletter.audience.models import (
    EndReason,
    LanguageOrigin,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from newsletter.audience.rules import address_key
from newsletter.foundation.addresses import parse_address
from newsletter.foundation.database import WriteSession
from newsletter.foundation.signing import Keyring

SINCE = datetime(2026, 1, 2, 8, 0, tzinfo=UTC)


def a_list(
    session: WriteSession,
    slug: str = "letter",
    *,
    names: dict[str, str] | None = None,
    sender_address: str = "letter@example.org",
    now: datetime = SINCE,
    **more: str,
) -> MailingList:
    """A mailing list that is there, by default called “La lettre” and “The Letter”."""
    names = names or {"fr": "La lettre", "en": "The Letter"}
    return create_list(session, slug=slug, names=names, sender_address=sender_address, now=now, **more)


def a_subscriber(
    session: WriteSession,
    keyring: Keyring,
    address: str = "anna@example.org",
    *,
    lists: Sequence[MailingList] = (),
    languages: Sequence[str] = ("fr",),
    language_origin: LanguageOrigin = LanguageOrigin.IMPORT,
    reads_both: bool = False,
    state: SubscriptionState = SubscriptionState.ACTIVE,
    end_reason: EndReason | None = None,
    name: str = "",
    first_name: str = "",
    attributes: dict[str, str] | None = None,
    consent_basis: str = "",
    now: datetime = SINCE,
) -> Subscriber:
    """A subscriber who has a subscription, in the state given, on each of the lists."""
    address = parse_address(address)
    ended_at = now if state is SubscriptionState.ENDED else None
    subscriber = Subscriber(
        address=address,
        address_lower=address.lower(),
        address_key=address_key(keyring, address),
        name=name,
        first_name=first_name,
        languages=tuple(languages),
        language_origin=language_origin,
        reads_both=reads_both,
        attributes=attributes or {},
        created_at=now,
        updated_at=now,
    )
    subscriber.subscriptions = [
        Subscription(
            mailing_list=item,
            state=state,
            end_reason=end_reason if ended_at is None else end_reason or EndReason.UNSUBSCRIBED,
            consent_basis=consent_basis,
            since=now,
            ended_at=ended_at,
        )
        for item in lists
    ]
    session.add(subscriber)
    session.flush()
    return subscriber
