"""Two rows of one person become one: her subscriptions, evidence and choices go on under the address that is kept."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.consent.models import Consent
from newsletter.audience.errors import NotTheSameMailbox
from newsletter.audience.models import EndReason, LanguageOrigin, Subscriber, Subscription, SubscriptionState
from newsletter.audience.preferences.models import PreferencesLink
from newsletter.audience.queries import subscriber_by_address
from newsletter.audience.shell import empty_row
from newsletter.audience.sign_up.models import SignUp
from newsletter.foundation.addresses import canonical_address
from newsletter.foundation.database import ReadSession, WriteSession

# What tells how a subscription stands and how it came to that; taken over as a whole from the one that holds.
_STANDING = ("state", "end_reason", "consent_basis", "since", "ended_at", "leave_way", "leave_reason")


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a merge: the lists, by short name, on which the kept person is now through the other row.

    `decided` are those that both were on, with the state that holds.
    """

    moved: tuple[str, ...]
    decided: dict[str, SubscriptionState]


def duplicates(session: ReadSession, *, limit: int = 100, after: str = "") -> list[tuple[str, ...]]:
    """Groups of addresses that reach one mailbox (capitals, `+tag`, dots at Gmail), each in order; at most `limit`.

    Groups come in the order of their first address; `after` is the first address of the last group seen.
    """
    several = (
        sa.select(sa.func.min(Subscriber.address_lower).label("first"), Subscriber.address_key)
        .where(Subscriber.erased_at.is_(None))
        .group_by(Subscriber.address_key)
        .having(sa.func.count() > 1, sa.func.min(Subscriber.address_lower) > after)
        .order_by("first")
        .limit(limit)
        .subquery()
    )
    rows = session.execute(
        sa.select(several.c.first, Subscriber.address)
        .join(several, several.c.address_key == Subscriber.address_key)
        .where(Subscriber.erased_at.is_(None))
        .order_by(several.c.first, Subscriber.address_lower)
    )
    groups: dict[str, list[str]] = {}
    for first, address in rows:
        groups.setdefault(first, []).append(address)
    return [tuple(group) for group in groups.values()]


def merge_subscribers(session: WriteSession, keep: str, other: str, now: datetime) -> Merged:
    """Makes one person of the two addresses; of the row of `other` an empty shell is left, as after an erasure.

    Where both were on a list, the later word of the two holds: who left with one address after she came with the
    other has left. Raises SubscriberNotFound, AddressRefused, NotTheSameMailbox.
    """
    kept, gone = subscriber_by_address(session, keep), subscriber_by_address(session, other)
    if kept.id == gone.id or canonical_address(kept.address) != canonical_address(gone.address):
        raise NotTheSameMailbox(keep, other)
    session.scalars(
        sa.select(Subscriber.id).where(Subscriber.id.in_([kept.id, gone.id])).with_for_update()
    ).all()
    merged = _merge_subscriptions(session, kept, gone, now)
    _merge_person(kept, gone, now)
    session.flush()
    for table in (Consent, SignUp):
        session.execute(sa.update(table).where(table.subscriber_id == gone.id).values(subscriber_id=kept.id))
    session.execute(sa.delete(PreferencesLink).where(PreferencesLink.subscriber_id == gone.id))
    empty_row(gone, now)
    session.flush()
    return merged


def _merge_subscriptions(session: WriteSession, kept: Subscriber, gone: Subscriber, now: datetime) -> Merged:
    of_kept = {item.list_id: item for item in kept.subscriptions}
    moved, decided = [], {}
    for item in list(gone.subscriptions):
        slug = item.mailing_list.slug
        there = of_kept.get(item.list_id)
        if there is None:
            item.subscriber_id = kept.id
            moved.append(slug)
            continue
        _take_over(there, _holding(there, item))
        decided[slug] = there.state
        # Links to what went into this one before lead straight to the one that is kept.
        earlier = sa.update(Subscription).where(Subscription.merged_into_id == item.id)
        session.execute(earlier.values(merged_into_id=there.id))
        item.merged_into_id = there.id
        item.state, item.end_reason, item.ended_at = SubscriptionState.ENDED, EndReason.MERGED, now
    session.flush()
    return Merged(tuple(moved), decided)


def _holding(one: Subscription, other: Subscription) -> Subscription:
    """Of two subscriptions of one person to one list the one that holds: what happened last; leaving, at one moment."""
    if {one.state, other.state} == {SubscriptionState.ACTIVE, SubscriptionState.PENDING}:
        return one if one.state is SubscriptionState.ACTIVE else other
    return max(one, other, key=_last_word)


def _last_word(item: Subscription) -> tuple[datetime, bool]:
    is_ended = item.state is SubscriptionState.ENDED
    return (item.ended_at or item.since) if is_ended else item.since, is_ended


def _take_over(kept: Subscription, holding: Subscription) -> None:
    for name in _STANDING:
        setattr(kept, name, getattr(holding, name))


def _merge_person(kept: Subscriber, gone: Subscriber, now: datetime) -> None:
    kept.name = kept.name or gone.name
    kept.first_name = kept.first_name or gone.first_name
    kept.attributes = {**gone.attributes, **kept.attributes}
    if _languages_count(gone) > _languages_count(kept):
        kept.languages, kept.reads_both = gone.languages, gone.reads_both
        kept.language_origin = gone.language_origin
    pauses = [item.paused_until for item in (kept, gone) if item.paused_until is not None]
    kept.paused_until = max(pauses, default=None)
    kept.created_at = min(kept.created_at, gone.created_at)
    kept.updated_at = now


def _languages_count(subscriber: Subscriber) -> tuple[bool, bool]:
    """How much the languages of a row count: those that she chose herself most, then any that are known."""
    return subscriber.language_origin is LanguageOrigin.EXPLICIT, bool(subscriber.languages)
