"""Importing subscribers: the file is read in batches, each compared with who is there and written, all or nothing.

The one transaction is held while the file is read: a failure or Ctrl-C in the middle leaves the database as it was.
Only two batches of readers are in memory. Who is there is asked on a second connection, while the batch before is still
being written: it does not see what this import has written, and need not, as no address counts twice in a file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from newsletter.audience.errors import NoLegalBasis
from newsletter.audience.importing.bulk import quick_to_switch
from newsletter.audience.importing.columns import columns_of
from newsletter.audience.importing.plan import (
    corrected_reader,
    ends,
    keeps_own_languages,
    new_reader,
)
from newsletter.audience.importing.reading import Row
from newsletter.audience.importing.report import ERASED, SUPPRESSED, ImportReport, RefusedLine, Tally
from newsletter.audience.importing.rows import RowReader, WantedReader
from newsletter.audience.importing.seen import SeenAddresses
from newsletter.audience.importing.sources import open_table
from newsletter.audience.importing.store import Changes, Known, Store
from newsletter.audience.models import MailingList, SubscriptionState, SuppressionReason
from newsletter.audience.queries import list_by_slug
from newsletter.audience.rules import address_key
from newsletter.foundation.database import Database, ReadSession, room_for_pages
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import lookup
from newsletter.foundation.signing import Keyring

_BATCH_ROWS = 2000
# So much of the indexes stays in SQLite's memory: addresses come in no order.
_PAGES_KIB = 48_000

__all__ = ["ImportReport", "RefusedLine", "import_subscribers"]


def import_subscribers(
    database: Database,
    keyring: Keyring,
    source: Path | str | BinaryIO,
    *,
    list_slug: str | None,
    consent_basis: str,
    now: datetime,
    languages: Sequence[str],
    columns: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Puts the readers of a CSV or XLSX file on lists, and tells what became of each line.

    They go on the list `list_slug` and on those that their line names; `consent_basis`, else what the list says
    itself, is kept with each new subscription and as evidence. `languages` are the installation's; `columns` names
    headings that would not be understood ("email" -> "Contact"); `progress` is told how many rows are done. The same
    file again changes nothing. An address that stands in the file twice is refused the second time. Opens its own
    transaction; a dry run opens none and writes nothing. Raises FileRefused, ListNotFound, NoLegalBasis.
    """
    with open_table(source) as table, SeenAddresses() as seen:
        found = columns_of(table.header, table.name, table.header_line, columns)
        opened = database.read() if dry_run else database.transaction()
        with (
            opened as session,
            database.read() as asking,
            room_for_pages(session, _PAGES_KIB),
            quick_to_switch(),
        ):
            lists = _Lists(session, list_slug, consent_basis.strip())
            reader = RowReader(found, lists.ids, lists.always, tuple(languages), lists.without_basis)
            changes = Changes(session, asking, now, lists.bases, is_dry=dry_run)
            importing = _Import(reader, Store(asking), changes, seen, keyring)
            importing.tally.is_encoding_guessed = table.is_encoding_guessed
            importing.tally.unread_columns = tuple(place + 1 for place in found.unnamed)
            rows = table.rows()
            with closing(changes):
                while importing.take(islice(rows, _BATCH_ROWS)):
                    if progress:
                        progress(importing.row_count)
                changes.settle()
    return importing.tally.report()


class _Lists:
    """The lists that a file may name, the one that always applies, and on what grounds each is mailed."""

    def __init__(self, session: ReadSession, list_slug: str | None, said_basis: str) -> None:
        rows = session.execute(sa.select(MailingList.id, MailingList.slug, MailingList.legal_basis)).all()
        self.ids = {slug: list_id for list_id, slug, _ in rows}
        self.bases = {list_id: said_basis or basis.strip() for list_id, _, basis in rows}
        self.without_basis = frozenset(list_id for list_id, basis in self.bases.items() if not basis)
        self.always: tuple[int, ...] = ()
        if list_slug is not None:
            always = list_by_slug(session, list_slug).id
            if always in self.without_basis:
                raise NoLegalBasis(list_slug)
            self.always = (always,)


