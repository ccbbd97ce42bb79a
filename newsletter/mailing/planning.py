"""Planning a mailing: one row per reader, made inside the database, those left out with the reason."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

import sqlalchemy as sa

from newsletter.audience.queries import language_choices, list_slugs
from newsletter.editions.models import Edition
from newsletter.editions.queries import edition_by_id, variant_names
from newsletter.editions.rules import variants_of
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.mailing.errors import EditionNotFrozen, MailingGoesElsewhere
from newsletter.mailing.models import (
    Delivery,
    DeliverySlice,
    DeliveryState,
    MailedList,
    Mailing,
    MailingState,
    SkipReason,
    SliceState,
)
from newsletter.mailing.placing import Choice, Planned, room_for_many
from newsletter.mailing.queries import mailed_list_ids, mailing_of_edition
from newsletter.mailing.readership import Readership, readers_of
from newsletter.mailing.rules import choose_variant
from newsletter.mailing.slicing import plan_rows


@dataclass(frozen=True, slots=True)
class Share:
    """So many readers of one language choice get this variant, or are left out for this reason."""

    languages: tuple[str, ...]
    reads_both: bool
    variant: str | None
    skip_reason: SkipReason | None
    count: int


def intended_variants(edition: Edition) -> tuple[str, ...]:
    """The variants that the edition has or is to have; what it was frozen without is none."""
    meant = [tag for tag in edition.languages if tag not in edition.left_out_languages]
    return variants_of(meant, edition.mode)


def forecast(
    session: ReadSession,
    edition: Edition,
    variants: Sequence[str],
    *,
    now: datetime,
    readership: Readership | None = None,
) -> list[Share]:
    """Who would get which of these variants and who none and why, counted per language choice, the largest first.

    Without a `readership`: of those whom the edition's mailing was planned for, else of the edition's own list.
    """
    readers = readers_of(session, readership or planned_readership(session, edition), now)
    statement = sa.select(
        readers.c.languages, readers.c.reads_both, readers.c.reason, sa.func.count()
    ).group_by(readers.c.languages, readers.c.reads_both, readers.c.reason)
    shares = []
    for languages, reads_both, skip, count in session.execute(statement):
        variant = None if skip else choose_variant(languages, reads_both, variants, edition.languages)
        skip_reason = SkipReason(skip) if skip else None if variant else SkipReason.NOTHING_IN_HER_LANGUAGE
        shares.append(Share(languages, reads_both, variant, skip_reason, count))
    return sorted(shares, key=lambda share: (-share.count, share.languages))


def plan_mailing(
    session: WriteSession,
    edition_id: int,
    now: datetime,
    readership: Readership | None = None,
    *,
    time_zone: str = "UTC",
) -> Mailing:
    """The mailing of a frozen edition with a delivery for every reader whom it goes to, whichever state she is in.

    Without a `readership` it goes to the list of the edition; of a mailing that is planned already, to those it was
    planned for. Readers whose variant is not frozen yet wait for a later wave; when it has come, planning again lets
    them go, as they are by then. Otherwise planning again changes nothing. Days that the filter of a mailing names
    begin in `time_zone`. Raises EditionNotFound, EditionNotFrozen, MailingGoesElsewhere, FilterRefused,
    ListNotFound.
    """
    edition = edition_by_id(session, edition_id)
    frozen = set(variant_names(session, [edition_id]).get(edition_id, []))
    if not frozen:
        raise EditionNotFrozen(edition_id)
    mailing = mailing_of_edition(session, edition_id)
    if mailing is None:
        readership = readership or Readership((edition.list_id,))
        mailing = new_mailing(session, edition_id, readership, now)
    else:
        readership = _readership_as_planned(session, edition, mailing, readership, time_zone)
        if not _release_waiting(session, mailing, edition, frozen):
            return mailing
    make_deliveries(session, mailing, edition, readership, now)
    return mailing


def make_deliveries(
    session: WriteSession, mailing: Mailing, edition: Edition, readership: Readership, now: datetime
) -> None:
    """Makes the rows of all these readers who have none yet, and the slices that they are in."""
    frozen = set(variant_names(session, [edition.id]).get(edition.id, []))
    readers = readers_of(session, readership, now)
    with room_for_many(session):
        plan_rows(session, mailing.id, readers, _planned(session, edition, frozen), now)


def new_mailing(session: WriteSession, edition_id: int, readership: Readership, now: datetime) -> Mailing:
    """A mailing to these readers, without a delivery yet."""
    mailing = Mailing(
        edition_id=edition_id, state=MailingState.PLANNED, filter=readership.filter, created_at=now
    )
    session.add(mailing)
    session.flush()
    session.add_all(
        MailedList(mailing_id=mailing.id, list_id=list_id, place=place)
        for place, list_id in enumerate(readership.list_ids)
    )
    session.flush()
    return mailing


def planned_readership(session: ReadSession, edition: Edition, time_zone: str = "UTC") -> Readership:
    """Whom the edition's mailing was planned for; before that, its own list."""
    mailing = mailing_of_edition(session, edition.id)
    if mailing is None:
        return Readership((edition.list_id,))
    return Readership(mailed_list_ids(session, mailing.id), mailing.filter, time_zone)


def _readership_as_planned(
    session: ReadSession, edition: Edition, mailing: Mailing, wanted: Readership | None, time_zone: str
) -> Readership:
    """Whom the mailing was planned for. Raises MailingGoesElsewhere where somebody wants others."""
    planned = planned_readership(session, edition, wanted.time_zone if wanted else time_zone)
    if wanted is not None and wanted != planned:
        slugs = list_slugs(session)
        raise MailingGoesElsewhere(
            mailing.id, [slugs[list_id] for list_id in planned.list_ids], planned.filter
        )
    return planned


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
    # Slices are numbered anew for those who are planned anew; what has no row any more is no slice.
    empty = ~sa.exists().where(
        Delivery.mailing_id == DeliverySlice.mailing_id, Delivery.slice_no == DeliverySlice.slice_no
    )
    session.execute(
        sa.delete(DeliverySlice)
        .where(DeliverySlice.mailing_id == mailing.id, DeliverySlice.state == SliceState.WAITING, empty)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(DeliverySlice)
        .where(DeliverySlice.mailing_id == mailing.id, DeliverySlice.state == SliceState.WAITING)
        .values(state=SliceState.CLOSED)
        .execution_options(synchronize_session=False)
    )
    return True


def _planned(session: ReadSession, edition: Edition, frozen: Collection[str]) -> dict[Choice, Planned]:
    """What each choice of languages gets, whoever made it."""
    variants = intended_variants(edition)
    planned: dict[Choice, Planned] = {}
    for languages, reads_both in product(language_choices(session), (False, True)):
        variant = choose_variant(languages, reads_both, variants, edition.languages)
        planned[languages, reads_both] = Planned(variant, _state_of(variant, frozen))
    return planned


def _state_of(variant: str | None, frozen: Collection[str]) -> DeliveryState:
    if variant is None:
        return DeliveryState.SKIPPED
    return DeliveryState.PENDING if variant in frozen else DeliveryState.WAITING
