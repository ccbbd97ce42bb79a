"""A CSV file as rows with the numbers of their lines, whichever program saved it (RFC 4180, and what spreadsheets do).

Understood: UTF-8 with or without a mark, UTF-16 with one, else Windows-1252; lines ended by CR LF, LF or CR; commas,
semicolons or tabs between fields; quoted fields with line breaks in them; the `sep=;` line that Excel writes.
What cannot be such a file is refused whole, with its line; what is wrong with one row only is a problem of that row.
"""

import codecs
import csv
import io
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, TextIO

from newsletter.audience.errors import FileRefused

FIELD_LENGTH_MAX = 10_000
COLUMNS_MAX = 200
RECORD_LENGTH_MAX = 1_000_000
_TOO_LONG = f"a value is longer than {FIELD_LENGTH_MAX} characters"
_DELIMITERS = ",;\t"
_SPOOL_BYTES = 8_000_000
_CHUNK_BYTES = 1_000_000
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # what XLSX and ODS files, and old XLS files, begin with
_AS_CSV = "save it as “CSV UTF-8” and try again"


class Row(NamedTuple):
    """One record: the number of the line that it begins on, its trimmed values, or what is wrong with it."""

    line: int
    values: list[str]
    problem: str = ""


class CsvFile:
    """An open CSV file: its header, then its rows, once."""

    def __init__(self, name: str, encoding: str, text: TextIO) -> None:
        self.name = name
        self.encoding = encoding
        self._lines = _Lines(name, text)
        head = self._header_lines()
        self.header_line = self._lines.number - len(head) + 1
        self.delimiter = _delimiter_of(head)
        self.header = _split(head, self.delimiter)
        if len(self.header) > COLUMNS_MAX:
            raise FileRefused(
                name,
                f"the header has {len(self.header)} columns; at most {COLUMNS_MAX} are read",
                self.header_line,
            )

    @property
    def is_encoding_guessed(self) -> bool:
        """Whether the file was taken for Windows-1252 because it is not UTF-8."""
        return self.encoding == "cp1252"

    def rows(self) -> Iterator[Row]:
        """Every row after the header but blank ones. Raises FileRefused where the file ends being readable."""
        reader = csv.reader(self._lines, delimiter=self.delimiter, skipinitialspace=True, strict=True)
        while True:
            line = self._lines.begin_record()
            try:
                values = [value.strip() for value in next(reader)]
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(line, [], self._problem(line, str(error)))
                continue
            if not any(values):
                continue
            problem = self._length_problem(line, values)
            yield Row(line, [], problem) if problem else Row(line, values)

    def _header_lines(self) -> list[str]:
        head: list[str] = []
        self._lines.begin_record()
        for text in self._lines:
            if not head and (not text.strip() or _named_delimiter(text)):
                continue
            head.append(text)
            if sum(part.count('"') for part in head) % 2 == 0:
                return head
        if head:
            raise FileRefused(
                self.name,
                "a quotation mark in the header is never closed",
                self._lines.number - len(head) + 1,
            )
        raise FileRefused(self.name, "the file is empty; a header and a line for each reader should be in it")

    def _problem(self, line: int, words: str) -> str:
        if "field larger" in words and self._lines.number == line:
            return _TOO_LONG
        if "unexpected end of data" in words or "field larger" in words:
            raise FileRefused(self.name, "a quotation mark opens here and is never closed", line)
        return "a quotation mark stands inside a quoted value; double it or take it out"

    def _length_problem(self, line: int, values: list[str]) -> str:
        if len(values) > COLUMNS_MAX:
            return f"the line has {len(values)} values; at most {COLUMNS_MAX} are read"
        if self._lines.record_length <= FIELD_LENGTH_MAX or max(map(len, values)) <= FIELD_LENGTH_MAX:
            return ""
        if self._lines.number > line:
            raise FileRefused(
                self.name,
                f"a quotation mark opens here and is not closed within {FIELD_LENGTH_MAX} characters",
                line,
            )
        return _TOO_LONG


class _Lines:
    """The file's lines with their ends, counted; never more than one record's worth of text in memory."""

    def __init__(self, name: str, text: TextIO) -> None:
        self._name = name
        self._readline = text.readline
        self.record_length = 0  # in characters, of as much of the record as was read
        self.number = 0  # of the line read last; the first one is 1

    def begin_record(self) -> int:
        """The number of the line that comes next, where a record begins."""
        self.record_length = 0
        return self.number + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text = self._readline(RECORD_LENGTH_MAX)
        if not text:
            raise StopIteration
        self.number += 1
        self.record_length += len(text)
        if self.record_length >= RECORD_LENGTH_MAX:
            raise FileRefused(self._name, "the line is longer than a million characters", self.number)
        if "\0" in text:
            raise FileRefused(self._name, f"this is not text but a binary file; {_AS_CSV}", self.number)
        return text


@contextmanager
def open_csv(source: Path | str | BinaryIO) -> Iterator[CsvFile]:
    """The CSV file behind a path or a stream of octets, open for as long as the block runs. Raises FileRefused."""
    with open_octets(source) as (octets, name), as_csv(octets, name) as file:
        yield file


@contextmanager
def as_csv(octets: IO[bytes], name: str) -> Iterator[CsvFile]:
    """The octets as a CSV file. Raises FileRefused."""
    encoding = _encoding_of(octets, name)
    octets.seek(0)
    # newline="" keeps line ends as they are, and takes CR, LF and CR LF for one each.
    with io.TextIOWrapper(octets, encoding, newline="") as text:
        yield CsvFile(name, encoding, text)


@contextmanager
def open_octets(source: Path | str | BinaryIO) -> Iterator[tuple[IO[bytes], str]]:
    """The file and its name, able to go back to its start: its encoding is known only at the end of a first reading."""
    path = Path(source if isinstance(source, Path | str) else str(getattr(source, "name", "")))
    name = path.name or "the file"
    if isinstance(source, Path | str):
        try:
            opened = path.open("rb")
        except OSError as error:
            raise FileRefused(name, f"the file cannot be read ({error.strerror})") from error
        with opened:
            yield opened, name
        return
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as spool:
        shutil.copyfileobj(source, spool)
        yield spool, name


def _encoding_of(octets: IO[bytes], name: str) -> str:
    octets.seek(0)
    start = octets.read(4)
    if start in _SPREADSHEETS:
        raise FileRefused(name, f"this is a spreadsheet, not a CSV file; {_AS_CSV}")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif start.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", "cp1252"]
    for encoding in candidates:
        if _is_text(octets, encoding):
            return encoding
    raise FileRefused(name, f"the file is text in no encoding that is understood; {_AS_CSV}")


def _is_text(octets: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    octets.seek(0)
    try:
        while chunk := octets.read(_CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _named_delimiter(text: str) -> bool:
    return text.strip().lower() in {f"sep={delimiter}".strip() for delimiter in _DELIMITERS}


def _delimiter_of(head: list[str]) -> str:
    """The sign that stands most often in the header outside quotation marks; a comma where none does."""
    unquoted = re.sub(r'"[^"]*"', "", "".join(head))
    return max(_DELIMITERS, key=unquoted.count)


def _split(head: list[str], delimiter: str) -> list[str]:
    return [value.strip() for value in next(csv.reader(head, delimiter=delimiter, skipinitialspace=True))]
