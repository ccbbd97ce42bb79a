"""The database as an import sees it: who is there, a batch at a time, and the rows that write a batch."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from json.encoder import encode_basestring_ascii as in_json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from newsletter.audience.consent.models import Consent, ConsentEvent
from newsletter.audience.importing.bulk import BulkWriter, Columns, rows_among
from newsletter.audience.importing.plan import Reader
from newsletter.audience.importing.rows import WantedReader
from newsletter.audience.models import (
    EndReason,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.foundation.database import ReadSession, WriteSession, is_postgresql

_PUBLIC_NAME_BYTES = 12
_READER = ("name", "first_name", "languages", "language_origin", "reads_both", "attributes")
_SUBSCRIBERS = Columns(
    Subscriber.__tablename__,
    ("id", "address", "address_lower", "address_key", *_READER, "created_at", "updated_at"),
)
_SUBSCRIPTIONS = Columns(
    Subscription.__tablename__,
    ("list_id", "subscriber_id", "state", "end_reason", "public_name", "consent_basis", "since", "ended_at"),
)
_EVIDENCE = Columns(
    Consent.__tablename__,
    ("subscriber_id", "list_id", "event", "at", "basis", "way", "form_url", "ip", "user_agent", "message_id"),
)
# The evidence of new readers' subscriptions, which say all of it: the database takes it from there.
_EVIDENCE_OF_NEW = sa.insert(Consent).from_select(
    list(_EVIDENCE.names),
    sa.select(
        Subscription.subscriber_id,
        Subscription.list_id,
        sa.literal(ConsentEvent.IMPORTED, Consent.event.type),
        Subscription.since,
        Subscription.consent_basis,
        *(sa.literal("") for _ in _EVIDENCE.names[5:]),
    ).where(Subscription.subscriber_id.between(sa.bindparam("first_id"), sa.bindparam("last_id"))),
)
_READERS = sa.select(
    Subscriber.id,
    Subscriber.address_lower,
    Subscriber.name,
    Subscriber.first_name,
    Subscriber.languages,
    Subscriber.language_origin,
    Subscriber.reads_both,
    Subscriber.attributes,
)
_STATES = sa.select(Subscription.subscriber_id, Subscription.list_id, Subscription.state)
_IS_ANY_SUPPRESSED = sa.select(sa.exists(sa.select(Suppression.address_key)))
_LAST_OF_FRESH_IDS = sa.text(
    "SELECT max(nextval(sequence)) FROM"
    " (SELECT pg_get_serial_sequence('subscriber', 'id') AS sequence OFFSET 0) it, generate_series(1, :count)"
)


@dataclass(frozen=True, slots=True)
class Known:
    """A subscriber who is there: her id, what an import may change, and her subscriptions' states by list."""

    id: int
    reader: Reader
    states: dict[int, SubscriptionState] = field(default_factory=dict)


class Store:
    """Reads for one import."""

    def __init__(self, session: ReadSession) -> None:
        self._session = session
        # Built once: a statement that holds two thousand values of its own is kept until Python looks for garbage.
        among = _among_on_postgresql if is_postgresql(session) else _among_on_sqlite
        self._readers = _READERS.where(among(Subscriber.id))
        self._states = _STATES.where(among(Subscription.subscriber_id))

    def suppressed(self, keys: Collection[bytes]) -> dict[bytes, SuppressionReason]:
        """Those of the address keys that are suppressed, with the reasons."""
        if not self._session.scalar(_IS_ANY_SUPPRESSED):  # as with most who begin
            return {}
        found = rows_among(self._session, Suppression.__tablename__, ("address_key", "reason"), keys)
        return {bytes(key): SuppressionReason(reason) for key, reason in found}

    def known(self, addresses_lower: Collection[str]) -> dict[str, Known]:
        """Those of the addresses whom we know."""
        table, names = Subscriber.__tablename__, ("address_lower", "id")
        ids = [found_id for _, found_id in rows_among(self._session, table, names, addresses_lower)]
        if not ids:
            return {}
        found = {
            address_lower: Known(subscriber_id, Reader(*values))
            for subscriber_id, address_lower, *values in self._session.execute(self._readers, {"ids": ids})
        }
        by_id = {item.id: item for item in found.values()}
        for subscriber_id, list_id, state in self._session.execute(self._states, {"ids": ids}):
            by_id[subscriber_id].states[list_id] = state
        return found


def _among_on_sqlite(column: InstrumentedAttribute[int]) -> sa.ColumnElement[bool]:
    """Whether the column has one of the `ids`."""
    return column.in_(sa.bindparam("ids", expanding=True))


def _among_on_postgresql(column: InstrumentedAttribute[int]) -> sa.ColumnElement[bool]:
    """The same, in one array, where each as a parameter costs more."""
    return column == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(column.type)))


