"""The whole story of a person: everything that is kept of her, from every room (GDPR articles 15 and 20).

Its shape is what `subscribers show --json` and the data.json of an export have: names of fields stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from newsletter.audience.consent.models import Consent, ConsentEvent
from newsletter.audience.models import (
    EndReason,
    LeaveReason,
    LeaveWay,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.audience.preferences.models import PreferencesLink
from newsletter.audience.rules import address_key
from newsletter.audience.sign_up.models import SignUp, SignUpList
from newsletter.foundation.addresses import parse_address
from newsletter.foundation.database import ReadSession
from newsletter.foundation.signing import Keyring
from newsletter.inbound.queries import InboundSeen, inbound_of
from newsletter.mailing.of_person import MailDelivered, mails_of
from newsletter.privacy.errors import NobodyKnown


@dataclass(frozen=True, slots=True)
class ConsentTold:
    """One event of evidence, with the words that were shown; `list` is None where it is about every list."""

    list: str | None
    event: ConsentEvent
    at: datetime
    basis: str
    way: str
    form_url: str
    shown_language: str
    shown_text: str
    ip: str
    user_agent: str
    message_id: str


@dataclass(frozen=True, slots=True)
class SubscriptionTold:
    """How she stands to one list."""

    list: str
    state: SubscriptionState
    end_reason: EndReason | None
    since: datetime
    ended_at: datetime | None
    leave_way: LeaveWay | None
    leave_reason: LeaveReason | None
    consent_basis: str
    names: dict[str, str]
    consents: tuple[ConsentTold, ...]


@dataclass(frozen=True, slots=True)
class SignUpTold:
    """A form that was sent with her address."""

    address: str
    name: str
    languages: tuple[str, ...]
    reads_both: bool
    lists: tuple[str, ...]
    form_url: str
    ip: str
    user_agent: str
    requested_at: datetime
    mailed_at: datetime | None
    confirmed_at: datetime | None
    declined_at: datetime | None
    expires_at: datetime
    message_id: str


@dataclass(frozen=True, slots=True)
class SuppressionTold:
    """That the address is never mailed, why, and since when."""

    reason: SuppressionReason
    since: datetime


@dataclass(frozen=True, slots=True)
class LinkTold:
    """A link to her preferences that was mailed to her."""

    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is kept of a person. `id` is None of somebody who has no row: a sign-up waits, or a mail came in.

    `other_addresses` are further rows of the same mailbox in another spelling; each has a story of its own.
    """

    id: int | None
    address: str
    name: str
    first_name: str
    languages: tuple[str, ...]
    language_origin: str
    reads_both: bool
    attributes: dict[str, Any]
    paused_until: datetime | None
    known_since: datetime | None
    changed_at: datetime | None
    suppressed: bool
    suppression: SuppressionTold | None
    other_addresses: tuple[str, ...]
    subscriptions: tuple[SubscriptionTold, ...]
    other_consents: tuple[ConsentTold, ...]
    sign_ups: tuple[SignUpTold, ...]
    preferences_links: tuple[LinkTold, ...]
    mails: tuple[MailDelivered, ...]
    inbound: tuple[InboundSeen, ...]


def story_of_address(session: ReadSession, keyring: Keyring, address: str) -> Story:
    """The story of whoever has this address. Raises NobodyKnown where nothing is kept of it, AddressRefused."""
    spelled = parse_address(address)
    key = address_key(keyring, spelled)
    subscriber = session.scalars(
        _with_subscriptions().where(Subscriber.address_lower == spelled.lower())
    ).one_or_none()
    told = _story(session, spelled, key, subscriber)
    is_known = subscriber or told.suppression or told.sign_ups or told.inbound or told.other_addresses
    if not is_known:
        raise NobodyKnown(address)
    return told


def story_of_subscriber(session: ReadSession, subscriber_id: int) -> Story:
    """The story of the person who has this row."""
    found = session.scalars(_with_subscriptions().where(Subscriber.id == subscriber_id)).one()
    return _story(session, found.address, found.address_key, found)


def _with_subscriptions() -> sa.Select[Subscriber]:
    lists = selectinload(Subscriber.subscriptions).selectinload(Subscription.mailing_list)
    return sa.select(Subscriber).options(lists)


