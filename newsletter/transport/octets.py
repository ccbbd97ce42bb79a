"""Promises about octets that spare looking at each of them again when they go out.

Looking through 58 KB once more would cost five times what sending them does.
"""

from typing import TypeAlias


class WireOctets(bytes):
    """A whole message with CRLF line ends only, a CRLF at its end, and no line that begins with a dot.

    Whoever makes one answers for that: after 354 it is written as it is.
    """

    __slots__ = ()


class WirePieces(tuple[bytes, ...]):
    """The same promise about pieces that make the message when they are joined, which is done once, when it is written."""

    __slots__ = ()


Message: TypeAlias = bytes | WireOctets | WirePieces


def whole(message: Message) -> bytes:
    """The message in one piece."""
    return b"".join(message) if isinstance(message, WirePieces) else message
