import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from newsletter.audience.errors import FileRefused
from newsletter.audience.importing.reading import FIELD_LENGTH_MAX, CsvFile, Row, open_csv


def read(octets: bytes) -> tuple[CsvFile, list[Row]]:
    with open_csv(io.BytesIO(octets)) as file:
        return file, list(file.rows())


def tabular(octets: bytes) -> list[tuple[int, list[str]]]:
    file, rows = read(octets)
    return [(file.header_line, file.header), *((row.line, row.values) for row in rows)]


_VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_TRICKY = st.lists(st.sampled_from([*' ",;\t\n\rxé', "\r\n", "\u2028", "\x0b"]), max_size=8).map("".join)


@given(
    table=st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.one_of(_VALUES, _TRICKY), min_size=width, max_size=width), max_size=8
        )
    ),
    delimiter=st.sampled_from(",;\t"),
    line_end=st.sampled_from(["\r\n", "\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]),
    is_all_quoted=st.booleans(),
)
def test_any_table_reads_back_with_its_lines(
    table: list[list[str]], delimiter: str, line_end: str, encoding: str, is_all_quoted: bool
) -> None:
    width = len(table[0]) if table else 2
    header = ["email", *(f"column {number}" for number in range(1, width))]
    out = io.StringIO(newline="")
    # A single CR or LF in an unquoted value is one that csv itself would not read again.
    has_breaks = any(sign in value for row in table for value in row for sign in "\r\n")
    # A space before a quotation mark is taken for padding.
    has_padding = any(value.startswith(" ") for row in table for value in row)
    quoting = csv.QUOTE_ALL if is_all_quoted or has_breaks or has_padding else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    writer.writerow(header)
    expected = [(1, header)]
    for row in table:
        line = 1 + len(io.StringIO(out.getvalue(), newline=None).readlines())
        writer.writerow(row)
        if any(value.strip() for value in row):
            expected.append((line, [value.strip() for value in row]))
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    octets = (mark + out.getvalue()).encode(encoding)
    assert tabular(octets) == expected


@given(st.binary(max_size=300))
def test_any_octets_are_rows_or_refused(octets: bytes) -> None:
    try:
        _, rows = read(octets)
    except FileRefused as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))


@given(st.lists(st.sampled_from(["email", "a", '"', ",", "\n", "\r\n", " ", "é"])).map("".join))
def test_any_quotes_are_rows_or_refused(text: str) -> None:
    assume(text.strip())
    try:
        _, rows = read(text.encode())
    except FileRefused:
        return
    assert all(row.problem or any(row.values) for row in rows)


def test_latin_1_saved_by_a_spreadsheet_is_read_and_marked_as_guessed() -> None:
    octets = "email;prénom\r\nzoe@example.org;Zoë\r\nl@example.org;L’été – 5 €\r\n".encode("cp1252")
    file, rows = read(octets)
    assert (file.is_encoding_guessed, file.delimiter, file.header) == (True, ";", ["email", "prénom"])
    assert rows == [Row(2, ["zoe@example.org", "Zoë"]), Row(3, ["l@example.org", "L’été – 5 €"])]


def test_utf_8_with_a_mark_is_not_guessed_and_keeps_no_mark() -> None:
    file, rows = read(b"\xef\xbb\xbfemail,name\n\xc3\xa9@example.org,x\n")
    assert (file.is_encoding_guessed, file.header, rows) == (
        False,
        ["email", "name"],
        [Row(2, ["é@example.org", "x"])],
    )


def test_line_numbers_stay_those_of_the_file() -> None:
    octets = b'\r\nsep=;\r\nemail;"more\r\nthan this"\r\n\r\na;"x\r\ny\r\nz"\r\n;\r\nb;c'
    assert tabular(octets) == [
        (3, ["email", "more\r\nthan this"]),
        (6, ["a", "x\r\ny\r\nz"]),
        (10, ["b", "c"]),
    ]


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [
        ("email,a;b,c", ","),
        ("email;a,b;c", ";"),
        ("email\ta b\tc", "\t"),
        ("email", ","),
        ('email;"a,b,c,d"', ";"),
    ],
)
def test_delimiter_is_the_one_that_splits_the_header(header: str, delimiter: str) -> None:
    file, _ = read(header.encode())
    assert file.delimiter == delimiter


