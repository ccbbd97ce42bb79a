"""Planning a mailing: one row per reader of the list, made inside the database, those left out with the reason."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.audience.models import EndReason, Subscriber, Subscription, SubscriptionState, Suppression
from newsletter.editions.models import Edition
from newsletter.editions.queries import edition_by_id, variant_names
from newsletter.editions.rules import variants_of
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.mailing.errors import EditionNotFrozen
from newsletter.mailing.models import Delivery, DeliveryState, Mailing, MailingState, SkipReason
from newsletter.mailing.rules import choose_variant

_COMBINATIONS_A_STATEMENT = 200
# What a reader chose: her languages in order, and whether she wants two in one mail.
_Choice = tuple[tuple[str, ...], bool]


@dataclass(frozen=True, slots=True)
class Share:
    """So many readers of one language choice get this variant, or are left out for this reason."""

    languages: tuple[str, ...]
    reads_both: bool
    variant: str | None
    skip_reason: SkipReason | None
    count: int


# Why a subscriber of the list is left out whatever she reads; NULL for who is not. The first that holds counts.
_SKIP_REASON = sa.case(
    (Subscription.end_reason == EndReason.UNSUBSCRIBED, SkipReason.UNSUBSCRIBED.value),
    (Subscription.state == SubscriptionState.ENDED, SkipReason.SUBSCRIPTION_ENDED.value),
    (
        sa.exists().where(Suppression.address_key == Subscriber.address_key),
        SkipReason.SUPPRESSED.value,
    ),
    (Subscription.state == SubscriptionState.PENDING, SkipReason.NOT_CONFIRMED.value),
    else_=sa.null(),
)


def intended_variants(edition: Edition) -> tuple[str, ...]:
    """The variants that the edition has or is to have; what it was frozen without is none."""
    meant = [tag for tag in edition.languages if tag not in edition.left_out_languages]
    return variants_of(meant, edition.mode)


def forecast(session: ReadSession, edition: Edition, variants: Sequence[str]) -> list[Share]:
    """Who would get which of these variants and who none and why, counted per language choice, the largest first."""
    reason = _SKIP_REASON.label("reason")
    statement = (
        sa.select(Subscriber.languages, Subscriber.reads_both, reason, sa.func.count())
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.list_id == edition.list_id)
        .group_by(Subscriber.languages, Subscriber.reads_both, reason)
    )
    shares = []
    for languages, reads_both, skip, count in session.execute(statement):
        variant = None if skip else choose_variant(languages, reads_both, variants, edition.languages)
        skip_reason = SkipReason(skip) if skip else None if variant else SkipReason.NOTHING_IN_HER_LANGUAGE
        shares.append(Share(languages, reads_both, variant, skip_reason, count))
    return sorted(shares, key=lambda share: (-share.count, share.languages))


def plan_mailing(session: WriteSession, edition_id: int, now: datetime) -> Mailing:
    """The mailing of a frozen edition with a delivery for every reader of its list, whichever state she is in.

    Readers whose variant is not frozen yet wait for a later wave; when it has come, planning again lets them go,
    as they are by then. Otherwise planning again changes nothing. Raises EditionNotFound, EditionNotFrozen.
    """
    edition = edition_by_id(session, edition_id)
    frozen = set(variant_names(session, [edition_id]).get(edition_id, []))
    if not frozen:
        raise EditionNotFrozen(edition_id)
    mailing = session.scalars(sa.select(Mailing).where(Mailing.edition_id == edition_id)).one_or_none()
    if mailing is None:
        mailing = Mailing(edition_id=edition_id, state=MailingState.PLANNED, created_at=now)
        session.add(mailing)
        session.flush()
    elif not _release_waiting(session, mailing, edition, frozen):
        return mailing
    _plan_left_out(session, mailing, edition, now)
    for variant, choices in _choices_by_variant(session, edition, intended_variants(edition)).items():
        state = _state_of(variant, frozen)
        for start in range(0, len(choices), _COMBINATIONS_A_STATEMENT):
            some = choices[start : start + _COMBINATIONS_A_STATEMENT]
            _plan_variant(session, mailing, edition, variant, state, some, now)
    return mailing


def _release_waiting(
    session: WriteSession, mailing: Mailing, edition: Edition, frozen: Collection[str]
) -> bool:
    """Takes out the rows of readers who wait, where a wave for some of them has come; whether there was one."""
    if mailing.state in (MailingState.FINISHED, MailingState.CANCELLED):
        return False
    waiting = (Delivery.mailing_id == mailing.id, Delivery.state == DeliveryState.WAITING)
    has_come = sa.or_(Delivery.variant.in_(frozen), Delivery.variant.not_in(intended_variants(edition)))
    if not session.scalar(sa.select(sa.exists().where(*waiting, has_come))):
        return False
    session.execute(sa.delete(Delivery).where(*waiting))
    return True


def _state_of(variant: str | None, frozen: Collection[str]) -> DeliveryState:
    if variant is None:
        return DeliveryState.SKIPPED
    return DeliveryState.PENDING if variant in frozen else DeliveryState.WAITING


def _choices_by_variant(
    session: ReadSession, edition: Edition, variants: Sequence[str]
) -> dict[str | None, list[_Choice]]:
    statement = (
        sa.select(Subscriber.languages, Subscriber.reads_both)
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(Subscription.list_id == edition.list_id)
        .distinct()
    )
    chosen: dict[str | None, list[_Choice]] = {}
    for languages, reads_both in session.execute(statement):
        variant = choose_variant(languages, reads_both, variants, edition.languages)
        chosen.setdefault(variant, []).append((languages, reads_both))
    return chosen


def _plan_left_out(session: WriteSession, mailing: Mailing, edition: Edition, now: datetime) -> None:
    rows = _rows(mailing, edition, now, sa.null(), DeliveryState.SKIPPED, _SKIP_REASON).where(
        _SKIP_REASON.is_not(None)
    )
    session.execute(sa.insert(Delivery).from_select(_COLUMNS, rows))


def _plan_variant(
    session: WriteSession,
    mailing: Mailing,
    edition: Edition,
    variant: str | None,
    state: DeliveryState,
    choices: Sequence[_Choice],
    now: datetime,
) -> None:
    reason = SkipReason.NOTHING_IN_HER_LANGUAGE.value if variant is None else None
    of_choice = sa.or_(
        *(
            sa.and_(Subscriber.languages == languages, Subscriber.reads_both.is_(reads_both))
            for languages, reads_both in choices
        )
    )
    rows = _rows(
        mailing, edition, now, sa.literal(variant, sa.String), state, sa.literal(reason, sa.String)
    ).where(_SKIP_REASON.is_(None), of_choice)
    session.execute(sa.insert(Delivery).from_select(_COLUMNS, rows))


_COLUMNS = (
    "mailing_id",
    "subscriber_id",
    "subscription_id",
    "variant",
    "state",
    "skip_reason",
    "attempt_count",
    "reply_text",
    "changed_at",
)


def _rows(
    mailing: Mailing,
    edition: Edition,
    now: datetime,
    variant: sa.ColumnElement[Any],
    state: DeliveryState,
    reason: sa.ColumnElement[Any],
) -> sa.Select[Any, Any, Any, Any, Any, Any, Any, Any, Any]:
    """The SELECT whose rows become deliveries: readers are never carried through this process."""
    return (
        sa.select(
            sa.literal(mailing.id),
            Subscriber.id,
            Subscription.id,
            sa.cast(variant, sa.String),
            sa.literal(state.value),
            sa.cast(reason, sa.String),
            sa.literal(0),
            sa.literal(""),
            sa.literal(now, Delivery.changed_at.type),
        )
        .join(Subscription, Subscription.subscriber_id == Subscriber.id)
        .where(
            Subscription.list_id == edition.list_id,
            # A reader has one row: whoever has it already, from an earlier wave, is left alone.
            ~sa.exists().where(Delivery.mailing_id == mailing.id, Delivery.subscriber_id == Subscriber.id),
        )
    )
