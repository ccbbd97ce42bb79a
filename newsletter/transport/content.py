"""A message as it goes over the wire: behind DATA with its final dot, behind BDAT as it is (RFC 5321 section 4.5.2, RFC 3030)."""

import re

from newsletter.transport.octets import Message, WireOctets, WirePieces

FINAL_DOT = b".\r\n"


def size_of(message: Message) -> int:
    """How many octets it has, before any dot is doubled."""
    return sum(map(len, message)) if isinstance(message, WirePieces) else len(message)


def data_pieces(message: Message) -> tuple[bytes, ...]:
    """What follows 354, without the final dot: CRLF line ends only, and dots doubled where a line begins with one.

    A line end that is not CRLF could end the message early for a lenient server and begin commands of its own
    (RFC 5321 section 2.3.8), so there is none. Compiled messages pass as they are.
    """
    if isinstance(message, WirePieces):
        return message
    if isinstance(message, WireOctets):
        return (message,)
    message = _with_line_ends(message)
    if b"\r\n." in message or message.startswith(b"."):
        message = re.sub(rb"(?m)^\.", b"..", message)
    return (message,)


def bdat_pieces(message: Message) -> tuple[bytes, ...]:
    """`BDAT` for all of the message in one chunk, and the message, of which no dot is doubled (RFC 3030 section 2)."""
    if not isinstance(message, WirePieces):
        message = WirePieces((message if isinstance(message, WireOctets) else _with_line_ends(message),))
    return (b"BDAT %d LAST\r\n" % size_of(message), *message)


def _with_line_ends(message: bytes) -> bytes:
    crlf_count = message.count(b"\r\n")
    if message.count(b"\n") != crlf_count or message.count(b"\r") != crlf_count:
        message = re.sub(rb"\r\n|\r|\n", b"\r\n", message)
    return message if message.endswith(b"\r\n") or not message else message + b"\r\n"
