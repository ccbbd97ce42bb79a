"""An XLSX workbook as rows: its first sheet that shows, every value as the text that a CSV file would have.

A workbook is a ZIP archive of XML parts, in which a few kilobytes can stand for gigabytes (threat T8). How large each
part becomes is asked of the archive's directory before anything is unpacked, and the reader of archives takes out no
more than that; parts that define XML entities are refused, as no workbook does (ECMA-376 part 2 section 6.1.3 forbids them).
"""

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import IO, TYPE_CHECKING, Any
from zipfile import BadZipFile

from newsletter.audience.errors import FileRefused
from newsletter.audience.importing.reading import COLUMNS_MAX, FIELD_LENGTH_MAX, Row

if TYPE_CHECKING:
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet  # type: ignore[import-untyped]

PARTS_MAX = 2_000
UNPACKED_BYTES_MAX = 400_000_000
# These are held in memory, about five times as large: the texts that cells share, the styles, the names of sheets.
SHARED_BYTES_MAX = 50_000_000
_SHEETS = "xl/worksheets/"
_HEAD_BYTES = 65_536
# What may stand before the first element: a declaration and comments. A DOCTYPE does not fit.
_PROLOGUE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?\s*(?:<!--.*?-->\s*|<\?.*?\?>\s*)*<[A-Za-z]", re.S
)
_AS_CSV = "save it as “CSV UTF-8” and try again"


class Workbook:
    """An open workbook: its header, then its rows, once. A row's line is its number in the sheet."""

    is_encoding_guessed = False

    def __init__(self, name: str, sheet: "ReadOnlyWorksheet") -> None:
        self.name = name
        self._rows = _rows(name, sheet)
        with_values = ((line, values) for line, values in self._rows if values)
        self.header_line, self.header = next(with_values, (0, []))
        if not self.header:
            raise FileRefused(
                name, "the first sheet is empty; a header and a line for each reader should be in it"
            )
        if len(self.header) > COLUMNS_MAX:
            raise FileRefused(name, f"the header has more than {COLUMNS_MAX} columns", self.header_line)

    def rows(self) -> Iterator[Row]:
        """Every row after the header but blank ones."""
        for line, values in self._rows:
            if not values:
                continue
            if len(values) > COLUMNS_MAX:
                yield Row(line, [], f"the line has more than {COLUMNS_MAX} values")
            elif max(map(len, values)) > FIELD_LENGTH_MAX:
                yield Row(line, [], f"a value is longer than {FIELD_LENGTH_MAX} characters")
            else:
                yield Row(line, values)


@contextmanager
def open_workbook(octets: IO[bytes], name: str) -> Iterator[Workbook]:
    """The workbook in a file, open for as long as the block runs. Raises FileRefused."""
    from openpyxl import load_workbook  # type: ignore[import-untyped]  # only who imports one pays for it

    _check_archive(octets, name)
    try:
        # Values, not the formulas behind them; row by row, not the whole sheet.
        book = load_workbook(octets, read_only=True, data_only=True, keep_links=False)
    except Exception as error:  # whatever a broken part makes a reader of XML stumble over
        raise FileRefused(name, f"the workbook cannot be read; {_AS_CSV}") from error
    try:
        shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not shown:
            raise FileRefused(name, "the workbook has no sheet")
        yield Workbook(name, shown[0])
    finally:
        book.close()


def _check_archive(octets: IO[bytes], name: str) -> None:
    try:
        with zipfile.ZipFile(octets) as archive:
            parts = archive.infolist()
            if "[Content_Types].xml" not in archive.namelist():
                raise FileRefused(name, f"this is an archive, not an XLSX workbook; {_AS_CSV}")
            _check_sizes(parts, name)
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    _check_prologue(archive, part, name)
    except (BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise FileRefused(name, f"this is a spreadsheet that cannot be read; {_AS_CSV}") from error
    finally:
        octets.seek(0)


def _check_sizes(parts: Sequence[zipfile.ZipInfo], name: str) -> None:
    total = sum(part.file_size for part in parts)
    shared = sum(part.file_size for part in parts if not part.filename.startswith(_SHEETS))
    if len(parts) > PARTS_MAX or total > UNPACKED_BYTES_MAX or shared > SHARED_BYTES_MAX:
        raise FileRefused(
            name,
            f"unpacked, the workbook would be larger ({total // 1_000_000} MB) than is read "
            f"({UNPACKED_BYTES_MAX // 1_000_000} MB, {SHARED_BYTES_MAX // 1_000_000} MB of them beside the cells); "
            f"{_AS_CSV}",
        )


def _check_prologue(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    with archive.open(part) as opened:
        head = opened.read(_HEAD_BYTES)
    if not _PROLOGUE.match(head):
        raise FileRefused(name, f"a part of the workbook is not what it should be; {_AS_CSV}")


def _rows(name: str, sheet: "ReadOnlyWorksheet") -> Iterator[tuple[int, list[str]]]:
    line = 0
    try:
        # One column more than may be: whether there are too many is told by a value in it.
        for line, cells in enumerate(sheet.iter_rows(max_col=COLUMNS_MAX + 1, values_only=True), start=1):
            yield line, _texts(cells)
    except Exception as error:  # as above, in a part that is read only now
        raise FileRefused(name, f"the workbook cannot be read any further; {_AS_CSV}", line + 1) from error


def _texts(cells: Sequence[Any]) -> list[str]:
    """The cells of a row as trimmed texts, without the empty ones at its end."""
    values = [_text(cell) for cell in cells]
    while values and not values[-1]:
        values.pop()
    return values


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case str():
            return cell.strip()
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(" ", "minutes")
        case date() | time():
            return cell.isoformat()
    return str(cell)