class Changes:
    """What an import is to write, until `write` writes it; a dry one forgets it instead."""

    def __init__(
        self,
        session: ReadSession,
        asking: ReadSession,
        now: datetime,
        bases: Mapping[int, str],
        *,
        is_dry: bool,
    ) -> None:
        """`session` writes, `asking` is free while it does."""
        self._asking = asking
        self._session = session if isinstance(session, WriteSession) and not is_dry else None
        self._now = now
        # On what grounds each list's readers are mailed, by the list's number.
        self._bases = bases
        self._forget()
        self._writer: BulkWriter | None = None
        self._last_id: int | None = None
        if self._session is None:
            return
        self._is_postgresql = is_postgresql(session)
        if self._is_postgresql:
            # Two imports of one address at once: the second waits for the first. Leaving a list goes on meanwhile,
            # as it writes only to `subscription`. On SQLite every writer waits anyway.
            session.execute(sa.text("LOCK TABLE subscriber IN SHARE ROW EXCLUSIVE MODE"))
        self._writer = BulkWriter(self._session)
        self._at = self._writer.stored(now)
        self._ended_as = EndReason.IMPORTED.value, self._at

    def add(self, wanted: WantedReader, reader: Reader, key: bytes) -> None:
        """A new subscriber, on the lists that are wanted."""
        self._new.append((wanted, reader, key))

    def correct(self, subscriber_id: int, reader: Reader) -> None:
        """A subscriber with new values."""
        values = {name: getattr(reader, name) for name in _READER}
        self._corrected.append({"known_id": subscriber_id, "updated_at": self._now, **values})

    def subscribe(self, subscriber_id: int, list_id: int, state: SubscriptionState) -> None:
        """A subscription of somebody who was there."""
        self._subscribed.append((subscriber_id, list_id, state))

    def end(self, subscriber_id: int, list_id: int) -> None:
        """The end of a subscription that was there."""
        self._ended.append({"known_subscriber": subscriber_id, "known_list": list_id})

    def settle(self) -> None:
        """Waits until what was to be written is; before, nothing else may use the session."""
        if self._writer is not None:
            self._writer.settle()

    def keep_pace(self) -> None:
        """Waits until no more than one batch is on its way to the database."""
        if self._writer is not None:
            self._writer.keep_pace()

    def close(self) -> None:
        """Waits for what is under way, after a failure too."""
        if self._writer is not None:
            self._writer.close()

    def write(self) -> None:
        """Writes all that waits; the last of it may be under way still (`settle`)."""
        if self._session is not None and self._writer is not None:
            if self._corrected or self._ended:
                self.settle()
            self._write_corrected(self._session)
            self._write_ended(self._session)
            self._writer.insert_unless_there(_SUBSCRIPTIONS, self._subscription_rows(self._subscribed))
            self._writer.insert(_EVIDENCE, self._evidence_rows(self._subscribed))
            self._write_new(self._writer)
        self._forget()

    def _write_new(self, writer: BulkWriter) -> None:
        if not self._new:
            return
        subscribers, subscriptions = [], []
        ids = self._fresh_ids(len(self._new))
        stored_json, at = writer.stored_json, self._at
        for subscriber_id, (wanted, reader, key) in zip(ids, self._new, strict=True):
            subscribers.append(
                (
                    subscriber_id,
                    wanted.address,
                    wanted.address_lower,
                    key,
                    reader.name,
                    reader.first_name,
                    ",".join(reader.languages),
                    reader.language_origin.value,
                    reader.reads_both,
                    stored_json(_as_json(reader.attributes)),
                    at,
                    at,
                )
            )
            for list_id, state in wanted.subscriptions:
                subscriptions.append((subscriber_id, list_id, state))
        writer.insert(_SUBSCRIBERS, subscribers)
        writer.insert(_SUBSCRIPTIONS, self._subscription_rows(subscriptions))
        writer.make(_EVIDENCE_OF_NEW, {"first_id": ids[0], "last_id": ids[-1]})

    def _subscription_rows(
        self, wanted: Collection[tuple[int, int, SubscriptionState]]
    ) -> list[tuple[Any, ...]]:
        names = os.urandom(_PUBLIC_NAME_BYTES * len(wanted))
        rows = []
        start = 0
        for subscriber_id, list_id, state in wanted:
            end = start + _PUBLIC_NAME_BYTES
            reason, ended_at = self._ended_as if state is SubscriptionState.ENDED else (None, None)
            basis = self._bases[list_id]
            rows.append(
                (list_id, subscriber_id, state.value, reason, names[start:end], basis, self._at, ended_at)
            )
            start = end
        return rows

    def _evidence_rows(self, wanted: Collection[tuple[int, int, SubscriptionState]]) -> list[tuple[Any, ...]]:
        """On what grounds each of the subscriptions is there."""
        event = ConsentEvent.IMPORTED.value
        return [
            (subscriber_id, list_id, event, self._at, self._bases[list_id], "", "", "", "", "")
            for subscriber_id, list_id, _ in wanted
        ]

    def _fresh_ids(self, count: int) -> range:
        """Ids for new subscribers, taken beforehand: rows that need not answer with theirs go in five times as fast."""
        if self._is_postgresql:
            # Nobody else takes any while this import has the table: they follow each other.
            last_id = self._asking.scalar(_LAST_OF_FRESH_IDS, {"count": count})
            return range(last_id + 1 - count, last_id + 1)
        if self._last_id is None:  # the one writer of SQLite is this import
            self._last_id = self._asking.scalar(sa.select(sa.func.max(Subscriber.id))) or 0
        self._last_id += count
        return range(self._last_id + 1 - count, self._last_id + 1)

    def _write_corrected(self, session: WriteSession) -> None:
        if self._corrected:
            statement = sa.update(Subscriber).where(Subscriber.id == sa.bindparam("known_id"))
            session.connection().execute(statement, self._corrected)

    def _write_ended(self, session: WriteSession) -> None:
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
        session.connection().execute(statement, self._ended)

    def _forget(self) -> None:
        self._new: list[tuple[WantedReader, Reader, bytes]] = []
        self._corrected: list[dict[str, Any]] = []
        self._subscribed: list[tuple[int, int, SubscriptionState]] = []
        self._ended: list[dict[str, Any]] = []


def _as_json(texts: Mapping[str, str]) -> str:
    """What `json.dumps` gives, which sets up an encoder each time and takes five times as long."""
    return f"{{{', '.join([f'{in_json(name)}: {in_json(text)}' for name, text in texts.items()])}}}"
