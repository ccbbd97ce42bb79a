"""What can be asked of the audience."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from newsletter.audience.errors import ListNotFound, SubscriberNotFound
from newsletter.audience.models import (
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
)
from newsletter.foundation.addresses import parse_address
from newsletter.foundation.database import ReadSession
from newsletter.foundation.language import normalise_tag

_SUPPRESSED = sa.exists().where(Suppression.address_key == Subscriber.address_key)


@dataclass(frozen=True, slots=True)
class ListCounts:
    """A mailing list with its readers counted; each subscription counts once, so the four figures add up.

    `suppressed` are those that would be active or pending, were their address not suppressed; `by_language` splits
    the active ones by the first language of each, "" for those of whom none is known, the largest first.
    """

    slug: str
    names: dict[str, str]
    sender_address: str
    list_id: str
    active: int
    pending: int
    ended: int
    suppressed: int
    by_language: dict[str, int]


@dataclass(frozen=True, slots=True)
class SubscriptionSeen:
    """What the bearer of a link may see of a subscription: the list, the language, nothing of the person (threat T21)."""

    list_slug: str
    list_names: dict[str, str]
    languages: tuple[str, ...]
    is_active: bool  # pending or active: leaving would change something


def list_by_slug(session: ReadSession, slug: str) -> MailingList:
    """The mailing list with this short name. Raises ListNotFound."""
    found = session.scalars(sa.select(MailingList).where(MailingList.slug == slug)).one_or_none()
    if found is None:
        raise ListNotFound(slug)
    return found


def list_slugs(session: ReadSession) -> dict[int, str]:
    """The short name of every list, by number."""
    return dict(session.execute(sa.select(MailingList.id, MailingList.slug)).all())


def all_lists(session: ReadSession) -> list[ListCounts]:
    """Every mailing list with its readers counted, in the order of their short names."""
    counted: dict[int, list[tuple[SubscriptionState, bool, tuple[str, ...], int]]] = {}
    statement = (
        sa.select(
            Subscription.list_id,
            Subscription.state,
            _SUPPRESSED.label("is_suppressed"),
            Subscriber.languages,
            sa.func.count(),
        )
        .join(Subscriber, Subscription.subscriber_id == Subscriber.id)
        .group_by(Subscription.list_id, Subscription.state, "is_suppressed", Subscriber.languages)
    )
    for list_id, state, is_suppressed, languages, count in session.execute(statement):
        counted.setdefault(list_id, []).append((state, bool(is_suppressed), languages, count))
    lists = session.scalars(sa.select(MailingList).order_by(MailingList.slug))
    return [_list_counts(item, counted.get(item.id, [])) for item in lists]


def _list_counts(
    item: MailingList, groups: Sequence[tuple[SubscriptionState, bool, tuple[str, ...], int]]
) -> ListCounts:
    figures = {"active": 0, "pending": 0, "ended": 0, "suppressed": 0}
    by_language: dict[str, int] = {}
    for state, is_suppressed, languages, count in groups:
        held_back = is_suppressed and state is not SubscriptionState.ENDED
        kind = "suppressed" if held_back else state.value
        figures[kind] += count
        if kind == "active":
            first = languages[0] if languages else ""
            by_language[first] = by_language.get(first, 0) + count
    return ListCounts(
        slug=item.slug,
        names=item.names,
        sender_address=item.sender_address,
        list_id=item.list_id,
        by_language=dict(sorted(by_language.items(), key=lambda pair: (-pair[1], pair[0]))),
        **figures,
    )


def subscriber_by_address(session: ReadSession, address: str) -> Subscriber:
    """The subscriber with this address in any case, with subscriptions and their lists.

    Raises SubscriberNotFound, AddressRefused.
    """
    lowered = parse_address(address).lower()
    found = session.scalars(_with_lists().where(Subscriber.address_lower == lowered)).one_or_none()
    if found is None:
        raise SubscriberNotFound(address)
    return found


def subscribers_page(
    session: ReadSession,
    *,
    list_slug: str | None = None,
    language: str | None = None,
    state: SubscriptionState | None = None,
    limit: int = 100,
    after_id: int = 0,
) -> Sequence[Subscriber]:
    """At most `limit` subscribers with subscriptions and lists, in order of their ids, which are above `after_id`.

    `list_slug` and `state` keep those who have such a subscription; `language` those among whose languages it is
    ("fr" finds fr-BE, not the reverse), "" those of whom no language is known. Raises ListNotFound, NotALanguage.
    """
    statement = _with_lists().where(Subscriber.id > after_id).order_by(Subscriber.id).limit(limit)
    if language is not None:
        statement = statement.where(_reads(language))
    if list_slug is not None or state is not None:
        having = sa.exists().where(Subscription.subscriber_id == Subscriber.id)
        if list_slug is not None:
            having = having.where(Subscription.list_id == list_by_slug(session, list_slug).id)
        if state is not None:
            having = having.where(Subscription.state == state)
        statement = statement.where(having)
    return session.scalars(statement).all()


def is_suppressed(session: ReadSession, address_key: bytes) -> bool:
    """Whether the address with this key (`rules.address_key`) must never be mailed."""
    return session.get(Suppression, address_key) is not None


def subscription_by_public_name(session: ReadSession, public_name: bytes) -> SubscriptionSeen | None:
    """What a link's bearer may see of the subscription that it names; None where there is none (any more)."""
    row = session.execute(
        sa.select(MailingList.slug, MailingList.names, Subscriber.languages, Subscription.state)
        .join(MailingList, Subscription.list_id == MailingList.id)
        .join(Subscriber, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.public_name == public_name)
    ).one_or_none()
    if row is None:
        return None
    slug, names, languages, state = row
    return SubscriptionSeen(slug, names, languages, is_active=state is not SubscriptionState.ENDED)


def _with_lists() -> sa.Select[Subscriber]:
    lists = selectinload(Subscriber.subscriptions).selectinload(Subscription.mailing_list)
    return sa.select(Subscriber).options(lists)


def _reads(language: str) -> sa.ColumnElement[bool]:
    stored = sa.type_coerce(Subscriber.languages, sa.String)
    if not language:
        return stored == ""
    tag = normalise_tag(language)
    listed = "," + stored + ","
    return sa.or_(listed.contains(f",{tag},"), listed.contains(f",{tag}-"))
