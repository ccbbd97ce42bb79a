"""A mail server on loopback that lets its first connection fail at one exact octet of the dialogue, in either direction.

It takes what arrives octet by octet, as servers do whose reads end anywhere, and keeps count of both directions. The
later connections go well, so that everything that may be sent again is. What it took, it notes before it answers.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import cast


class Fault(Enum):
    """What happens at the octet."""

    HANG_UP = "hang up"
    RESET = "reset"  # the connection is torn down, with what lay unread
    SILENCE = "silence"  # nothing more is answered, and nothing read
    DELAY = "delay"  # the octets behind it come a little later, in a piece of their own
    GARBAGE = "garbage"  # nonsense is said in the place of what was due
    CLOSING = "421"  # the service closes, said in the place of what was due


@dataclass(frozen=True)
class Cut:
    """Where the first connection fails: at which octet, counted from 0, of what it reads or of what it says."""

    is_reading: bool
    octet: int
    fault: Fault


@dataclass
class CuttingServer:
    """`cut` None lets all go well; `read` and `said` then tell how long the dialogue is."""

    cut: Cut | None
    extensions: tuple[bytes, ...] = (b"PIPELINING",)
    port: int = 0
    taken: list[str] = field(default_factory=list)
    read: int = 0
    said: int = 0
    connections: int = 0
    _transports: "set[asyncio.Transport]" = field(default_factory=set)

    async def __aenter__(self) -> "CuttingServer":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        for transport in list(self._transports):
            transport.abort()
        await asyncio.sleep(0)
        await self._server.wait_closed()


class _Connection(asyncio.Protocol):
    def __init__(self, server: CuttingServer) -> None:
        self.server = server
        self.cut: Cut | None = None
        self.read = self.said = 0
        self.line = bytearray()
        self.content = bytearray()
        self.chunk_left = 0
        self.is_in_content = self.is_over = False
        self.has_mail = False
        self.recipient = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are no subclasses
        self.server._transports.add(self.transport)
        self.server.connections += 1
        self.cut = self.server.cut if self.server.connections == 1 else None
        self.waiting: deque[bytes] = deque()
        self.say(b"220 cut.test\r\n")

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_over = True
        self.server._transports.discard(self.transport)

    def data_received(self, octets: bytes) -> None:
        for index in range(len(octets)):
            if self.is_over:
                return
            if self.cut is not None and self.cut.is_reading and self.read == self.cut.octet:
                cut, self.cut = self.cut, None
                self.fail(cut.fault, b"")
                if self.is_over:
                    return
            self.read += 1
            if self.server.connections == 1:
                self.server.read += 1
            self.take(octets[index])

    def take(self, octet: int) -> None:
        if self.chunk_left:
            self.chunk_left -= 1
            if not self.chunk_left:
                self.decide()
            return
        self.line.append(octet)
        if not self.line.endswith(b"\r\n"):
            return
        line, self.line = bytes(self.line), bytearray()
        if not self.is_in_content:
            self.command(line)
        elif line == b".\r\n":
            self.is_in_content = False
            self.decide()

    def decide(self) -> None:
        if not self.recipient:
            self.say(b"503 5.5.1 no recipient\r\n")
            return
        if self.cut != Cut(False, self.said, Fault.CLOSING):  # 421 to the content says that it is not taken
            self.server.taken.append(self.recipient)
        self.has_mail, self.recipient = False, ""
        self.say(b"250 2.0.0 Taken\r\n")

    def command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            names = (b"cut.test", *self.server.extensions)
            self.say(b"".join(b"250-%b\r\n" % name for name in names[:-1]) + b"250 %b\r\n" % names[-1])
        elif verb == b"MAIL":
            self.has_mail, self.recipient = True, ""
            self.say(b"250 2.1.0 Ok\r\n")
        elif verb == b"RCPT":
            address = line.partition(b"<")[2].partition(b">")[0].decode()
            if "nobody" in address:
                self.say(b"550 5.1.1 Nobody\r\n")
            else:
                self.recipient = address
                self.say(b"250 2.1.5 Ok\r\n")
        elif verb == b"DATA":
            self.is_in_content = bool(self.recipient)
            self.say(b"354 go\r\n" if self.recipient else b"503 5.5.1 no recipient\r\n")
        elif verb == b"BDAT":
            self.chunk_left = int(line.split()[1])
        elif verb == b"RSET":
            self.has_mail, self.recipient = False, ""
            self.say(b"250 2.0.0 Ok\r\n")
        elif verb == b"QUIT":
            self.say(b"221 2.0.0 Bye\r\n")
            self.is_over = True
            self.transport.close()
        else:
            self.say(b"500 5.5.2 What?\r\n")

    def say(self, octets: bytes) -> None:
        if self.is_over:
            return
        if self.server.connections == 1:
            self.server.said += len(octets)
        cut = self.cut
        if cut is None or cut.is_reading or self.said + len(octets) <= cut.octet:
            self.said += len(octets)
            self.write(octets)
            return
        at = cut.octet - self.said
        self.cut = None
        self.said += len(octets)
        self.write(octets[:at])
        self.fail(cut.fault, octets[at:])

    def write(self, octets: bytes) -> None:
        if self.waiting:
            self.waiting.append(octets)
        elif octets:
            self.transport.write(octets)

    def fail(self, fault: Fault, due: bytes) -> None:
        if fault is Fault.DELAY:
            self.waiting.append(due)
            asyncio.get_running_loop().call_later(0.002, self.go_on)
            return
        self.is_over = True
        if fault is Fault.HANG_UP:
            self.transport.close()
        elif fault is Fault.RESET:
            self.transport.abort()
        elif fault is Fault.SILENCE:
            self.transport.pause_reading()
        elif fault is Fault.GARBAGE:
            self.transport.write(b"\x00\xff what\r\n")
        else:
            self.transport.write(b"421 4.3.2 closing\r\n")
            self.transport.close()

    def go_on(self) -> None:
        waiting, self.waiting = self.waiting, deque()
        if not self.transport.is_closing():
            self.transport.write(b"".join(waiting))
