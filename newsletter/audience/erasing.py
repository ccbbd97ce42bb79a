"""Erases a person from this room: what is left is an empty row and a keyed hash (docs/decisions/0016)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.abuse.allowance import restore_allowance
from newsletter.audience.abuse.form_tokens import forget_once
from newsletter.audience.actions import suppress_instead
from newsletter.audience.consent.models import Consent
from newsletter.audience.models import (
    EndReason,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
    SuppressionReason,
)
from newsletter.audience.preferences.considering import mailbox_places
from newsletter.audience.preferences.models import PreferencesLink, PreferencesRequest
from newsletter.audience.rules import address_key
from newsletter.audience.segments.models import Segment
from newsletter.audience.shell import empty_row
from newsletter.audience.sign_up.models import SignUp
from newsletter.foundation.database import WriteSession
from newsletter.foundation.signing import Keyring

# What a person asked for herself, or what a provider told, stays the reason; the others give way.
_GIVE_WAY = (SuppressionReason.BOUNCED, SuppressionReason.IMPORTED)


@dataclass(frozen=True, slots=True)
class ErasedRows:
    """Whose rows were emptied, which addresses stood in them, and on which lists (short names) she still was."""

    subscriber_ids: tuple[int, ...]
    addresses: tuple[str, ...]
    left_lists: tuple[str, ...]
    sign_up_count: int


def erase_from_audience(session: WriteSession, keyring: Keyring, address: str, now: datetime) -> ErasedRows:
    """Empties every row of this mailbox in whatever spelling, deletes its evidence, sign-ups and links, bars it from imports.

    Of an address that nobody has, the hash is kept all the same: no file may bring it.
    """
    key = address_key(keyring, address)
    rows = session.scalars(
        sa.select(Subscriber).where(Subscriber.address_key == key).order_by(Subscriber.id).with_for_update()
    ).all()
    ids = tuple(row.id for row in rows)
    spellings = {address, *(row.address for row in rows)}
    spellings |= set(session.scalars(sa.select(SignUp.address).where(SignUp.address_key == key)))
    left = _end_subscriptions(session, ids, EndReason.ERASED, now)
    sign_up_count = forget_rows_of(session, ids, sign_ups=SignUp.address_key == key)
    session.execute(sa.delete(PreferencesRequest).where(PreferencesRequest.address_key == key))
    for row in rows:
        empty_row(row, now)
    session.flush()
    suppress_instead(session, key, SuppressionReason.ERASED, _GIVE_WAY, now)
    restore_allowance(session, keyring, address)
    forget_once(session, keyring, mailbox_places(address))
    _forget_in_segments(session, spellings)
    return ErasedRows(ids, tuple(sorted(spellings)), left, sign_up_count)


def forget_rows_of(
    session: WriteSession, subscriber_ids: Sequence[int], *, sign_ups: sa.ColumnElement[bool] | None = None
) -> int:
    """Deletes evidence, sign-ups and links of these people, and the further `sign_ups`; how many sign-ups that were."""
    session.execute(sa.delete(Consent).where(Consent.subscriber_id.in_(subscriber_ids)))
    session.execute(sa.delete(PreferencesLink).where(PreferencesLink.subscriber_id.in_(subscriber_ids)))
    hers = SignUp.subscriber_id.in_(subscriber_ids)
    gone = session.execute(
        sa.delete(SignUp)
        .where(hers if sign_ups is None else sa.or_(hers, sign_ups))
        .returning(SignUp.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def _end_subscriptions(
    session: WriteSession, subscriber_ids: Sequence[int], reason: EndReason, now: datetime
) -> tuple[str, ...]:
    """Ends what had not ended, and takes out of every subscription what was typed about the person."""
    ended = session.scalars(
        sa.update(Subscription)
        .where(Subscription.subscriber_id.in_(subscriber_ids), Subscription.state != SubscriptionState.ENDED)
        .values(state=SubscriptionState.ENDED, end_reason=reason, ended_at=now)
        .returning(Subscription.list_id)
        .execution_options(synchronize_session=False)
    ).all()
    session.execute(
        sa.update(Subscription)
        .where(Subscription.subscriber_id.in_(subscriber_ids))
        .values(consent_basis="")
        .execution_options(synchronize_session=False)
    )
    slugs = sa.select(MailingList.slug).where(MailingList.id.in_(ended)).order_by(MailingList.slug)
    return tuple(session.scalars(slugs))


def _forget_in_segments(session: WriteSession, spellings: set[str]) -> None:
    """A filter may name the person by her address."""
    for spelling in spellings:
        named = sa.func.lower(Segment.filter).contains(spelling.lower(), autoescape=True)
        for segment in session.scalars(sa.select(Segment).where(named)):
            segment.filter = without_address(segment.filter, spelling)
    session.flush()


def without_address(filter_text: str, address: str) -> str:
    """A filter in which a word that nobody's address is stands for this one, so that it means as few people as before."""
    start = filter_text.lower().find(address.lower())
    while start >= 0:
        filter_text = f"{filter_text[:start]}erased{filter_text[start + len(address) :]}"
        start = filter_text.lower().find(address.lower())
    return filter_text
