"""Messages compiled once per variant: all that readers share is encoded beforehand, and a reader's message is a join.

The source holds merge fields (`newsletter.foundation.merge`) in header values and in both bodies. Compiling encodes and
splits it into fixed pieces and slots (docs/decisions/0008-compiled-messages.md); `CompiledMessage.fill` gives the
messages of many readers at once, `assemble` that of one: CRLF line ends, body lines of at most 76 characters, no line that begins with a dot, and
nothing outside ASCII except the address of a recipient that is so itself (RFC 6532).
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import repeat
from typing import TypeAlias

from newsletter.foundation.merge import Field, split_fields
from newsletter.transport.header_templates import Columns, Slot, check_names, compile_header
from newsletter.transport.headers import on_one_line
from newsletter.transport.octets import WireOctets, WirePieces
from newsletter.transport.quoted_printable import SOFT_BREAK, encode_piece, encode_value

# Nothing to encode, to escape or to guard at column 0, and short enough for a line: tokens, links, most addresses.
_PLAIN = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_.:/?@!$()*+,;~%#-]{0,74}\Z")

BodySlot: TypeAlias = Callable[[Columns, int], tuple[list[bytes], list[bytes]]]
"""Writes what so many readers' values give, in the text and in the HTML."""


@dataclass(frozen=True, slots=True)
class MessageSource:
    """What a variant says to everybody: header names and values in order, the text and the HTML, with merge fields.

    A field's default stands in the message as it is in the source, so in `html` it is HTML already; values are escaped.
    """

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    plain: frozenset[str] = frozenset()
    """Keys of fields whose values are only ever letters, digits, `-` and `_`, 1 to 64 of them: tokens. Whoever gives them
    answers for that, and they are written without another look."""


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """A variant ready to be joined with the values of one reader after another."""

    fields: frozenset[str]
    """The keys of the values that are looked up: `first_name`, `link:unsubscribe`."""
    _headers: tuple[Slot, ...]
    _bodies: tuple[BodySlot, ...]
    _in_order: tuple[bytes | int, ...]
    """The message's pieces: what is fixed, and the places of what is filled, the headers' values before the bodies'; a value
    that comes twice is filled in once and stands twice."""

    def fill(self, columns: Columns, count: int) -> list[WirePieces]:
        """The messages of so many readers in pieces, for whoever joins them anyway. `columns` has for each key all their values.

        Many at once cost each half as much as one alone. Raises HeaderRefused where one of them cannot stand in its header.
        """
        filled = [slot(columns, count) for slot in self._headers]
        for body_slot in self._bodies:
            filled += body_slot(columns, count)
        in_order = [
            filled[piece] if isinstance(piece, int) else repeat(piece, count) for piece in self._in_order
        ]
        return list(map(WirePieces, zip(*in_order, strict=True)))

    def assemble(self, values: Mapping[str, str]) -> WireOctets:
        """The whole message for the reader with these values. Raises HeaderRefused where one cannot stand in its header."""
        [pieces] = self.fill({key: [value] for key, value in values.items()}, 1)
        return WireOctets(b"".join(pieces))


def compile_message(source: MessageSource) -> CompiledMessage:
    """The source, encoded and split at its fields. Raises HeaderRefused where a header cannot be written."""
    check_names([name for name, _ in source.headers])
    parts = _Parts(source.plain)
    for name, value in source.headers:
        parts.add_header(name, value)
    boundary = _boundary(source)
    parts.add(f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n'.encode())
    for subtype, body in (("plain", source.text), ("html", source.html)):
        parts.add(_part_head(boundary, subtype))
        _add_body(parts, subtype, body)
    parts.add(f"\r\n--{boundary}--\r\n".encode())
    return parts.compiled()


class _Parts:
    """Collects pieces and slots; a slot that comes twice is filled once."""

    def __init__(self, plain: Collection[str]) -> None:
        self._plain = plain
        self._headers: dict[Slot, int] = {}
        self._bodies: dict[Field, int] = {}
        self._order: list[bytes | tuple[Slot | Field, bool]] = []
        self._keys: set[str] = set()

    def add(self, piece: bytes) -> None:
        if self._order and isinstance(before := self._order[-1], bytes):
            self._order[-1] = before + piece
        elif piece:
            self._order.append(piece)

    def add_header(self, name: str, value: str) -> None:
        for piece in compile_header(name, value, self._plain):
            if isinstance(piece, bytes):
                self.add(piece)
            else:
                self._headers.setdefault(piece, len(self._headers))
                self._order.append((piece, False))
        self._keys.update(piece.key for piece in split_fields(value) if isinstance(piece, Field))

    def add_body(self, field: Field, *, is_html: bool) -> None:
        self._bodies.setdefault(field, len(self._bodies))
        self._order.append((field, is_html))
        self._keys.add(field.key)

    def compiled(self) -> CompiledMessage:
        return CompiledMessage(
            frozenset(self._keys),
            tuple(self._headers),
            tuple(_body_slot(field, is_plain=field.key in self._plain) for field in self._bodies),
            tuple(piece if isinstance(piece, bytes) else self._place(*piece) for piece in self._order),
        )

    def _place(self, slot: Slot | Field, is_html: bool) -> int:
        if isinstance(slot, Field):
            return len(self._headers) + 2 * self._bodies[slot] + is_html
        return self._headers[slot]


def _boundary(source: MessageSource) -> str:
    # "=_" can stand in no quoted-printable body (RFC 2045 section 6.7), so no content can hold the boundary.
    # The same source has the same boundary: a message is the same to the octet when it is assembled again.
    digest = hashlib.sha256(repr((source.headers, source.text, source.html)).encode("utf-8", "replace"))
    return f"=_{digest.hexdigest()[:32]}"


def _part_head(boundary: str, subtype: str) -> bytes:
    return (
        f'\r\n--{boundary}\r\nContent-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    ).encode()


def _add_body(parts: _Parts, subtype: str, body: str) -> None:
    pieces = split_fields(body)
    for index, piece in enumerate(pieces):
        if isinstance(piece, str):
            parts.add(encode_piece(piece, is_last=index == len(pieces) - 1))
        else:
            parts.add_body(piece, is_html=subtype == "html")


def _body_slot(field: Field, *, is_plain: bool) -> BodySlot:
    """Fills a field, for the text and for the HTML."""
    default = encode_value(on_one_line(field.default))
    defaults = (default, default)

    def fill(columns: Columns, count: int) -> tuple[list[bytes], list[bytes]]:
        column = columns.get(field.key)
        if column is None:
            return [default] * count, [default] * count
        if is_plain:
            octets = [value.encode("ascii") + SOFT_BREAK for value in column]
            return octets, octets
        in_text, in_html = [], []
        for value in column:
            if _PLAIN.match(value):
                as_text = as_html = value.encode("ascii") + SOFT_BREAK
            else:
                as_text, as_html = _encoded(value) or defaults
            in_text.append(as_text)
            in_html.append(as_html)
        return in_text, in_html

    return fill


@lru_cache(maxsize=4096)
def _encoded(value: str) -> tuple[bytes, bytes] | None:
    """A value in the text and in the HTML, None where there is nothing to be seen in it. First names come again."""
    value = on_one_line(value)
    return (encode_value(value), encode_value(escape(value))) if value.strip() else None
