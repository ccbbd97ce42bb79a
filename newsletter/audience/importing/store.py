"""The database as an import sees it: who is there, a batch at a time, and the statements that write a batch.

Plain statements for many rows at once: a hundred thousand objects of the ORM would take a minute and a gigabyte.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from newsletter.audience.importing.plan import Reader
from newsletter.audience.importing.rows import WantedReader
from newsletter.audience.models import EndReason, Subscriber, Subscription, SubscriptionState, Suppression
from newsletter.foundation.database import ReadSession, WriteSession, insert_unless_there
from newsletter.foundation.signing import random_name


@dataclass(frozen=True, slots=True)
class Known:
    """A subscriber who is there: her id, what an import may change, and her subscriptions' states by list."""

    id: int
    reader: Reader
    states: dict[int, SubscriptionState] = field(default_factory=dict)


class Store:
    """Reads and writes for one import. What is to be written waits until `write`; a dry one never writes."""

    def __init__(self, session: ReadSession, now: datetime, consent_basis: str, *, is_dry: bool) -> None:
        self._session = session
        self._now = now
        self._consent_basis = consent_basis
        self._is_dry = is_dry
        self._is_postgresql = session.get_bind().dialect.name == "postgresql"
        self._forget()
        if self._is_postgresql and not is_dry:
            # Two imports of one address at once: the second waits for the first. Leaving a list goes on meanwhile,
            # as it writes only to `subscription`. On SQLite every writer waits anyway.
            session.execute(sa.text("LOCK TABLE subscriber IN SHARE ROW EXCLUSIVE MODE"))

    def suppressed(self, keys: Iterable[bytes]) -> set[bytes]:
        """Those of the address keys that are suppressed."""
        statement = sa.select(Suppression.address_key).where(self._among(Suppression.address_key, keys))
        return set(self._session.scalars(statement))

    def known(self, addresses_lower: Collection[str]) -> dict[str, Known]:
        """Those of the addresses whom we know."""
        statement = sa.select(
            Subscriber.id,
            Subscriber.address_lower,
            Subscriber.name,
            Subscriber.first_name,
            Subscriber.languages,
            Subscriber.language_origin,
            Subscriber.reads_both,
            Subscriber.attributes,
        ).where(self._among(Subscriber.address_lower, addresses_lower))
        found = {
            address_lower: Known(subscriber_id, Reader(*values))
            for subscriber_id, address_lower, *values in self._session.execute(statement)
        }
        by_id = {item.id: item for item in found.values()}
        states = sa.select(Subscription.subscriber_id, Subscription.list_id, Subscription.state).where(
            self._among(Subscription.subscriber_id, by_id)
        )
        if by_id:
            for subscriber_id, list_id, state in self._session.execute(states):
                by_id[subscriber_id].states[list_id] = state
        return found

    def add(self, wanted: WantedReader, reader: Reader, key: bytes) -> None:
        """A new subscriber, on the lists that are wanted."""
        row = self._values(reader)
        row.update(
            address=wanted.address, address_lower=wanted.address_lower, address_key=key, created_at=self._now
        )
        self._new.append(row)
        self._wanted.append(wanted)

    def correct(self, subscriber_id: int, reader: Reader) -> None:
        """A subscriber with new values."""
        self._corrected.append({"known_id": subscriber_id, **self._values(reader)})

    def subscribe(self, subscriber_id: int, list_id: int, state: SubscriptionState) -> None:
        """A subscription that was not there."""
        is_ended = state is SubscriptionState.ENDED
        self._subscriptions.append(
            {
                "list_id": list_id,
                "subscriber_id": subscriber_id,
                "state": state,
                "end_reason": EndReason.IMPORTED if is_ended else None,
                "public_name": random_name(),
                "consent_basis": self._consent_basis,
                "since": self._now,
                "ended_at": self._now if is_ended else None,
            }
        )

    def end(self, subscriber_id: int, list_id: int) -> None:
        """The end of a subscription that was there."""
        self._ended.append({"known_subscriber": subscriber_id, "known_list": list_id})

    def write(self) -> None:
        """Writes all that waits."""
        if isinstance(self._session, WriteSession) and not self._is_dry:
            self._write_new()
            self._write_corrected()
            if self._subscriptions:
                statement = insert_unless_there(self._session, Subscription)
                self._session.connection().execute(statement, self._subscriptions)
            self._write_ended()
        self._forget()

    def _write_new(self) -> None:
        if not self._new:
            return
        ids = self._fresh_ids(len(self._new))
        for row, wanted, subscriber_id in zip(self._new, self._wanted, ids, strict=True):
            row["id"] = subscriber_id
            for list_id in wanted.list_ids:
                self.subscribe(subscriber_id, list_id, wanted.state)
        self._session.connection().execute(sa.insert(Subscriber), self._new)

    def _among(self, column: InstrumentedAttribute[Any], values: Iterable[object]) -> sa.ColumnElement[bool]:
        """Whether the column has one of two thousand values; one array, where each as a parameter costs more."""
        if self._is_postgresql:
            return column == sa.any_(sa.literal(list(values), sa.ARRAY(column.type)))
        return column.in_(list(values))

    def _fresh_ids(self, count: int) -> list[int]:
        """Ids for new subscribers, taken beforehand: rows that need not answer with theirs go in five times as fast."""
        if self._is_postgresql:
            statement = sa.text(
                "SELECT nextval(pg_get_serial_sequence('subscriber', 'id')) FROM generate_series(1, :count)"
            )
            return list(self._session.scalars(statement, {"count": count}))
        # The one writer of SQLite is this transaction.
        last = self._session.scalar(sa.select(sa.func.coalesce(sa.func.max(Subscriber.id), 0))) or 0
        return list(range(last + 1, last + 1 + count))

    def _write_corrected(self) -> None:
        if self._corrected:
            statement = sa.update(Subscriber).where(Subscriber.id == sa.bindparam("known_id"))
            self._session.connection().execute(statement, self._corrected)

    def _write_ended(self) -> None:
        if not self._ended:
            return
        statement = (
            sa.update(Subscription)
            .where(
                Subscription.subscriber_id == sa.bindparam("known_subscriber"),
                Subscription.list_id == sa.bindparam("known_list"),
                Subscription.state != SubscriptionState.ENDED,
            )
            .values(state=SubscriptionState.ENDED, end_reason=EndReason.IMPORTED, ended_at=self._now)
        )
        self._session.connection().execute(statement, self._ended)

    def _values(self, reader: Reader) -> dict[str, Any]:
        return {
            "name": reader.name,
            "first_name": reader.first_name,
            "languages": reader.languages,
            "language_origin": reader.language_origin,
            "reads_both": reader.reads_both,
            "attributes": reader.attributes,
            "updated_at": self._now,
        }

    def _forget(self) -> None:
        self._new: list[dict[str, Any]] = []
        self._wanted: list[WantedReader] = []
        self._corrected: list[dict[str, Any]] = []
        self._subscriptions: list[dict[str, Any]] = []
        self._ended: list[dict[str, Any]] = []
