"""Readers as a CSV file, an XLSX workbook or a JSON array, written as they come."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import IO, Any

from newsletter.audience.exporting.rows import COLUMNS, ExportedReader
from newsletter.audience.formulas import harmless
from newsletter.foundation.errors import BadInput

# ECMA-376 part 1 section 18.3.1.73; what every spreadsheet program holds in one sheet.
_SHEET_ROWS_MAX = 1_048_576
# What XML 1.0 section 2.2 has no place for.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class ExportFormat(StrEnum):
    """What kind of file."""

    CSV = "csv"  # UTF-8 with a mark, so that spreadsheets see the accents
    XLSX = "xlsx"  # every cell a text
    JSON = "json"  # nothing changed in the values; for programs


class SheetIsFull(BadInput):
    """More readers than a sheet has rows."""

    def __init__(self) -> None:
        super().__init__(
            f"A sheet holds {_SHEET_ROWS_MAX - 1} readers; export one list or segment at a time, or as CSV."
        )


def write_export(
    octets: IO[bytes], kind: ExportFormat, names: Sequence[str], readers: Iterable[ExportedReader]
) -> int:
    """Writes the readers, with the attributes of these names; how many they were. Raises SheetIsFull.

    In CSV and XLSX nothing is left that a spreadsheet takes for a formula (`formulas.harmless`).
    """
    writers: dict[ExportFormat, Callable[[IO[bytes], Sequence[str], Iterable[ExportedReader]], int]] = {
        ExportFormat.CSV: _write_csv,
        ExportFormat.XLSX: _write_xlsx,
        ExportFormat.JSON: _write_json,
    }
    return writers[kind](octets, names, readers)


def _write_csv(octets: IO[bytes], names: Sequence[str], readers: Iterable[ExportedReader]) -> int:
    octets.write(b"\xef\xbb\xbf")
    text = _Encoded(octets)
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180 section 2
    writer.writerow([harmless(name) for name in (*COLUMNS, *names)])
    count = 0
    for reader in readers:
        writer.writerow([harmless(cell) for cell in reader.cells(names)])
        count += 1
    return count


class _Encoded:
    """Takes text and writes it in UTF-8; unlike a TextIOWrapper it never closes what is below."""

    def __init__(self, octets: IO[bytes]) -> None:
        self._octets = octets

    def write(self, text: str) -> int:
        return self._octets.write(text.encode())


def _write_xlsx(octets: IO[bytes], names: Sequence[str], readers: Iterable[ExportedReader]) -> int:
    from openpyxl import Workbook  # type: ignore[import-untyped]  # only who exports one pays for it
    from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

    book = Workbook(write_only=True)
    sheet = book.create_sheet("newsletter")

    def cell(text: str) -> Any:
        made = WriteOnlyCell(sheet, value=_NOT_IN_XML.sub("", harmless(text)))
        made.data_type = "s"  # a text, whatever it looks like
        return made

    sheet.append([cell(name) for name in (*COLUMNS, *names)])
    count = 0
    for count, reader in enumerate(readers, start=1):
        if count >= _SHEET_ROWS_MAX:
            raise SheetIsFull
        sheet.append([cell(text) if text else None for text in reader.cells(names)])
    book.save(octets)
    return count


def _write_json(octets: IO[bytes], _names: Sequence[str], readers: Iterable[ExportedReader]) -> int:
    count = 0
    octets.write(b"[")
    for count, reader in enumerate(readers, start=1):
        octets.write(b",\n" if count > 1 else b"\n")
        octets.write(json.dumps(_in_words(reader), ensure_ascii=False).encode())
    octets.write(b"\n]\n")
    return count


def _in_words(reader: ExportedReader) -> dict[str, Any]:
    return {
        "address": reader.address,
        "name": reader.name,
        "first_name": reader.first_name,
        "languages": list(reader.languages),
        "language_origin": reader.language_origin.value,
        "reads_both": reader.reads_both,
        "lists": {slug: state.value for slug, state in reader.lists.items()},
        "attributes": reader.attributes,
    }
