"""What a server said that it can do (RFC 5321 section 4.1.1.1)."""

from dataclasses import dataclass

from newsletter.transport.replies import Reply


@dataclass(frozen=True, slots=True)
class Features:
    """The extensions that a server offered in its answer to EHLO, as far as we use them."""

    has_pipelining: bool = False
    has_starttls: bool = False
    has_smtputf8: bool = False
    """International addresses (RFC 6531); true only where 8BITMIME is there too, which it needs."""
    has_size: bool = False
    size_bytes_max: int | None = None
    """The largest message that it takes (RFC 1870); None where it names no limit."""
    has_dsn: bool = False
    """Reports of delivery as they are asked for (RFC 3461)."""
    has_chunking: bool = False
    """BDAT (RFC 3030)."""
    logins: frozenset[str] = frozenset()
    """The mechanisms of AUTH (RFC 4954), in upper case."""


def features_from(reply: Reply) -> Features:
    """What the lines of an answer to EHLO say, the first of them being the server's name."""
    words = [line.upper().replace("AUTH=", "AUTH ").split() for line in reply.lines[1:]]
    offered = {line[0]: line[1:] for line in words if line and line[0] != "AUTH"}
    size = offered.get("SIZE", [])
    limit = int(size[0]) if size and size[0].isascii() and size[0].isdigit() and len(size[0]) <= 20 else 0
    return Features(
        has_pipelining="PIPELINING" in offered,
        has_starttls="STARTTLS" in offered,
        has_smtputf8="SMTPUTF8" in offered and "8BITMIME" in offered,
        has_size="SIZE" in offered,
        size_bytes_max=limit or None,
        has_dsn="DSN" in offered,
        has_chunking="CHUNKING" in offered,
        logins=frozenset(mechanism for line in words if line and line[0] == "AUTH" for mechanism in line[1:]),
    )
