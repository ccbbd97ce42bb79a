"""Messages compiled once per variant: all that readers share is encoded beforehand, and a reader's message is a join.

The source holds merge fields (`newsletter.foundation.merge`) in header values and in both bodies. Compiling encodes and
splits it into fixed pieces and slots (docs/decisions/0008-compiled-messages.md); `CompiledMessage.assemble` gives the
whole message of one reader: CRLF line ends, body lines of at most 76 characters, no line that begins with a dot, and
nothing outside ASCII except the address of a recipient that is so itself (RFC 6532).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from newsletter.foundation.merge import Field, split_fields
from newsletter.transport.header_templates import Slot, Values, check_names, compile_header
from newsletter.transport.headers import on_one_line
from newsletter.transport.octets import WireOctets
from newsletter.transport.quoted_printable import SOFT_BREAK, encode_piece, encode_value

# Nothing to encode, to escape or to guard at column 0, and short enough for a line: tokens, links, most addresses.
_PLAIN = re.compile(r"[A-Za-z0-9_/][A-Za-z0-9_.:/?@!$()*+,;~%#-]{0,74}\Z")


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
    """The keys of the values that `assemble` looks up: `first_name`, `link:unsubscribe`."""
    _pieces: tuple[bytes, ...]
    _places: tuple[tuple[int, int], ...]
    _slots: tuple[Slot, ...]

    def assemble(self, values: Mapping[str, str]) -> WireOctets:
        """The whole message for the reader with these values. Raises HeaderRefused where one cannot stand in its header."""
        filled = [slot(values) for slot in self._slots]
        pieces = list(self._pieces)
        for place, number in self._places:
            pieces[place] = filled[number]
        return WireOctets(b"".join(pieces))


def compile_message(source: MessageSource) -> CompiledMessage:
    """The source, encoded and split at its fields. Raises HeaderRefused where a header cannot be written."""
    check_names([name for name, _ in source.headers])
    parts = _Parts()
    for name, value in source.headers:
        line = compile_header(name, value)
        if isinstance(line, bytes):
            parts.add(line)
        else:
            parts.add_slot((name, value), line, split_fields(value))
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
        self._pieces: list[bytes] = [b""]
        self._places: list[tuple[int, int]] = []
        self._slots: list[Slot] = []
        self._numbers: dict[object, int] = {}
        self._keys: set[str] = set()

    def add(self, piece: bytes) -> None:
        self._pieces[-1] += piece

    def add_slot(self, identity: object, slot: Slot, pieces: list[str | Field]) -> None:
        if identity not in self._numbers:
            self._numbers[identity] = len(self._slots)
            self._slots.append(slot)
            self._keys.update(piece.key for piece in pieces if isinstance(piece, Field))
        self._places.append((len(self._pieces), self._numbers[identity]))
        self._pieces += [b"", b""]

    def compiled(self) -> CompiledMessage:
        return CompiledMessage(
            frozenset(self._keys), tuple(self._pieces), tuple(self._places), tuple(self._slots)
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
            parts.add_slot((subtype, piece), _body_slot(piece, is_html=subtype == "html"), [piece])


def _body_slot(field: Field, *, is_html: bool) -> Slot:
    key, default = field.key, encode_value(on_one_line(field.default))

    def fill(values: Values) -> bytes:
        value = values.get(key)
        if value and _PLAIN.match(value):
            return value.encode("ascii") + SOFT_BREAK
        if not value or not (value := on_one_line(value)).strip():
            return default
        return encode_value(escape(value) if is_html else value)

    return fill
