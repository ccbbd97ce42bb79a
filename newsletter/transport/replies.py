"""A server's replies, put together from whatever pieces of them have arrived (RFC 5321 section 4.2)."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# RFC 5321 section 4.5.3.1.5 allows 512 octets; servers that say more are borne with, endless ones are not.
_LINE_OCTETS_MAX = 4096
_LINES_MAX = 200
_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?\Z", re.DOTALL)


class GarbageReply(Exception):
    """What arrived is no SMTP reply; nothing after it can be trusted."""


class Reply(NamedTuple):
    """One complete reply: its code, and the text of its lines."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines in one; an enhanced code that each of them repeats stands once, at the start."""
        first, *rest = self.lines
        if not rest:
            return first
        enhanced, _, _ = first.partition(" ")
        prefix = f"{enhanced} "
        return " ".join(
            [first, *(line.removeprefix(prefix) if enhanced[:1].isdigit() else line for line in rest)]
        )

    @property
    def is_positive(self) -> bool:
        """Whether the command was carried out (2xx)."""
        return 200 <= self.code < 300

    def __str__(self) -> str:
        return f"{self.code} {self.text}".rstrip()


class ReplyReader:
    """Takes octets as they arrive and gives replies as they become complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []
        self._code = 0

    @property
    def is_in_the_middle(self) -> bool:
        """Whether something has arrived that is no complete reply yet."""
        return bool(self._rest or self._lines)

    def feed(self, octets: bytes) -> Iterator[Reply]:
        """Each reply that `octets` complete. Raises GarbageReply at the first line that is none."""
        *lines, self._rest = (self._rest + octets).split(b"\n")
        for line in lines:
            reply = self._take(line.removesuffix(b"\r"))
            if reply is not None:
                yield reply
        if len(self._rest) > _LINE_OCTETS_MAX:
            raise GarbageReply("a line without end")

    def _take(self, line: bytes) -> Reply | None:
        found = _LINE.match(line) if len(line) <= _LINE_OCTETS_MAX else None
        if found is None:
            raise GarbageReply(f"“{line[:60].decode('ascii', 'replace')}” is no reply of a mail server")
        code = int(found[1])
        if self._lines and code != self._code:
            raise GarbageReply(f"a reply that begins with {self._code} and goes on with {code}")
        self._code = code
        self._lines.append((found[3] or b"").decode("utf-8", "replace"))
        if len(self._lines) > _LINES_MAX:
            raise GarbageReply("a reply without end")
        if found[2] == b"-":
            return None
        reply = Reply(code, tuple(self._lines))
        self._lines = []
        return reply
