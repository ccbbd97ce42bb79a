"""A mailing language by language: whether readers of each were served alike. Nobody's reading is tracked for it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from newsletter.audience.models import EndReason, LeaveReason, Subscription
from newsletter.editions.models import Edition, Showing, ShownItem
from newsletter.editions.rules import languages_of
from newsletter.foundation.database import ReadSession
from newsletter.mailing.models import Delivery, DeliveryState, FoldedDeliveries
from newsletter.mailing.queries import mailing_by_id

_STAND_INS = (Showing.LABELLED, Showing.SUMMARY)
_SHOWN = (Showing.FULL, *_STAND_INS)


@dataclass(frozen=True, slots=True)
class LanguageFigures:
    """How the readers of one language were served; a combined mail counts for the language that it begins with.

    `item_count` are the items that the language's part showed, `fallback_item_count` those of them in another
    language. `left_count` are the readers who left the list after this mailing and before a later one reached them,
    `wrong_language_count` those of them who said that it came in another language than theirs.
    """

    language: str
    planned: int
    accepted: int
    item_count: int
    fallback_item_count: int
    served_by_fallback: int  # accepted mails in which some item stood in another language than its part's
    left_count: int
    wrong_language_count: int


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the part in one language showed."""

    item_count: int = 0
    fallback_count: int = 0


def figures_by_language(session: ReadSession, mailing_id: int) -> tuple[LanguageFigures, ...]:
    """The figures of each language that the mailing has readers of, in the edition's order. Raises MailingNotFound."""
    edition_id = mailing_by_id(session, mailing_id).edition_id
    languages = session.scalars(sa.select(Edition.languages).where(Edition.id == edition_id)).one()
    shown = _shown(session, edition_id)
    planned, accepted = _deliveries(session, mailing_id)
    left = _left(session, mailing_id)
    served: dict[str, list[str]] = {}
    for variant in planned:
        served.setdefault(languages_of(variant)[0], []).append(variant)
    return tuple(
        LanguageFigures(
            language=language,
            planned=_sum(planned, served[language]),
            accepted=_sum(accepted, served[language]),
            item_count=shown.get(language, _Shown()).item_count,
            fallback_item_count=shown.get(language, _Shown()).fallback_count,
            served_by_fallback=_sum(
                accepted, [name for name in served[language] if _has_fallback(name, shown)]
            ),
            left_count=sum(left[variant, is_wrong] for variant in served[language] for is_wrong in (True, False)),
            wrong_language_count=sum(left[variant, True] for variant in served[language]),
        )
        for language in languages
        if language in served
    )  # fmt: skip


def _sum(counts: Counter[str], variants: Sequence[str]) -> int:
    return sum(counts[variant] for variant in variants)


def _has_fallback(variant: str, shown: dict[str, _Shown]) -> bool:
    return any(shown.get(tag, _Shown()).fallback_count for tag in languages_of(variant))


def _shown(session: ReadSession, edition_id: int) -> dict[str, _Shown]:
    statement = (
        sa.select(ShownItem.language, ShownItem.showing, sa.func.count())
        .where(ShownItem.edition_id == edition_id, ShownItem.showing.in_(_SHOWN))
        .group_by(ShownItem.language, ShownItem.showing)
    )
    items: Counter[str] = Counter()
    stand_ins: Counter[str] = Counter()
    for language, showing, count in session.execute(statement):
        items[language] += count
        if showing in _STAND_INS:
            stand_ins[language] += count
    return {language: _Shown(count, stand_ins[language]) for language, count in items.items()}


def _deliveries(session: ReadSession, mailing_id: int) -> tuple[Counter[str], Counter[str]]:
    """How many deliveries each variant has, and how many of them were accepted."""
    statement = (
        sa.select(Delivery.variant, Delivery.state, sa.func.count())
        .where(Delivery.mailing_id == mailing_id)
        .group_by(Delivery.variant, Delivery.state)
    )
    planned: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for variant, state, count in session.execute(statement):
        if variant is None:
            continue
        planned[variant] += count
        if state is DeliveryState.ACCEPTED:
            accepted[variant] += count
    for variant, count in _folded(session, mailing_id, FoldedDeliveries.count):
        planned[variant] += count
        accepted[variant] += count
    return planned, accepted


def _folded(session: ReadSession, mailing_id: int, what: Any) -> list[tuple[str, int]]:
    """The sum of a figure of what was folded of the mailing, per variant."""
    statement = (
        sa.select(FoldedDeliveries.variant, sa.func.sum(what))
        .where(FoldedDeliveries.mailing_id == mailing_id)
        .group_by(FoldedDeliveries.variant)
    )
    return [(variant, int(count)) for variant, count in session.execute(statement)]


def _left(session: ReadSession, mailing_id: int) -> Counter[tuple[str, bool]]:
    """How many readers left after this mailing, per variant and whether they said that it was the wrong language.

    A link names the subscription and no mailing, so the last one that reached the reader before she left counts.
    """
    is_wrong = sa.func.coalesce(Subscription.leave_reason == LeaveReason.WRONG_LANGUAGE, sa.false())
    statement = (
        sa.select(Delivery.variant, is_wrong, sa.func.count())
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .where(Delivery.mailing_id == mailing_id, Delivery.state == DeliveryState.ACCEPTED, has_left_after())
        .group_by(Delivery.variant, is_wrong)
    )
    rows = session.execute(statement)
    left = Counter({(variant, bool(wrong)): count for variant, wrong, count in rows if variant is not None})
    for variant, count in _folded(session, mailing_id, FoldedDeliveries.wrong_language_count):
        left[variant, True] += count
        left[variant, False] -= count
    for variant, count in _folded(session, mailing_id, FoldedDeliveries.left_count):
        left[variant, False] += count
    return left


def has_left_after() -> sa.ColumnElement[bool]:
    """Whether the reader of a delivery (joined with its subscription) left after it and before a later one came."""
    later = aliased(Delivery)
    return sa.and_(
        Subscription.end_reason == EndReason.UNSUBSCRIBED,
        Subscription.ended_at >= Delivery.changed_at,
        ~sa.exists().where(
            later.subscription_id == Delivery.subscription_id,
            later.mailing_id != Delivery.mailing_id,
            later.state == DeliveryState.ACCEPTED,
            later.changed_at > Delivery.changed_at,
            later.changed_at <= Subscription.ended_at,
        ),
    )