def test_quotation_mark_inside_a_quoted_value_is_a_problem_of_that_line_only() -> None:
    _, rows = read(b'email,name\na,"Anna "the cat" B"\nb,"""Bo"""\nc,5" tall\n')
    assert [(row.line, row.values, bool(row.problem)) for row in rows] == [
        (2, [], True),
        (3, ["b", '"Bo"'], False),
        (4, ["c", '5" tall'], False),
    ]


@pytest.mark.parametrize("length", [FIELD_LENGTH_MAX + 1, 200_000])
def test_value_that_is_too_long_is_a_problem_of_that_line_only(length: int) -> None:
    _, rows = read(b"email,note\na," + b"x" * length + b"\nb,c\n")
    assert [(row.line, row.problem) for row in rows] == [
        (2, "a value is longer than 10000 characters"),
        (3, ""),
    ]


def test_line_of_too_many_values_is_a_problem_and_is_not_kept() -> None:
    _, rows = read(b"email\n" + b"x" + b"," * 200 + b"\nb\n" + b"," * 300 + b"\n")
    assert rows == [Row(2, [], "the line has 201 values; at most 200 are read"), Row(3, ["b"])]


def refusal(octets: bytes) -> tuple[int | None, str]:
    with pytest.raises(FileRefused) as refused:
        read(octets)
    return refused.value.line, str(refused.value)


def _a_png() -> bytes:
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256))


@pytest.mark.parametrize(
    ("octets", "line", "words"),
    [
        (b"", None, "the file: the file is empty; a header and a line for each reader should be in it"),
        (b" \r\n\n", None, "the file: the file is empty; a header and a line for each reader should be in it"),
        (b"PK\x03\x04xxxx", None, "the file: this is a spreadsheet, not a CSV file; save it as “CSV UTF-8” and try again"),
        (_a_png(), None, "the file: the file is text in no encoding that is understood; save it as “CSV UTF-8” and try again"),
        (b"\xef\xbb\xbfemail\n\xff", None, "the file: the file is text in no encoding that is understood; save it as “CSV UTF-8” and try again"),
        (b"email\na\nb\0\n", 3, "the file, line 3: this is not text but a binary file; save it as “CSV UTF-8” and try again"),
        ("email\na\n".encode("utf-16-le"), 1, "the file, line 1: this is not text but a binary file; save it as “CSV UTF-8” and try again"),
        (b'email,name\na,b\nc,"d\ne,f\n', 3, "the file, line 3: a quotation mark opens here and is never closed"),
        (b'email,name\na,"b\n' + b"x,y\n" * 4000 + b'"\n', 2, "the file, line 2: a quotation mark opens here and is not closed within 10000 characters"),
        (b'email,name\na,"b\n' + b"x,y\n" * 50_000 + b'"\n', 2, "the file, line 2: a quotation mark opens here and is never closed"),
        (b"email" + b"," * 200, 1, "the file, line 1: the header has 201 columns; at most 200 are read"),
        (b'email,"name\na,b\n', 1, "the file, line 1: a quotation mark in the header is never closed"),
        (b"email\na\n" + b"x" * 1_000_000, 3, "the file, line 3: the line is longer than a million characters"),
    ],
)  # fmt: skip
def test_t8_what_is_no_such_file_is_refused_with_its_line(
    octets: bytes, line: int | None, words: str
) -> None:
    assert refusal(octets) == (line, words)


def test_t8_line_of_a_gigabyte_is_never_held_in_memory() -> None:
    class Endless(io.RawIOBase):
        """A first line that goes on for 40 MB: a longer one would only take longer."""

        left = 40

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
            if not self.left:
                return 0
            self.left -= 1
            size = len(buffer)
            buffer[:] = b"x" * size
            return size

    with pytest.raises(FileRefused, match="line 1: the line is longer"), open_csv(Endless()) as file:  # type: ignore[arg-type]
        list(file.rows())


def test_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "none.csv", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(FileRefused, match=words), open_csv(path):
            pass


def test_file_is_named_in_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "readers.csv"
    path.write_bytes(b"email\n\0")
    with pytest.raises(FileRefused, match=r"^readers\.csv, line 2: "), open_csv(path) as file:
        list(file.rows())
