"""A file of subscribers as a table of rows, whichever kind it is: told by its first octets, not by its name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Protocol

from newsletter.audience.importing.reading import Row, as_csv, open_octets


class Table(Protocol):
    """An open file of subscribers: its header, then its rows, once."""

    name: str
    header: list[str]
    header_line: int

    @property
    def is_encoding_guessed(self) -> bool:
        """Whether nothing in the file says in which encoding it is."""

    def rows(self) -> Iterator[Row]:
        """Every row after the header but blank ones."""


@contextmanager
def open_table(source: Path | str | BinaryIO) -> Iterator[Table]:
    """The table behind a path or a stream of octets, open for as long as the block runs. Raises FileRefused."""
    with open_octets(source) as (octets, name):
        if _is_zip(octets):
            from newsletter.audience.importing.workbook import open_workbook  # most imports are of CSV files

            with open_workbook(octets, name) as workbook:
                yield workbook
            return
        with as_csv(octets, name) as file:
            yield file


def _is_zip(octets: IO[bytes]) -> bool:
    octets.seek(0)
    start = octets.read(4)
    octets.seek(0)
    return start == b"PK\x03\x04"