def _story(session: ReadSession, address: str, key: bytes, subscriber: Subscriber | None) -> Story:
    ids = [] if subscriber is None else [subscriber.id]
    consents = _consents(session, ids)
    suppression = session.get(Suppression, key)
    return Story(
        id=subscriber.id if subscriber else None,
        address=subscriber.address if subscriber else address,
        name=subscriber.name if subscriber else "",
        first_name=subscriber.first_name if subscriber else "",
        languages=subscriber.languages if subscriber else (),
        language_origin=subscriber.language_origin.value if subscriber else "",
        reads_both=subscriber.reads_both if subscriber else False,
        attributes=dict(subscriber.attributes) if subscriber else {},
        paused_until=subscriber.paused_until if subscriber else None,
        known_since=subscriber.created_at if subscriber else None,
        changed_at=subscriber.updated_at if subscriber else None,
        suppressed=suppression is not None,
        suppression=SuppressionTold(suppression.reason, suppression.since) if suppression else None,
        other_addresses=_other_addresses(session, key, ids),
        subscriptions=tuple(_subscription(item, consents) for item in _real(subscriber)),
        other_consents=tuple(consents.get(None, ())),
        sign_ups=_sign_ups(session, key, ids),
        preferences_links=_links(session, ids),
        mails=mails_of(session, ids),
        inbound=inbound_of(session, key, ids),
    )


def _real(subscriber: Subscriber | None) -> list[Subscription]:
    """Her subscriptions; of one that became one with another the other tells."""
    subscriptions = subscriber.subscriptions if subscriber else []
    return [item for item in subscriptions if item.end_reason is not EndReason.MERGED]


def _subscription(item: Subscription, consents: dict[int | None, list[ConsentTold]]) -> SubscriptionTold:
    return SubscriptionTold(
        list=item.mailing_list.slug,
        state=item.state,
        end_reason=item.end_reason,
        since=item.since,
        ended_at=item.ended_at,
        leave_way=item.leave_way,
        leave_reason=item.leave_reason,
        consent_basis=item.consent_basis,
        names=dict(item.mailing_list.names),
        consents=tuple(consents.get(item.list_id, ())),
    )


def _consents(session: ReadSession, ids: Sequence[int]) -> dict[int | None, list[ConsentTold]]:
    """Her evidence by list, in the order in which it happened."""
    rows = session.scalars(
        sa.select(Consent)
        .options(joinedload(Consent.shown), joinedload(Consent.mailing_list))
        .where(Consent.subscriber_id.in_(ids))
        .order_by(Consent.at, Consent.id)
    )
    found: dict[int | None, list[ConsentTold]] = {}
    for row in rows:
        told = ConsentTold(
            list=row.mailing_list.slug if row.mailing_list else None,
            event=row.event,
            at=row.at,
            basis=row.basis,
            way=row.way,
            form_url=row.form_url,
            shown_language=row.shown.language if row.shown else "",
            shown_text=row.shown.text if row.shown else "",
            ip=row.ip,
            user_agent=row.user_agent,
            message_id=row.message_id,
        )
        found.setdefault(row.list_id, []).append(told)
    return found


def _sign_ups(session: ReadSession, key: bytes, ids: Sequence[int]) -> tuple[SignUpTold, ...]:
    lists = selectinload(SignUp.lists).selectinload(SignUpList.mailing_list)
    rows = session.scalars(
        sa.select(SignUp)
        .options(lists)
        .where(sa.or_(SignUp.address_key == key, SignUp.subscriber_id.in_(ids)))
        .order_by(SignUp.requested_at, SignUp.id)
    )
    return tuple(
        SignUpTold(
            address=row.address,
            name=row.name,
            languages=row.languages,
            reads_both=row.reads_both,
            lists=tuple(item.mailing_list.slug for item in row.lists),
            form_url=row.form_url,
            ip=row.ip,
            user_agent=row.user_agent,
            requested_at=row.requested_at,
            mailed_at=row.mailed_at,
            confirmed_at=row.confirmed_at,
            declined_at=row.declined_at,
            expires_at=row.expires_at,
            message_id=row.message_id,
        )
        for row in rows
    )


def _links(session: ReadSession, ids: Sequence[int]) -> tuple[LinkTold, ...]:
    rows = session.execute(
        sa.select(PreferencesLink.made_at, PreferencesLink.expires_at)
        .where(PreferencesLink.subscriber_id.in_(ids))
        .order_by(PreferencesLink.made_at)
    )
    return tuple(LinkTold(*row) for row in rows)


def _other_addresses(session: ReadSession, key: bytes, ids: Sequence[int]) -> tuple[str, ...]:
    return tuple(
        session.scalars(
            sa.select(Subscriber.address)
            .where(Subscriber.address_key == key, Subscriber.id.not_in(ids))
            .order_by(Subscriber.address_lower)
        )
    )
