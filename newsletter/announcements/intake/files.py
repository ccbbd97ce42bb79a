"""Files from outside: read within limits, decoded, and cut into lines, or refused in one clear line."""

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from newsletter.foundation.errors import BadInput

SOURCE_MAX_BYTES = 20_000_000
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = re.compile(r"\r\n|\r|\n")
# What neither XML nor a mail can hold, and the line separators that would tear a line after it was counted.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufdd0-\ufdef\ufffe\uffff]")
_CONTROL_SHARE_MAX = 0.05


@dataclass(frozen=True, slots=True)
class SourceText:
    """A file as lines without their ends; what had to be guessed or replaced on the way is told."""

    name: str
    lines: tuple[str, ...]
    is_encoding_guessed: bool
    has_control_characters: bool


def read_source(path: Path, limit_bytes: int = SOURCE_MAX_BYTES) -> bytes:
    """The content of a regular file of at most `limit_bytes`; a larger one is refused unread. Raises BadInput."""
    try:
        if not path.exists():
            raise BadInput(f"{path} does not exist.")
        if not path.is_file():
            raise BadInput(f"{path} is not a file.")
        with path.open("rb") as stream:
            data = stream.read(limit_bytes + 1) if path.stat().st_size <= limit_bytes else None
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if data is None or len(data) > limit_bytes:
        raise BadInput(
            f"{path} is larger than {limit_bytes // 1_000_000} MB, the most that one file may have; split it."
        )
    return data


def decode_source(data: bytes, name: str) -> SourceText:
    """The text as lines: UTF-8, UTF-16 or UTF-32 by its mark, else Windows-1252. Raises BadInput where it is no text."""
    if len(data) > SOURCE_MAX_BYTES:
        raise BadInput(
            f"{name} is larger than {SOURCE_MAX_BYTES // 1_000_000} MB, the most that one file may have."
        )
    text, is_guessed = _decode(data, name)
    if not text.strip():
        raise BadInput(f"{name} is empty: there is no announcement in it.")
    control_count = len(_CONTROL.findall(text))
    if "\0" in text or control_count > len(text) * _CONTROL_SHARE_MAX + 1:
        raise BadInput(f"{name} is not a text file.")
    lines = _LINE_END.split(_CONTROL.sub(" ", text))
    if lines[-1] == "":
        lines.pop()
    return SourceText(name, tuple(lines), is_guessed, control_count > 0)


def _decode(data: bytes, name: str) -> tuple[str, bool]:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding), False
            except UnicodeDecodeError as error:
                raise BadInput(
                    f"{name} begins like {encoding.upper()} text and then is not: it is damaged."
                ) from error
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError:
        return data.decode("windows-1252", errors="replace"), True


def source_key(parts: Iterable[str | bytes]) -> str:
    """The sha256, in hex, of texts (their spacing put aside) and bytes: stable from one import to the next."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            part = " ".join(unicodedata.normalize("NFC", part).split()).encode()
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
