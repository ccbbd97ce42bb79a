"""The database as an import sees it: who is there, a batch at a time, and the rows that write a batch."""

import os
from collections import defaultdict
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
from newsletter.foundation.database import ReadSession, WriteSession, insert_unless_there, is_postgresql
from newsletter.foundation.signing import NAME_BYTES

_SAID_NOTHING = (Consent.way, Consent.form_url, Consent.ip, Consent.user_agent, Consent.message_id)
# Of each public name, those that a batch's have in common.
_START_BYTES = 4
_READER = ("name", "first_name", "languages", "language_origin", "reads_both", "attributes")
_SUBSCRIBERS = Columns(
    Subscriber.__tablename__,
    ("id", "address", "address_lower", "address_key", *_READER, "created_at", "updated_at"),
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
    "SELECT setval(sequence, nextval(sequence) + :count - 1)"
    " FROM (SELECT pg_get_serial_sequence('subscriber', 'id') AS sequence OFFSET 0) it"
)

# New subscriptions: to which list, in which state, and of which subscribers.
_Subscribed = defaultdict[tuple[int, SubscriptionState], list[int]]


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


class _Subscribing:
    """The statements that put subscribers on a list, and keep on what grounds; many `ids` are one value."""

    def __init__(self, session: ReadSession) -> None:
        ids: sa.BindParameter[Any] = sa.bindparam("ids")
        given: sa.TableValuedAlias
        if is_postgresql(session):
            array = sa.cast(ids, sa.ARRAY(Subscription.subscriber_id.type))
            given = sa.func.unnest(array).table_valued("value", with_ordinality="place").render_derived()
            place: sa.ColumnElement[int] = sa.cast(given.c.place - 1, sa.Integer)
        else:
            given = sa.func.json_each(ids).table_valued("value", "key")
            place = given.c.key
        subscriber_id, list_id = given.c.value, _given(Subscription.list_id)
        at, basis = _given(Subscription.since, "at"), _given(Subscription.consent_basis, "basis")
        names, length = _given(Subscription.public_name, "public_names"), NAME_BYTES
        subscription = {
            Subscription.list_id: list_id,
            Subscription.subscriber_id: subscriber_id,
            Subscription.state: _given(Subscription.state),
            Subscription.end_reason: _given(Subscription.end_reason),
            Subscription.public_name: sa.func.substr(names, place * length + 1, length),
            Subscription.consent_basis: basis,
            Subscription.since: at,
            Subscription.ended_at: _given(Subscription.ended_at),
        }
        evidence: dict[InstrumentedAttribute[Any], sa.ColumnElement[Any]] = {
            Consent.subscriber_id: subscriber_id,
            Consent.list_id: list_id,
            Consent.event: sa.literal(ConsentEvent.IMPORTED, Consent.event.type),
            Consent.at: at,
            Consent.basis: basis,
            **dict.fromkeys(_SAID_NOTHING, sa.literal("")),
        }
        # SQLite takes an ON CONFLICT after a SELECT only where that has a WHERE.
        subscriptions = sa.select(*subscription.values()).where(subscriber_id.is_not(None))
        columns = list(subscription)
        self.new_subscribers = sa.insert(Subscription).from_select(columns, subscriptions)
        # Who was there may have come on the list just now; asking costs PostgreSQL a sixth of an import.
        self.known_subscribers = insert_unless_there(session, Subscription).from_select(
            columns, subscriptions
        )
        self.evidence = sa.insert(Consent).from_select(list(evidence), sa.select(*evidence.values()))


def _given(column: InstrumentedAttribute[Any], name: str | None = None) -> sa.BindParameter[Any]:
    """A value for the column, told when the statement is made; by its own name where no other is said."""
    return sa.bindparam(name or column.key, type_=column.type)


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
        self._subscribing = _Subscribing(self._session)

    def add(self, wanted: WantedReader, reader: Reader, key: bytes) -> None:
        """A new subscriber, on the lists that are wanted."""
        self._new.append((wanted, reader, key))

    def correct(self, subscriber_id: int, reader: Reader) -> None:
        """A subscriber with new values."""
        values = {name: getattr(reader, name) for name in _READER}
        self._corrected.append({"known_id": subscriber_id, "updated_at": self._now, **values})

    def subscribe(self, subscriber_id: int, list_id: int, state: SubscriptionState) -> None:
        """A subscription of somebody who was there."""
        self._subscribed[list_id, state].append(subscriber_id)

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
            self._write_subscribed(self._writer, self._subscribed, self._subscribing.known_subscribers)
            self._write_new(self._writer)
        self._forget()

    def _write_new(self, writer: BulkWriter) -> None:
        if not self._new:
            return
        subscribers, subscribed = [], _Subscribed(list)
        ids = self._fresh_ids(len(self._new))
        at = self._at
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
                    _as_json(reader.attributes),
                    at,
                    at,
                )
            )
            for subscription in wanted.subscriptions:
                subscribed[subscription].append(subscriber_id)
        writer.insert(_SUBSCRIBERS, subscribers)
        self._write_subscribed(writer, subscribed, self._subscribing.new_subscribers)

    def _write_subscribed(self, writer: BulkWriter, subscribed: _Subscribed, statement: sa.Insert) -> None:
        for (list_id, state), ids in subscribed.items():
            has_ended = state is SubscriptionState.ENDED
            values = {
                "ids": writer.stored_ids(ids),
                "list_id": list_id,
                "state": state,
                "end_reason": EndReason.IMPORTED if has_ended else None,
                "public_names": _public_names(len(ids)),
                "basis": self._bases[list_id],
                "at": self._now,
                "ended_at": self._now if has_ended else None,
            }
            writer.make(statement, values)
            writer.make(self._subscribing.evidence, values)

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
        self._subscribed = _Subscribed(list)
        self._ended: list[dict[str, Any]] = []


def _public_names(count: int) -> bytes:
    """Random names for a batch of subscriptions, in one.

    They begin alike, so that they stand side by side in their index: all over it they would cost a tenth of the import.
    What a token needs to be secret is its signature; eight octets of chance tell names of one batch apart.
    """
    start = os.urandom(_START_BYTES)
    own_length = NAME_BYTES - _START_BYTES
    own = os.urandom(own_length * count)
    return b"".join([start + own[place : place + own_length] for place in range(0, len(own), own_length)])


def _as_json(texts: Mapping[str, str]) -> str:
    """What `json.dumps` gives, which sets up an encoder each time and takes five times as long."""
    return f"{{{', '.join([f'{in_json(name)}: {in_json(text)}' for name, text in texts.items()])}}}"