class _Import:
    """One import on its way: what was seen so far, and the figures."""

    def __init__(
        self, reader: RowReader, store: Store, changes: Changes, seen: SeenAddresses, keyring: Keyring
    ) -> None:
        self._reader = reader
        self._store = store
        self._changes = changes
        self._seen = seen
        self._keyring = keyring
        self._served_in = lru_cache(maxsize=1000)(
            lambda languages: lookup(languages, reader.installation_languages)
        )
        self.row_count = 0
        self.tally = Tally()

    def take(self, rows: Iterable[Row]) -> bool:
        """Imports one batch; whether there was a row in it."""
        count_before = self.row_count
        wanted = self._first_time({item.address_lower: item for item in self._readable(rows)})
        keys = {item.address_lower: address_key(self._keyring, item.address) for item in wanted}
        self._changes.keep_pace()
        suppressed = self._store.suppressed(list(keys.values()))
        known = self._store.known(keys)
        for item in wanted:
            key = keys[item.address_lower]
            if reason := suppressed.get(key):
                self.tally.refuse(item.line, ERASED if reason is SuppressionReason.ERASED else SUPPRESSED)
            elif (reader := known.get(item.address_lower)) is None:
                self._add(item, key)
            else:
                self._correct(item, reader)
        self._changes.write()
        return self.row_count > count_before

    def _readable(self, rows: Iterable[Row]) -> Iterator[WantedReader]:
        """The rows that can be read and whose address stands once in this batch."""
        lines: dict[str, int] = {}
        for row in rows:
            self.row_count += 1
            try:
                wanted = self._reader.read(row)
            except BadInput as error:
                self.tally.refuse(row.line, str(error))
                continue
            first_line = lines.setdefault(wanted.address_lower, row.line)
            if first_line == row.line:
                yield wanted
            else:
                self._refuse_repeated(row.line, first_line)

    def _first_time(self, batch: Mapping[str, WantedReader]) -> list[WantedReader]:
        """Those of a batch whose address stood in none before."""
        lines_before = self._seen.add({address: item.line for address, item in batch.items()})
        for address, line_before in lines_before.items():
            self._refuse_repeated(batch[address].line, line_before)
        return [item for address, item in batch.items() if address not in lines_before]

    def _refuse_repeated(self, line: int, first_line: int) -> None:
        self.tally.refuse(line, f"the address stands in line {first_line} already")

    def _add(self, wanted: WantedReader, key: bytes) -> None:
        self._changes.add(wanted, new_reader(wanted), key)
        self.tally.added += 1
        if self._served_in(wanted.languages) is None and wanted.wants_mail:
            self.tally.other_language.note(wanted.line)

    def _correct(self, wanted: WantedReader, known: Known) -> None:
        corrected = corrected_reader(known.reader, wanted)
        has_changed = corrected != known.reader
        if has_changed:
            self._changes.correct(known.id, corrected)
        if keeps_own_languages(known.reader, wanted):
            self.tally.own_language.note(wanted.line)
        for list_id, state in wanted.subscriptions:
            has_changed |= self._subscribe(wanted.line, known, list_id, state)
        if has_changed:
            self.tally.updated += 1
        else:
            self.tally.unchanged += 1

    def _subscribe(self, line: int, known: Known, list_id: int, wanted: SubscriptionState) -> bool:
        state = known.states.get(list_id)
        if state is None:
            self._changes.subscribe(known.id, list_id, wanted)
            return True
        if ends(state, wanted):
            self._changes.end(known.id, list_id)
            self.tally.ended.note(line)
            return True
        if state is SubscriptionState.ENDED and wanted is not state:
            self.tally.left.note(line)
        elif state is SubscriptionState.PENDING and wanted is SubscriptionState.ACTIVE:
            self.tally.unconfirmed.note(line)
        return False
