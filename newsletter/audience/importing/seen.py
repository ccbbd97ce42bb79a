"""Which addresses a file has named so far: a scratch database of its own, because a million of them in memory is too much."""

import sqlite3
from collections.abc import Mapping
from itertools import chain
from types import TracebackType
from typing import Self

_CACHE_KIB = 16_000
_PAIRS_IN_ONE = 500


class SeenAddresses:
    """Remembers the line on which each address stood first; what does not fit a little memory lies in a scratch file."""

    def __init__(self) -> None:
        # An empty name: a private file that SQLite deletes when it is closed.
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._scratch.execute("PRAGMA journal_mode = OFF")
        self._scratch.execute("CREATE TABLE seen (address TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._scratch.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._scratch.close()

    def add(self, lines: Mapping[str, int]) -> dict[str, int]:
        """Remembers addresses with their lines; of those that an earlier call brought, the line that they had then."""
        before = self._scratch.total_changes
        pairs = list(lines.items())
        for start in range(0, len(pairs), _PAIRS_IN_ONE):
            part = pairs[start : start + _PAIRS_IN_ONE]
            statement = f"INSERT OR IGNORE INTO seen VALUES {', '.join(['(?, ?)'] * len(part))}"  # noqa: S608 - question marks
            self._scratch.execute(statement, tuple(chain.from_iterable(part)))
        if self._scratch.total_changes - before == len(lines):
            return {}
        marks = ", ".join("?" * len(lines))
        statement = f"SELECT address, line FROM seen WHERE address IN ({marks})"  # noqa: S608 - question marks
        found = self._scratch.execute(statement, list(lines))
        return {address: line for address, line in found if line != lines[address]}
