"""Readers as rows: columns that an import understands, so that what is read back is the same people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from newsletter.audience.models import LanguageOrigin, Subscriber, Subscription, SubscriptionState
from newsletter.audience.queries import list_by_slug, list_slugs
from newsletter.foundation.database import ReadSession, is_postgresql

_PAGE_ROWS = 2_000
COLUMNS = ("email", "name", "first_name", "language", "both", "lists")


@dataclass(frozen=True, slots=True)
class ExportedReader:
    """A reader as an export tells her; `lists` says how she stands to each, by short name."""

    address: str
    name: str
    first_name: str
    languages: tuple[str, ...]
    language_origin: LanguageOrigin
    reads_both: bool
    lists: dict[str, SubscriptionState]
    attributes: dict[str, Any]

    def cells(self, attribute_names: Sequence[str]) -> list[str]:
        """The reader in the order of `COLUMNS`, then her attributes."""
        return [
            self.address,
            self.name,
            self.first_name,
            " ".join(self.languages),
            # One language says by itself that she wants one, several that she wants both.
            ("yes" if self.reads_both else "no") if self.reads_both != (len(self.languages) > 1) else "",
            ", ".join(f"{slug}:{state.value}" for slug, state in self.lists.items()),
            *(str(self.attributes.get(name, "")) for name in attribute_names),
        ]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to export: those who stand to a list in any way, and whom a segment means; None for everybody."""

    list_slug: str | None = None
    segment: sa.ColumnElement[bool] | None = None


def attribute_names(session: ReadSession) -> list[str]:
    """Every attribute that anybody has, in order."""
    if is_postgresql(session):
        names = sa.select(sa.func.json_object_keys(Subscriber.attributes).label("name"))
    else:
        each = sa.func.json_each(Subscriber.attributes).table_valued("key")
        names = sa.select(each.c.key.label("name")).select_from(sa.join(Subscriber, each, sa.true()))
    found = names.where(Subscriber.erased_at.is_(None)).subquery()
    return sorted(session.scalars(sa.select(found.c.name).distinct()))


def exported_readers(session: ReadSession, wanted: Wanted) -> Iterator[ExportedReader]:
    """Every reader who is wanted, in the order of their numbers. Raises ListNotFound."""
    slugs = list_slugs(session)
    list_id = None if wanted.list_slug is None else list_by_slug(session, wanted.list_slug).id
    last_id = 0
    while page := session.execute(_page(wanted, list_id, last_id)).all():
        lists = _lists(session, [row.id for row in page], list_id, slugs)
        for row in page:
            yield ExportedReader(
                address=row.address,
                name=row.name,
                first_name=row.first_name,
                languages=row.languages,
                language_origin=row.language_origin,
                reads_both=row.reads_both,
                lists=lists.get(row.id, {}),
                attributes=row.attributes,
            )
        last_id = page[-1].id


def _page(wanted: Wanted, list_id: int | None, last_id: int) -> sa.Select[Any]:
    statement = (
        sa.select(
            Subscriber.id,
            Subscriber.address,
            Subscriber.name,
            Subscriber.first_name,
            Subscriber.languages,
            Subscriber.language_origin,
            Subscriber.reads_both,
            Subscriber.attributes,
        )
        .where(Subscriber.id > last_id, Subscriber.erased_at.is_(None))
        .order_by(Subscriber.id)
        .limit(_PAGE_ROWS)
    )
    if list_id is not None:
        of_list = sa.exists().where(
            Subscription.subscriber_id == Subscriber.id, Subscription.list_id == list_id
        )
        statement = statement.where(of_list)
    return statement if wanted.segment is None else statement.where(wanted.segment)


def _lists(
    session: ReadSession, subscriber_ids: Sequence[int], list_id: int | None, slugs: dict[int, str]
) -> dict[int, dict[str, SubscriptionState]]:
    statement = (
        sa.select(Subscription.subscriber_id, Subscription.list_id, Subscription.state)
        .where(Subscription.subscriber_id.in_(subscriber_ids))
        .order_by(Subscription.id)
    )
    if list_id is not None:
        statement = statement.where(Subscription.list_id == list_id)
    found: dict[int, dict[str, SubscriptionState]] = {}
    for subscriber_id, of_list, state in session.execute(statement):
        found.setdefault(subscriber_id, {})[slugs[of_list]] = state
    return found
