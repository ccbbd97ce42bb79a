"""What the bearer of a preferences link may see: the person it was mailed to, and what she can choose."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from newsletter.audience.models import MailingList, Subscriber, Subscription, SubscriptionState
from newsletter.audience.preferences.models import PreferencesLink
from newsletter.audience.sign_up.words import ListOffer, offer_of
from newsletter.foundation.database import ReadSession
from newsletter.foundation.signing import hash_of_token


class LinkStanding(StrEnum):
    """What a preferences link is worth."""

    OPEN = "open"  # it opens the page
    EXPIRED = "expired"  # it did, until a while ago
    UNKNOWN = "unknown"  # never ours, used up, or forgotten meanwhile


@dataclass(frozen=True, slots=True)
class ListChoice:
    """A list that she is on, or may join, in the words in which it is offered."""

    offer: ListOffer
    is_on: bool


@dataclass(frozen=True, slots=True)
class PreferencesSeen:
    """A reader's own page: who she is, and what she can choose."""

    subscriber_id: int
    address: str
    name: str
    first_name: str
    languages: tuple[str, ...]
    reads_both: bool
    paused_until: datetime | None
    lists: tuple[ListChoice, ...]
    message_id: str  # of the mail that brought the link


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What a link leads to: `languages` are hers, to say so in them; `subscriber_id` only while it is open."""

    standing: LinkStanding
    languages: tuple[str, ...] = ()
    subscriber_id: int | None = None
    message_id: str = ""


def open_link(session: ReadSession, token: str, now: datetime) -> OpenedLink:
    """What the token in a preferences link leads to."""
    row = session.execute(
        sa.select(PreferencesLink.expires_at, PreferencesLink.message_id, Subscriber)
        .join(Subscriber, Subscriber.id == PreferencesLink.subscriber_id)
        .where(PreferencesLink.token_hash == hash_of_token(token), Subscriber.erased_at.is_(None))
    ).one_or_none()
    if row is None:
        return OpenedLink(LinkStanding.UNKNOWN)
    expires_at, message_id, subscriber = row
    if expires_at <= now:
        return OpenedLink(LinkStanding.EXPIRED, subscriber.languages)
    return OpenedLink(LinkStanding.OPEN, subscriber.languages, subscriber.id, message_id)


def preferences_of(
    session: ReadSession, opened: OpenedLink, organisation: str, language: str
) -> PreferencesSeen:
    """The page of the reader to whom an open link was mailed, with lists as they are offered in `language`.

    She sees the lists that she is on, and the public ones; no private one that she is not on.
    """
    subscriber = session.scalars(
        sa.select(Subscriber)
        .options(selectinload(Subscriber.subscriptions))
        .where(Subscriber.id == opened.subscriber_id),
        execution_options={"populate_existing": True},
    ).one()
    active = {item.list_id for item in subscriber.subscriptions if item.state is SubscriptionState.ACTIVE}
    wanted = sa.or_(MailingList.is_public, MailingList.id.in_(active))
    lists = session.scalars(sa.select(MailingList).where(wanted).order_by(MailingList.id))
    return PreferencesSeen(
        subscriber_id=subscriber.id,
        address=subscriber.address,
        name=subscriber.name,
        first_name=subscriber.first_name,
        languages=subscriber.languages,
        reads_both=subscriber.reads_both,
        paused_until=subscriber.paused_until,
        lists=tuple(ListChoice(offer_of(item, organisation, language), item.id in active) for item in lists),
        message_id=opened.message_id,
    )


def lists_left_by(session: ReadSession, subscriber_id: int) -> list[int]:
    """The lists that she is on, pending ones included: what "leave all" would end."""
    return list(
        session.scalars(
            sa.select(Subscription.list_id).where(
                Subscription.subscriber_id == subscriber_id, Subscription.state != SubscriptionState.ENDED
            )
        )
    )
