"""The parts of a mail, within fixed limits, whatever the mail is: no recursion but a small one, nothing raised (threat T23).

The standard library's parser follows any nesting and makes an object of every part; a mail of a few hundred kilobytes
can keep it busy for minutes. Here headers are read by it, and the parts are split by hand (RFC 2046 section 5.1.1).
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import HeaderParser
from email.policy import compat32

PARTS_MAX = 100
NESTING_MAX = 8

_HEADER_OCTETS_MAX = 100_000
_VALUE_LENGTH_MAX = 4_000
_END_OF_HEADERS = re.compile(rb"\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]|[\r\n]")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail that holds no further ones: its headers, its content as it was encoded, how deep it lies."""

    headers: Message
    content: bytes
    depth: int

    @property
    def kind(self) -> str:
        """The content type in lower case, `text/plain` where none is named."""
        return kind_of(self.headers)

    @property
    def is_attached(self) -> bool:
        """Whether it is a file and not the mail itself."""
        return str(self.headers.get("content-disposition", "")).strip().lower().startswith("attachment")

    def octets(self) -> bytes:
        """The content without its transfer encoding; as it is where that is broken."""
        encoding = str(self.headers.get("content-transfer-encoding", "")).strip().lower()
        try:
            if encoding == "base64":
                return binascii.a2b_base64(self.content)
            if encoding == "quoted-printable":
                return binascii.a2b_qp(self.content)
        except (binascii.Error, ValueError):
            return b""
        return self.content

    def text(self) -> str:
        """The content as text; what cannot be decoded is replaced."""
        charset = parameter(self.headers, "charset") or "utf-8"
        octets = self.octets()
        for name in (charset, "utf-8", "latin-1"):
            try:
                return octets.decode(name)
            except (LookupError, UnicodeError, ValueError):
                continue
        return ""


def split_headers(raw: bytes) -> tuple[Message, bytes]:
    """The headers of a mail or of a part, and what follows them."""
    if raw.startswith((b"\n", b"\r\n")):
        end, start = 0, raw.index(b"\n") + 1
    else:
        found = _END_OF_HEADERS.search(raw, 0, _HEADER_OCTETS_MAX)
        end, start = (found.start() + 1, found.end()) if found else (min(len(raw), _HEADER_OCTETS_MAX),) * 2
    return HeaderParser(policy=compat32).parsestr(_as_text(raw[:end])), raw[start:]


def _as_text(octets: bytes) -> str:
    """Headers as text: UTF-8 as many programs write it (RFC 6532), whatever else as Latin-1."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def leaves(raw: bytes) -> Iterator[Part]:
    """The parts of a mail that hold no others, in order: those of attached mails too; at most `PARTS_MAX` of them."""
    count = 0
    waiting = [(raw, 0)]
    while waiting and count < PARTS_MAX:
        octets, depth = waiting.pop()
        headers, body = split_headers(octets)
        kind = kind_of(headers)
        boundary = parameter(headers, "boundary") if kind.startswith("multipart/") else ""
        count += 1
        if boundary and depth < NESTING_MAX:
            waiting.extend((inner, depth + 1) for inner in reversed(_split(body, boundary)))
        elif kind == "message/rfc822" and depth < NESTING_MAX:
            yield Part(headers, b"", depth)
            waiting.append((body, depth + 1))
        else:
            yield Part(headers, body, depth)


def _split(body: bytes, boundary: str) -> list[bytes]:
    line = re.escape(boundary.encode("ascii", "replace"))
    delimiter = re.compile(rb"^--" + line + rb"(--)?[ \t]*\r?$\n?", re.MULTILINE)
    pieces: list[bytes] = []
    start: int | None = None
    for found in delimiter.finditer(body):
        if start is not None:
            pieces.append(body[start : found.start()])
        if found[1] or len(pieces) >= PARTS_MAX:
            return pieces
        start = found.end()
    if start is not None:
        pieces.append(body[start:])
    return pieces


def kind_of(headers: Message) -> str:
    """The content type that the headers name, in lower case; `text/plain` where there is none (RFC 2045 section 5.2)."""
    value = header(headers, "content-type").split(";", 1)[0].strip().lower()
    return value if re.fullmatch(r"[\w.+-]+/[\w.+-]+", value) else "text/plain"


def parameter(headers: Message, name: str) -> str:
    """A parameter of Content-Type, "" where it has none."""
    value = header(headers, "content-type")
    found = re.search(rf';\s*{name}\s*=\s*(?:"([^"]*)"|([^\s;"]+))', value, re.IGNORECASE)
    return "" if found is None else found[1] or found[2] or ""


def header(headers: Message, name: str) -> str:
    """A header's value on one line as it was sent, "" where there is none."""
    value = headers.get(name)
    return "" if value is None else _FOLD.sub(" ", str(value)[:_VALUE_LENGTH_MAX]).strip()


def all_headers(headers: Message, name: str) -> list[str]:
    """Every value of a header, the topmost first."""
    values = headers.get_all(name) or []
    return [_FOLD.sub(" ", str(value)[:_VALUE_LENGTH_MAX]).strip() for value in values[:PARTS_MAX]]


def readable(value: str) -> str:
    """A header's value with its encoded words read (RFC 2047); as it is where they are broken."""
    try:
        pieces = decode_header(value)
    except (HeaderParseError, binascii.Error, ValueError):
        return value
    words = []
    for piece, charset in pieces:
        if isinstance(piece, str):
            words.append(piece)
            continue
        try:
            words.append(piece.decode(charset or "utf-8", "replace"))
        except (LookupError, ValueError):
            words.append(piece.decode("utf-8", "replace"))
    return "".join(words).strip()
