"""Messages compiled once per variant: all that readers share is encoded beforehand, and a reader's message is a join.

The source holds merge fields (`newsletter.foundation.merge`) in header values and in both bodies. Compiling encodes and
splits it into fixed pieces and slots (docs/decisions/0008-compiled-messages.md); `CompiledMessage.assemble` gives the
whole message of one reader: CRLF line ends, body lines of at most 76 characters, no line that begins with a dot, and
nothing outside ASCII except the address of a recipient that is so itself (RFC 6532).
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from operator import itemgetter
from typing import TypeAlias

from newsletter.foundation.merge import Field, split_fields
from newsletter.transport.header_templates import Slot, Values, check_names, compile_header
from newsletter.transport.headers import on_one_line
from newsletter.transport.octets import WireOctets, WirePieces
from newsletter.transport.quoted_printable import SOFT_BREAK, encode_piece, encode_value

# Nothing to encode, to escape or to guard at column 0, and short enough for a line: tokens, links, most addresses.
_PLAIN = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_.:/?@!$()*+,;~%#-]{0,74}\Z")

BodySlot: TypeAlias = Callable[[Values], tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class MessageSource:
    """What a variant says to everybody: header names and values in order, the text and the HTML, with merge fields.

    A field's default stands in the message as it is in the source, so in `html` it is HTML already; values are escaped.
    """

    headers: tuple[tuple[str, str], ...]
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """A variant ready to be joined with the values of one reader after another."""

    fields: frozenset[str]
    """The keys of the values that are looked up: `first_name`, `link:unsubscribe`."""
    _fixed: tuple[bytes, ...]
    _headers: tuple[Slot, ...]
    _bodies: tuple[BodySlot, ...]
    _in_order: Callable[[Sequence[bytes]], tuple[bytes, ...]]
    """Picks the pieces of a message out of what is fixed, the headers' values and the bodies' values, in the order of the
    message; a value that comes twice is filled in once and picked twice."""

    def fill(self, values: Mapping[str, str]) -> tuple[bytes, ...]:
        """What is this reader's own in the message, a few hundred octets. Raises HeaderRefused as `assemble`."""
        filled = [slot(values) for slot in self._headers]
        for body_slot in self._bodies:
            filled += body_slot(values)
        return tuple(filled)

    def pieces(self, filled: tuple[bytes, ...]) -> WirePieces:
        """The message with what `fill` gave, for whoever joins it anyway."""
        return WirePieces(self._in_order(self._fixed + filled))

    def assemble(self, values: Mapping[str, str]) -> WireOctets:
        """The whole message for the reader with these values. Raises HeaderRefused where one cannot stand in its header."""
        return WireOctets(b"".join(self.pieces(self.fill(values))))


def compile_message(source: MessageSource) -> CompiledMessage:
    """The source, encoded and split at its fields. Raises HeaderRefused where a header cannot be written."""
    check_names([name for name, _ in source.headers])
    parts = _Parts()
    for name, value in source.headers:
        line = compile_header(name, value)
        if isinstance(line, bytes):
            parts.add(line)
        else:
            parts.add_header(line, split_fields(value))
    boundary = _boundary(source)
    parts.add(f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n'.encode())
    for subtype, body in (("plain", source.text), ("html", source.html)):
        parts.add(_part_head(boundary, subtype))
        _add_body(parts, subtype, body)
    parts.add(f"\r\n--{boundary}--\r\n".encode())
    return parts.compiled()


class _Parts:
    """Collects pieces and slots; a slot that comes twice is filled once."""

    def __init__(self) -> None:
        self._fixed: list[bytes] = []
        self._headers: list[Slot] = []
        self._bodies: dict[Field, int] = {}
        self._order: list[tuple[str, int]] = []
        self._keys: set[str] = set()

    def add(self, piece: bytes) -> None:
        if self._order and self._order[-1][0] == "fixed":
            self._fixed[-1] += piece
        elif piece:
            self._order.append(("fixed", len(self._fixed)))
            self._fixed.append(piece)

    def add_header(self, slot: Slot, pieces: list[str | Field]) -> None:
        self._order.append(("header", len(self._headers)))
        self._headers.append(slot)
        self._keys.update(piece.key for piece in pieces if isinstance(piece, Field))

    def add_body(self, field: Field, *, is_html: bool) -> None:
        number = self._bodies.setdefault(field, len(self._bodies))
        self._order.append(("body", 2 * number + is_html))
        self._keys.add(field.key)

    def compiled(self) -> CompiledMessage:
        starts = {"fixed": 0, "header": len(self._fixed), "body": len(self._fixed) + len(self._headers)}
        places = [starts[kind] + number for kind, number in self._order]
        return CompiledMessage(
            frozenset(self._keys),
            tuple(self._fixed),
            tuple(self._headers),
            tuple(map(_body_slot, self._bodies)),
            itemgetter(*places) if len(places) > 1 else tuple,
        )


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


def _body_slot(field: Field) -> BodySlot:
    """Fills a field, for the text and for the HTML."""
    key = field.key
    default = encode_value(on_one_line(field.default))

    def fill(values: Values) -> tuple[bytes, bytes]:
        value = values.get(key)
        if not value:
            return default, default
        if _PLAIN.match(value):
            octets = value.encode("ascii") + SOFT_BREAK
            return octets, octets
        return _encoded(value) or (default, default)

    return fill


@lru_cache(maxsize=4096)
def _encoded(value: str) -> tuple[bytes, bytes] | None:
    """A value in the text and in the HTML, None where there is nothing to be seen in it. First names come again."""
    value = on_one_line(value)
    return (encode_value(value), encode_value(escape(value))) if value.strip() else None
