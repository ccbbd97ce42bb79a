"""What can be asked about sign-ups: what a form offers, what a token's bearer may see, how many are confirmed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from newsletter.audience.models import MailingList, Subscriber, Subscription, SubscriptionState
from newsletter.audience.sign_up.models import SignUp, SignUpList
from newsletter.audience.sign_up.words import ListOffer, offer_of
from newsletter.foundation.database import ReadSession
from newsletter.foundation.signing import hash_of_token

RATIO_SPAN = timedelta(days=7)
RATIO_MIN = 0.2
"""Below this share of confirmed requests, somebody probably signs up people who never asked for it."""
REQUESTS_MIN = 20
"""Fewer say nothing."""
_TIME_TO_ANSWER = timedelta(hours=3)


class Standing(StrEnum):
    """Where a sign-up stands."""

    WAITING = "waiting"  # for the owner of the address
    CONFIRMED = "confirmed"  # she said yes
    DECLINED = "declined"  # she said "that was not me"
    EXPIRED = "expired"  # she said nothing in time


@dataclass(frozen=True, slots=True)
class SignUpSeen:
    """What the bearer of a confirmation's link may see: lists and languages, nothing that was typed (threat T21)."""

    standing: Standing
    languages: tuple[str, ...]
    list_names: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class SignUpFigures:
    """How sign-ups of the last seven days went. `mailed` were asked to confirm, three hours ago at least.

    `waiting` counts every request that may still be confirmed; `ratio` is confirmed / mailed, None of too few.
    """

    since: datetime
    requested: int
    mailed: int
    confirmed: int
    declined: int
    waiting: int
    ratio: float | None

    @property
    def is_alarming(self) -> bool:
        """Whether so few are confirmed that forms are probably abused (threat T17)."""
        return self.ratio is not None and self.ratio < RATIO_MIN


@dataclass(frozen=True, slots=True)
class WaitingSignUp:
    """A request that waits for the owner of the address."""

    address: str
    lists: tuple[str, ...]
    languages: tuple[str, ...]
    requested_at: datetime
    mailed_at: datetime | None
    expires_at: datetime


def offered_lists(
    session: ReadSession, organisation: str, language: str, slug: str | None = None
) -> tuple[ListOffer, ...]:
    """The public lists, the oldest first, as a form in `language` offers them; only the one called `slug` if given."""
    statement = sa.select(MailingList).where(MailingList.is_public).order_by(MailingList.id)
    if slug is not None:
        statement = statement.where(MailingList.slug == slug)
    return tuple(offer_of(item, organisation, language) for item in session.scalars(statement))


def sign_up_by_token(session: ReadSession, token: str) -> SignUp | None:
    """The sign-up whose links carry this token, with its lists; None where there is none (any more)."""
    lists = selectinload(SignUp.lists).selectinload(SignUpList.mailing_list)
    statement = sa.select(SignUp).options(lists).where(SignUp.token_hash == hash_of_token(token))
    return session.scalars(statement).one_or_none()


def seen_of(session: ReadSession, sign_up: SignUp, now: datetime) -> SignUpSeen:
    """What may be shown of a sign-up to whoever has its link."""
    names = tuple(item.mailing_list.names for item in sign_up.lists)
    hers = session.scalar(
        sa.select(Subscriber.languages).where(
            Subscriber.id == sign_up.subscriber_id,
            sa.exists().where(
                Subscription.subscriber_id == Subscriber.id, Subscription.state == SubscriptionState.ACTIVE
            ),
        )
    )
    return SignUpSeen(_standing(sign_up, now), hers or sign_up.languages, names)


def sign_up_figures(session: ReadSession, now: datetime) -> SignUpFigures:
    """How the sign-ups of the last seven days went."""
    since = now - RATIO_SPAN
    is_mailed = sa.and_(SignUp.mailed_at <= now - _TIME_TO_ANSWER, SignUp.subscriber_id.is_not(None))
    is_confirmed = sa.and_(is_mailed, SignUp.confirmed_at.is_not(None), SignUp.declined_at.is_(None))
    is_waiting = sa.and_(
        SignUp.mailed_at.is_not(None),
        SignUp.confirmed_at.is_(None),
        SignUp.declined_at.is_(None),
        SignUp.expires_at > now,
    )
    statement = sa.select(
        sa.func.count(),
        _count_where(is_mailed),
        _count_where(is_confirmed),
        _count_where(SignUp.declined_at.is_not(None)),
        _count_where(is_waiting),
    ).where(SignUp.requested_at >= since)
    requested, mailed, confirmed, declined, waiting = session.execute(statement).one()
    ratio = confirmed / mailed if mailed >= REQUESTS_MIN else None
    return SignUpFigures(since, requested, mailed, confirmed, declined, waiting, ratio)


def waiting_sign_ups(session: ReadSession, now: datetime, limit: int) -> Sequence[WaitingSignUp]:
    """At most `limit` requests that may still be confirmed, the newest first."""
    lists = selectinload(SignUp.lists).selectinload(SignUpList.mailing_list)
    statement = (
        sa.select(SignUp)
        .options(lists)
        .where(SignUp.confirmed_at.is_(None), SignUp.declined_at.is_(None), SignUp.expires_at > now)
        .order_by(SignUp.requested_at.desc(), SignUp.id.desc())
        .limit(limit)
    )
    return [
        WaitingSignUp(
            address=item.address,
            lists=tuple(wanted.mailing_list.slug for wanted in item.lists),
            languages=item.languages,
            requested_at=item.requested_at,
            mailed_at=item.mailed_at,
            expires_at=item.expires_at,
        )
        for item in session.scalars(statement)
    ]


def _count_where(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((condition, 1)))


def _standing(sign_up: SignUp, now: datetime) -> Standing:
    if sign_up.declined_at is not None:
        return Standing.DECLINED
    if sign_up.confirmed_at is not None:
        return Standing.CONFIRMED
    return Standing.WAITING if sign_up.expires_at > now else Standing.EXPIRED
