"""A promise about octets that spares looking at each of them again when they go out."""


class WireOctets(bytes):
    """A whole message with CRLF line ends only, a CRLF at its end, and no line that begins with a dot.

    Whoever makes one answers for that: after 354 it is written as it is. Looking through 58 KB once more would cost
    five times what sending them does.
    """

    __slots__ = ()
