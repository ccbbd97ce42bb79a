"""Importing subscribers: the file is read in batches, each compared with who is there and written, all or nothing.

The one transaction is held while the file is read: a failure or Ctrl-C in the middle leaves the database as it was.
Only one batch of readers is in memory, and the addresses seen so far.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa

from newsletter.audience.importing.columns import columns_of
from newsletter.audience.importing.plan import (
    corrected_reader,
    ends,
    keeps_own_languages,
    new_reader,
)
from newsletter.audience.importing.reading import Row, open_csv
from newsletter.audience.importing.report import SUPPRESSED, ImportReport, RefusedLine, Tally
from newsletter.audience.importing.rows import RowReader, WantedReader
from newsletter.audience.importing.store import Known, Store
from newsletter.audience.models import MailingList, SubscriptionState
from newsletter.audience.queries import list_by_slug
from newsletter.audience.rules import address_key
from newsletter.foundation.database import Database, ReadSession
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import lookup
from newsletter.foundation.signing import Keyring

_BATCH_ROWS = 2000

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
    progress: Callable[[int], None] | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Puts the readers of a CSV file on lists, and tells what became of each line.

    They go on the list `list_slug` and on those that their line names; `consent_basis` is kept with each new
    subscription. `languages` are the installation's; `progress` is told how many rows are done. The same file again
    changes nothing. An address that stands in the file twice is refused the second time. Opens its own transaction;
    a dry run opens none and writes nothing. Raises FileRefused, ListNotFound.
    """
    with open_csv(source) as file:
        columns = columns_of(file.header, file.name, file.header_line)
        opened = database.read() if dry_run else database.transaction()
        with opened as session:
            reader = RowReader(columns, _list_ids(session), _always(session, list_slug), tuple(languages))
            store = Store(session, now, consent_basis, is_dry=dry_run)
            importing = _Import(reader, store, keyring)
            importing.tally.is_encoding_guessed = file.is_encoding_guessed
            importing.tally.unread_columns = tuple(place + 1 for place in columns.unnamed)
            rows = file.rows()
            while importing.take(islice(rows, _BATCH_ROWS)):
                if progress:
                    progress(importing.row_count)
    return importing.tally.report()


def _list_ids(session: ReadSession) -> dict[str, int]:
    return dict(session.execute(sa.select(MailingList.slug, MailingList.id)).all())


def _always(session: ReadSession, list_slug: str | None) -> tuple[int, ...]:
    return () if list_slug is None else (list_by_slug(session, list_slug).id,)


class _Import:
    """One import on its way: what was seen so far, and the figures."""

    def __init__(self, reader: RowReader, store: Store, keyring: Keyring) -> None:
        self._reader = reader
        self._store = store
        self._keyring = keyring
        self._line_of: dict[str, int] = {}
        self.row_count = 0
        self.tally = Tally()

    def take(self, rows: Iterable[Row]) -> bool:
        """Imports one batch; whether there was a row in it."""
        count_before = self.row_count
        wanted = list(self._readable(rows))
        keys = {item.address_lower: address_key(self._keyring, item.address) for item in wanted}
        suppressed = self._store.suppressed(keys.values())
        known = self._store.known(keys)
        for item in wanted:
            key = keys[item.address_lower]
            if key in suppressed:
                self.tally.refuse(item.line, SUPPRESSED)
            elif (reader := known.get(item.address_lower)) is None:
                self._add(item, key)
            else:
                self._correct(item, reader)
        self._store.write()
        return self.row_count > count_before

    def _readable(self, rows: Iterable[Row]) -> Iterator[WantedReader]:
        for row in rows:
            self.row_count += 1
            try:
                wanted = self._reader.read(row)
            except BadInput as error:
                self.tally.refuse(row.line, str(error))
                continue
            first_line = self._line_of.setdefault(wanted.address_lower, row.line)
            if first_line == row.line:
                yield wanted
            else:
                self.tally.refuse(row.line, f"the address stands in line {first_line} already")

    def _add(self, wanted: WantedReader, key: bytes) -> None:
        self._store.add(wanted, new_reader(wanted), key)
        self.tally.added += 1
        if wanted.state is not SubscriptionState.ENDED:
            self._note_language(wanted.line, wanted.languages)

    def _correct(self, wanted: WantedReader, known: Known) -> None:
        corrected = corrected_reader(known.reader, wanted)
        has_changed = corrected != known.reader
        if has_changed:
            self._store.correct(known.id, corrected)
        if keeps_own_languages(known.reader, wanted):
            self.tally.own_language_lines.append(wanted.line)
        for list_id in wanted.list_ids:
            has_changed |= self._subscribe(wanted, known, list_id)
        if has_changed:
            self.tally.updated += 1
        else:
            self.tally.unchanged += 1

    def _subscribe(self, wanted: WantedReader, known: Known, list_id: int) -> bool:
        state = known.states.get(list_id)
        if state is None:
            self._store.subscribe(known.id, list_id, wanted.state)
            return True
        if ends(state, wanted.state):
            self._store.end(known.id, list_id)
            _note_once(self.tally.ended_lines, wanted.line)
            return True
        if state is SubscriptionState.ENDED and wanted.state is not state:
            _note_once(self.tally.left_lines, wanted.line)
        elif state is SubscriptionState.PENDING and wanted.state is SubscriptionState.ACTIVE:
            _note_once(self.tally.unconfirmed_lines, wanted.line)
        return False

    def _note_language(self, line: int, languages: tuple[str, ...]) -> None:
        if lookup(languages, self._reader.installation_languages) is None:
            self.tally.other_language_lines.append(line)


def _note_once(lines: list[int], line: int) -> None:
    if not lines or lines[-1] != line:
        lines.append(line)
