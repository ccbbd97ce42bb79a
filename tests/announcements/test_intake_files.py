import os
from pathlib import Path

import pytest

from newsletter.announcements.intake.auto import IntakeFormat, read_path
from newsletter.announcements.intake.files import decode_source, read_source, source_key
from newsletter.foundation.errors import BadInput


def refusal(path: Path, format: IntakeFormat = "auto", language: str = "auto") -> str:
    with pytest.raises(BadInput) as raised:
        read_path(path, format, language, ("fr", "en"))
    return str(raised.value)


def test_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)  # a hole: reading it would be easy, the answer must not depend on it
    assert refusal(path) == f"{path} is larger than 20 MB, the most that one file may have; split it."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty: there is no announcement in it."),
        (b" \r\n\t\n", "is empty: there is no announcement in it."),
        (b"\x7fELF\x02\x01\x00\x00", "is not a text file."),
        (b"\x89PNG\r\n\x1a\n\x01\x02\x03\x04\x05\x06", "is not a text file."),
        (b"\xff\xfea", "begins like UTF-16-LE text and then is not: it is damaged."),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes(content)
    assert refusal(path) == f"x.txt {words}"


def test_missing_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.txt") == f"{tmp_path / 'no.txt'} does not exist."


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == f"{tmp_path / 'pipe'} is not a file."


def test_folder_as_text_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, format="text") == f"{tmp_path} is a folder; a text is one file."


def test_language_not_in_use_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, language="de") == "de is not one of the languages in use: fr, en."


def test_format_decides_over_the_name(tmp_path: Path) -> None:
    path = tmp_path / "note.md"
    path.write_text("---\nlang: en\n---\nA *word*.", encoding="utf-8")
    as_markdown = read_path(path, "auto", "auto", ("fr", "en")).drafts
    as_text = read_path(path, "text", "en-GB", ("fr", "en")).drafts
    assert [draft.texts[0].body for draft in as_markdown] == ["A *word*."]
    assert [draft.texts[0].body for draft in as_text] == [r"A \*word\*."]


def test_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert read_source(tmp_path / "a", limit_bytes=3) == b"abc"


def test_last_line_end_begins_no_line() -> None:
    assert decode_source(b"a\n\nb\n", "x").lines == ("a", "", "b")


def test_key_puts_spacing_and_composition_aside() -> None:
    assert source_key(["l’été  au\u00a0jardin"]) == source_key(["l’e\u0301te\u0301\nau jardin "])
    assert source_key(["ab", "c"]) != source_key(["a", "bc"])
