"""What can be asked of the audience."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased, selectinload

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
        .where(Subscriber.erased_at.is_(None))
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
    address_prefix: str = "",
    segment: sa.ColumnElement[bool] | None = None,
    limit: int = 100,
    after_id: int = 0,
) -> Sequence[Subscriber]:
    """At most `limit` subscribers with subscriptions and lists, in order of their ids, which are above `after_id`.

    `list_slug` and `state` keep those who have such a subscription; `language` those among whose languages it is
    ("fr" finds fr-BE, not the reverse), "" those of whom no language is known; `address_prefix` those whose address
    begins so, and then in the order of addresses; `segment` those whom it means (`segments.selecting.condition_of`).
    Raises ListNotFound, NotALanguage.
    """
    candidates = sa.select(Subscriber.id).where(Subscriber.erased_at.is_(None)).limit(limit)
    if segment is not None:
        candidates = candidates.where(segment)
    of_list = [] if list_slug is None else [Subscription.list_id == list_by_slug(session, list_slug).id]
    wanted = [*of_list, *([] if state is None else [Subscription.state == state])]
    if address_prefix:
        page = _by_address(candidates, address_prefix.lower(), after_id)
    elif of_list:
        page = _along_list(candidates, wanted, after_id)
    else:
        page = candidates.where(Subscriber.id > after_id).order_by(Subscriber.id)
    if wanted and (address_prefix or not of_list):
        page = page.where(sa.exists().where(Subscription.subscriber_id == Subscriber.id, *wanted))
    if language is not None:
        if address_prefix or of_list:
            page = page.where(reads(language))
        else:
            page = _language_by_language(page, _languages_read(session, language), limit)
    ids = session.scalars(page).all()
    found = {item.id: item for item in session.scalars(_with_lists().where(Subscriber.id.in_(ids)))}
    return [found[subscriber_id] for subscriber_id in ids]


# So many different choices of languages are asked one after the other, each along its index.
_LANGUAGE_CHOICES_MAX = 100
_LAST_LETTER = "\U0010ffff"


def _along_list(
    candidates: sa.Select[int], wanted: Sequence[sa.ColumnElement[bool]], after_id: int
) -> sa.Select[int]:
    """In the order of a list's index: most readers of a large installation may be on others."""
    return (
        candidates.join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(*wanted, Subscription.subscriber_id > after_id, Subscriber.id > after_id)
        .order_by(Subscription.subscriber_id)
    )


def _by_address(candidates: sa.Select[int], prefix: str, after_id: int) -> sa.Select[int]:
    """Those whose address begins with the prefix, in the order of addresses, from the one of `after_id` on."""
    before = sa.select(Subscriber.address_lower).where(Subscriber.id == after_id).scalar_subquery()
    return candidates.where(
        Subscriber.address_lower >= prefix,
        Subscriber.address_lower < prefix + _LAST_LETTER,
        *([Subscriber.address_lower > before] if after_id else []),
    ).order_by(Subscriber.address_lower)


def language_choices(session: ReadSession) -> list[tuple[str, ...]]:
    """Every choice of languages that some reader has made, once: a few dozens, where readers are a million.

    Goes along the index from one to the next greater; a DISTINCT would look at every reader.
    """
    column = sa.type_coerce(Subscriber.languages, sa.String)
    first = sa.select(sa.func.min(column).label("languages")).cte("choice", recursive=True)
    greater = sa.select(sa.func.min(column)).where(column > first.c.languages).scalar_subquery()
    choice = first.union_all(sa.select(greater).where(first.c.languages.is_not(None)))
    stored = session.scalars(sa.select(choice.c.languages).where(choice.c.languages.is_not(None)))
    return [tuple(filter(None, text.split(","))) for text in stored]


def _languages_read(session: ReadSession, language: str) -> list[tuple[str, ...]]:
    """Those of the choices that readers made in which the language is."""
    choices = language_choices(session)
    if not language:
        return [languages for languages in choices if not languages]
    tag = normalise_tag(language)
    return [
        languages
        for languages in choices
        if any(one == tag or one.startswith(f"{tag}-") for one in languages)
    ]


def _language_by_language(
    page: sa.Select[int], choices: Sequence[tuple[str, ...]], limit: int
) -> sa.Select[int]:
    """The first of each choice of languages, each found along the index, then the first of them all."""
    if not 0 < len(choices) <= _LANGUAGE_CHOICES_MAX:
        return page.where(Subscriber.languages.in_(choices))
    each = [sa.select(page.where(Subscriber.languages == chosen).subquery().c.id) for chosen in choices]
    ids = sa.union_all(*each).subquery()
    return sa.select(ids.c.id).order_by(ids.c.id).limit(limit)


def is_suppressed(session: ReadSession, address_key: bytes) -> bool:
    """Whether the address with this key (`rules.address_key`) must never be mailed."""
    return session.get(Suppression, address_key) is not None


def has_several_lists(session: ReadSession) -> bool:
    """Whether there is more than one list to be on."""
    return len(session.scalars(sa.select(MailingList.id).limit(2)).all()) > 1


def name_in_force(session: ReadSession, public_name: bytes) -> bytes:
    """The public name of the subscription that goes on for the one of this name: itself, unless it was merged."""
    goes_on = aliased(Subscription)
    found = session.scalar(
        sa.select(goes_on.public_name)
        .join(Subscription, Subscription.merged_into_id == goes_on.id)
        .where(Subscription.public_name == public_name)
    )
    return found or public_name


def subscription_by_public_name(session: ReadSession, public_name: bytes) -> SubscriptionSeen | None:
    """What a link's bearer may see of the subscription that it names; None where there is none (any more)."""
    row = session.execute(
        sa.select(MailingList.slug, MailingList.names, Subscriber.languages, Subscription.state)
        .join(MailingList, Subscription.list_id == MailingList.id)
        .join(Subscriber, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.public_name == name_in_force(session, public_name))
    ).one_or_none()
    if row is None:
        return None
    slug, names, languages, state = row
    return SubscriptionSeen(slug, names, languages, is_active=state is not SubscriptionState.ENDED)


def _with_lists() -> sa.Select[Subscriber]:
    lists = selectinload(Subscriber.subscriptions).selectinload(Subscription.mailing_list)
    return sa.select(Subscriber).options(lists)


def reads(language: str) -> sa.ColumnElement[bool]:
    """Whether a subscriber reads the language ("fr" finds fr-BE, not the reverse), or, for "", none is known. Raises NotALanguage."""
    stored = sa.type_coerce(Subscriber.languages, sa.String)
    if not language:
        return stored == ""
    tag = normalise_tag(language)
    listed = "," + stored + ","
    return sa.or_(listed.contains(f",{tag},"), listed.contains(f",{tag}-"))
