"""What of the editions is for everybody: those of public lists that were handed to their readers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from newsletter.audience.models import MailingList
from newsletter.editions.models import Edition, RenderedEdition
from newsletter.editions.rules import SEPARATOR, languages_of
from newsletter.foundation.database import ReadSession
from newsletter.mailing.models import Delivery, DeliveryState, FoldedDeliveries, Mailing, MailingState

_OF_MAILING = Delivery.mailing_id == Mailing.id
# A mailing that was only planned, or paused or given up before the first message, has shown the edition to nobody.
_HAS_BEGUN = sa.or_(
    Mailing.state == MailingState.FINISHED,
    sa.and_(
        Mailing.state.in_([MailingState.RUNNING, MailingState.PAUSED]),
        sa.exists().where(_OF_MAILING, Delivery.attempt_count > 0),
    ),
)
# What was frozen after the mailing had been planned is under embargo until its first readers are let go.
_IS_HELD_BACK = sa.and_(
    Mailing.state != MailingState.FINISHED,
    Edition.frozen_at > Mailing.created_at,
    ~sa.exists().where(
        _OF_MAILING,
        Delivery.variant == RenderedEdition.variant,
        Delivery.state != DeliveryState.WAITING,
    ),
    ~sa.exists().where(
        FoldedDeliveries.mailing_id == Mailing.id, FoldedDeliveries.variant == RenderedEdition.variant
    ),
)


@dataclass(frozen=True, slots=True)
class PublishedList:
    """A public list; `counts` says how many of its editions stand on the web in each language that was asked for."""

    id: int
    slug: str
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    list_id: str
    created_at: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PublishedEdition:
    """An edition as the archive names it in one language; `languages` are all in which it stands there."""

    id: int
    list_id: int
    issue_number: int
    public_name: bytes
    published_at: datetime
    language: str
    subject: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where a published edition stands: its list, and the languages in which it may be read."""

    list_slug: str
    list_names: Mapping[str, str]
    languages: tuple[str, ...]


def public_lists(
    session: ReadSession, languages: Sequence[str], slug: str | None = None
) -> list[PublishedList]:
    """Every public list, in the order of their short names, with its editions counted in these languages.

    `slug` keeps the one list of this short name, or none where there is none that is public.
    """
    statement = sa.select(MailingList).where(MailingList.is_public).order_by(MailingList.slug)
    if slug is not None:
        statement = statement.where(MailingList.slug == slug)
    lists = session.scalars(statement).all()
    counts = _counts(session, languages, [item.id for item in lists])
    return [
        PublishedList(
            id=item.id,
            slug=item.slug,
            names=item.names,
            descriptions=item.descriptions,
            list_id=item.list_id,
            created_at=item.created_at,
            counts=counts.get(item.id, dict.fromkeys(languages, 0)),
        )
        for item in lists
    ]


def _counts(
    session: ReadSession, languages: Sequence[str], list_ids: Collection[int]
) -> dict[int, dict[str, int]]:
    figures = [sa.func.sum(sa.case((_stands_in(language), 1), else_=0)) for language in languages]
    statement = (
        _published(Edition.list_id, *figures).where(Edition.list_id.in_(list_ids)).group_by(Edition.list_id)
    )
    return {
        list_id: dict(zip(languages, counted, strict=True))
        for list_id, *counted in session.execute(statement)
    }


def published_editions(
    session: ReadSession, language: str, list_id: int | None = None, *, limit: int, offset: int = 0
) -> list[PublishedEdition]:
    """Up to `limit` editions that stand on the web in `language`, the newest first; of one list, or of all.

    Those of one list are in the order of their numbers, those of all in the order in which they went out.
    """
    statement = _published(Edition.id).where(_stands_in(language)).limit(limit).offset(offset)
    if list_id is None:
        statement = statement.order_by(Mailing.created_at.desc(), Mailing.id.desc())
    else:
        statement = statement.where(Edition.list_id == list_id).order_by(Edition.issue_number.desc())
    return _described(session, language, statement)


