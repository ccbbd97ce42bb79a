"""XLSX workbooks as people save them, and as somebody makes them who wants to do harm (T8)."""

import io
import shutil
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from newsletter.audience.errors import FileRefused
from newsletter.audience.importing.reading import Row
from newsletter.audience.importing.sources import Table, open_table
from newsletter.audience.importing.workbook import (
    SHARED_BYTES_MAX,
    UNPACKED_BYTES_MAX,
)


def workbook(*rows: list[Any], change: Callable[[Any], None] = lambda _book: None) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book)
    octets = io.BytesIO()
    book.save(octets)
    return octets.getvalue()


def read(octets: bytes) -> tuple[Table, list[Row]]:
    with open_table(io.BytesIO(octets)) as table:
        return table, list(table.rows())


def refusal(octets: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        read(octets)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_workbook_is_read_as_a_csv_file_would_be() -> None:
    table, rows = read(
        workbook(
            [],
            ["E-mail", " Prénom ", None, "Né le", "Vu", "Membre", "Actif", "Solde"],
            ["a@example.org", "Zoë\n", None, date(1980, 1, 31), datetime(2026, 1, 2, 8, 30), 7.0, True, 1.5],  # noqa: DTZ001 - cells have no zone
            [None, None],
            ["b@example.org"],
        )
    )
    assert (table.header_line, table.header) == (
        2,
        ["E-mail", "Prénom", "", "Né le", "Vu", "Membre", "Actif", "Solde"],
    )
    assert rows == [
        Row(3, ["a@example.org", "Zoë", "", "1980-01-31", "2026-01-02 08:30", "7", "true", "1.5"]),
        Row(5, ["b@example.org"]),
    ]
    assert table.is_encoding_guessed is False


def test_first_sheet_that_shows_is_read() -> None:
    def hide(book: Any) -> None:
        book.active.sheet_state = "hidden"
        book.create_sheet("Lecteurs").append(["email"])

    table, rows = read(workbook(["secret"], change=hide))
    assert (table.header, rows) == (["email"], [])


def test_row_that_is_too_wide_or_too_long_is_refused_by_itself() -> None:
    _, rows = read(workbook(["email"], ["a@example.org"] * 300, ["x" * 10_001], ["b@example.org"]))
    assert [(row.line, row.problem) for row in rows] == [
        (2, "the line has more than 200 values"),
        (3, "a value is longer than 10000 characters"),
        (4, ""),
    ]


def test_empty_workbook_is_refused() -> None:
    assert refusal(workbook()) == (
        "the file: the first sheet is empty; a header and a line for each reader should be in it"
    )


def test_archive_that_is_no_workbook_is_refused() -> None:
    assert "an archive, not an XLSX workbook" in refusal(archive({"readme.txt": b"hello"}))
    assert "cannot be read" in refusal(b"PK\x03\x04 but nothing more")
    assert "cannot be read" in refusal(workbook(["email"])[:-40])


def archive(parts: dict[str, bytes]) -> bytes:
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return octets.getvalue()


def with_part(name: str, change: Callable[[bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook(["email"], ["a@example.org"]))) as whole:
        parts = {part: whole.read(part) for part in whole.namelist()}
    return archive({**parts, name: change(parts.get(name, b""))})


class Zeros(io.RawIOBase):
    """So many zero octets."""

    def __init__(self, count: int) -> None:
        self._left = count

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = min(len(buffer), self._left)
        buffer[:size] = bytes(size)
        self._left -= size
        return size


@pytest.mark.parametrize(
    ("part", "size"),
    [
        ("xl/worksheets/sheet2.xml", UNPACKED_BYTES_MAX + 1),
        ("xl/sharedStrings.xml", SHARED_BYTES_MAX + 1),
        ("xl/media/image.bin", SHARED_BYTES_MAX + 1),
    ],
)
def test_t8_zip_bomb_is_refused_before_it_is_unpacked(part: str, size: int) -> None:
    octets = io.BytesIO(workbook(["email"]))
    with (
        zipfile.ZipFile(octets, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as whole,
        whole.open(part, "w", force_zip64=True) as bomb,
    ):
        shutil.copyfileobj(Zeros(size), bomb, 1_000_000)
    assert len(octets.getvalue()) < size // 100
    assert "unpacked, the workbook would be larger" in refusal(octets.getvalue())


def test_t8_part_that_lies_about_its_size_is_not_read_beyond_it() -> None:
    octets = bytearray(
        with_part("xl/worksheets/sheet1.xml", lambda sheet: sheet.replace(b"a@", b" " * 5000 + b"a@"))
    )
    place = octets.rindex(b"PK\x01\x02", 0, octets.rindex(b"xl/worksheets/sheet1.xml"))
    octets[place + 24 : place + 28] = (100).to_bytes(4, "little")  # the size once unpacked, in the directory
    assert "cannot be read" in refusal(bytes(octets)) or "not what it should be" in refusal(bytes(octets))


@pytest.mark.parametrize(
    "prologue",
    [
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        b'<!-- long --><!DOCTYPE worksheet SYSTEM "file:///etc/passwd">',
        b"<!--" + b"x" * 70_000 + b"--><!DOCTYPE x [ ]>",
    ],
)
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "[Content_Types].xml"])
def test_t8_part_with_entities_is_refused(part: str, prologue: bytes) -> None:
    def put(content: bytes) -> bytes:
        declaration, mark, rest = content.partition(b"?>")
        return declaration + mark + prologue + rest if mark else prologue + content

    assert "not what it should be" in refusal(with_part(part, put))


def test_t8_many_parts_are_refused() -> None:
    parts = {f"xl/p{number}.xml": b"<a/>" for number in range(2100)}
    assert "would be larger" in refusal(archive({"[Content_Types].xml": b"<a/>", **parts}))


def test_t8_broken_xml_is_refused_in_one_line() -> None:
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "[Content_Types].xml"):
        assert "cannot be read" in refusal(with_part(part, lambda content: content[: len(content) // 2]))


def test_password_protected_or_old_workbook_is_refused() -> None:
    assert "save it as" in refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000))