def newest_of_each_list(session: ReadSession, language: str, limit: int) -> dict[int, list[PublishedEdition]]:
    """The newest `limit` editions of each public list in `language`, by the number of the list."""
    place = sa.func.row_number().over(partition_by=Edition.list_id, order_by=Edition.issue_number.desc())
    placed = (
        _published(Edition.id, Edition.issue_number, place.label("place"))
        .where(_stands_in(language))
        .subquery()
    )
    statement = sa.select(placed.c.id).where(placed.c.place <= limit).order_by(placed.c.issue_number.desc())
    found: dict[int, list[PublishedEdition]] = {}
    for edition in _described(session, language, statement):
        found.setdefault(edition.list_id, []).append(edition)
    return found


def is_anything_published(session: ReadSession, language: str) -> bool:
    """Whether at least one edition stands in the archive in this language."""
    found = _published(Edition.id).where(_stands_in(language)).limit(1)
    return session.scalar(found) is not None


def shelf_of(session: ReadSession, public_name: bytes) -> Shelf | None:
    """Where the edition of this name stands; None where it is not for everybody (yet)."""
    columns = (MailingList.slug, MailingList.names, Edition.languages, RenderedEdition.variant)
    rows = session.execute(_variants(*columns).where(Edition.public_name == public_name)).all()
    if not rows:
        return None
    slug, names, languages, _ = rows[0]
    return Shelf(slug, names, _readable_in(languages, [row[3] for row in rows]))


def _described(session: ReadSession, language: str, chosen: sa.Select[Any]) -> list[PublishedEdition]:
    """The editions whose numbers `chosen` selects, in its order; their HTML is not read."""
    numbers = session.scalars(chosen).all()
    statement = _variants(
        Edition.id,
        Edition.list_id,
        Edition.issue_number,
        Edition.public_name,
        Edition.languages,
        Mailing.created_at,
        RenderedEdition.variant,
        RenderedEdition.subject,
    ).where(Edition.id.in_(numbers))
    by_edition: dict[int, list[sa.Row[Any]]] = {}
    for row in session.execute(statement):
        by_edition.setdefault(row.id, []).append(row)
    return [_edition_of(by_edition[number], language) for number in numbers]


def _edition_of(rows: Sequence[sa.Row[Any]], language: str) -> PublishedEdition:
    """The edition as its own variant in the language names it, or the combined one that begins with it."""
    own = [row for row in rows if languages_of(row.variant)[0] == language]
    shown = min(own, key=lambda row: (SEPARATOR in row.variant, row.variant))
    return PublishedEdition(
        id=shown.id,
        list_id=shown.list_id,
        issue_number=shown.issue_number,
        public_name=shown.public_name,
        published_at=shown.created_at,
        language=language,
        subject=shown.subject,
        languages=_readable_in(shown.languages, [row.variant for row in rows]),
    )


def _published(*columns: Any) -> sa.Select[Any]:
    """A SELECT of editions of public lists whose mailing has begun."""
    return (
        sa.select(*columns)
        .select_from(Mailing)
        .join(Edition, Edition.id == Mailing.edition_id)
        .join(MailingList, MailingList.id == Edition.list_id)
        .where(MailingList.is_public, _HAS_BEGUN)
    )


def _variants(*columns: Any) -> sa.Select[Any]:
    """A SELECT of their variants."""
    joined = _published(*columns).join(RenderedEdition, RenderedEdition.edition_id == Edition.id)
    return joined.where(sa.not_(_IS_HELD_BACK))


def _stands_in(language: str) -> sa.ColumnElement[bool]:
    """Whether an edition of `_published` has a variant in this language, or one that begins with it."""
    begins_with_it = RenderedEdition.variant.startswith(f"{language}{SEPARATOR}", autoescape=True)
    return sa.exists().where(
        RenderedEdition.edition_id == Edition.id,
        sa.or_(RenderedEdition.variant == language, begins_with_it),
        sa.not_(_IS_HELD_BACK),
    )


def _readable_in(languages: Sequence[str], variants: Collection[str]) -> tuple[str, ...]:
    """The languages of an edition in which one of the variants begins, in order."""
    first = {languages_of(variant)[0] for variant in variants}
    return tuple(tag for tag in languages if tag in first)
