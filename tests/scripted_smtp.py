"""A mail server on loopback that answers as it is told to: late, in pieces, with garbage, or by hanging up."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PLAIN_EHLO = b"250-scripted.test\r\n250 8BITMIME\r\n"
PIPELINING_EHLO = b"250-scripted.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n"


@dataclass(frozen=True)
class Turn:
    """What the server has just read: the command, or `CONTENT` for a message with its final dot; `GREETING` at first."""

    connection: int  # from 1
    message: int  # the number of MAIL commands on this connection until now
    verb: str
    line: bytes = b""
    recipient: str = ""


@dataclass(frozen=True)
class Say:
    """Sends these octets after some seconds; `cut_after` hangs up when so many of them are out."""

    octets: bytes
    after_seconds: float = 0.0
    cut_after: int | None = None


@dataclass(frozen=True)
class HangUp:
    """Closes the connection; as an answer to DATA with `in_content`, after 354 and so many octets of the message."""

    in_content: int | None = None


class Silence:
    """Does nothing any more, and keeps the connection open."""


class Deaf:
    """Says 354 and then reads nothing more, keeping the connection open."""


Answer = bytes | Say | HangUp | Silence | Deaf


@dataclass
class ScriptedServer:
    """`answer` gives the reply to each turn, None for the usual one."""

    answer: Callable[[Turn], Answer | None] = lambda _turn: None
    ehlo: bytes = PIPELINING_EHLO
    split_every: int = 0  # the replies go out in pieces of so many octets
    tls: ssl.SSLContext | None = None
    is_implicit: bool = False
    port: int = 0
    commands: list[bytes] = field(default_factory=list)
    taken: list[tuple[str, bytes]] = field(
        default_factory=list
    )  # recipient and octets, when a 2xx was decided
    connections: int = 0
    most_at_once: int = 0
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> "ScriptedServer":
        ssl_context = self.tls if self.is_implicit else None
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=ssl_context, limit=2**20
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.connections += 1
        self.most_at_once = max(self.most_at_once, len(self._open))
        try:
            await _Conversation(self, reader, writer, self.connections).run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            self._open.discard(task)
            writer.transport.abort()


class _Over(ConnectionError):
    pass


class _Conversation:
    def __init__(
        self, server: ScriptedServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self.server, self.reader, self.writer, self.number = server, reader, writer, number
        self.message, self.recipient = 0, ""
        self.has_mail = self.has_rcpt = False

    async def run(self) -> None:
        await self.say("GREETING", b"", b"220 scripted.test ESMTP\r\n")
        while line := await self.reader.readline():
            self.server.commands.append(line)
            verb = line.split(b" ")[0].strip().decode("ascii", "replace").upper()
            await self.command(verb, line)

    async def command(self, verb: str, line: bytes) -> None:
        if verb == "MAIL":
            self.message += 1
            usual = b"503 nested\r\n" if self.has_mail else b"250 2.1.0 Ok\r\n"
            self.has_mail, self.has_rcpt = (
                (await self.say(verb, line, usual))[:1] == b"2" or self.has_mail,
                False,
            )
        elif verb == "RCPT":
            self.recipient = line.decode("utf-8").partition("<")[2].partition(">")[0]
            usual = b"250 2.1.5 Ok\r\n" if self.has_mail else b"503 no MAIL\r\n"
            self.has_rcpt = (await self.say(verb, line, usual))[:1] == b"2"
        elif verb == "DATA":
            usual = b"354 go\r\n" if self.has_rcpt else b"503 no recipient\r\n"
            if (await self.say(verb, line, usual))[:3] == b"354":
                await self.content()
        elif verb == "STARTTLS" and self.server.tls is not None:
            if (await self.say(verb, line, b"220 go\r\n")).startswith(b"220"):
                await self.writer.start_tls(self.server.tls)
        else:
            usual = {
                "EHLO": self.server.ehlo,
                "HELO": b"250 scripted.test\r\n",
                "RSET": b"250 2.0.0 Ok\r\n",
                "QUIT": b"221 2.0.0 Bye\r\n",
            }.get(verb, b"500 5.5.2 What?\r\n")
            await self.say(verb, line, usual)
            self.has_mail = self.has_mail and verb not in {"RSET", "EHLO", "HELO"}
            if verb == "QUIT":
                raise _Over

    async def content(self) -> None:
        lines = []
        while (line := await self.reader.readuntil(b"\n")) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        self.has_mail = False
        turn = self.turn("CONTENT", b"")
        answer = self.server.answer(turn) or b"250 2.0.0 Taken\r\n"
        octets = answer.octets if isinstance(answer, Say) else answer if isinstance(answer, bytes) else b""
        if octets.startswith(b"2") and self.has_rcpt:
            self.server.taken.append((self.recipient, b"".join(lines)))
        await self.act(answer)

    def turn(self, verb: str, line: bytes) -> Turn:
        return Turn(self.number, self.message, verb, line, self.recipient)

    async def say(self, verb: str, line: bytes, usual: bytes) -> bytes:
        return await self.act(self.server.answer(self.turn(verb, line)) or usual)

    async def act(self, answer: Answer) -> bytes:
        if isinstance(answer, HangUp):
            if answer.in_content is not None:
                await self.write(b"354 go\r\n")
                await self.reader.readexactly(answer.in_content)
            raise _Over
        if isinstance(answer, Deaf):
            await self.write(b"354 go\r\n")
        if isinstance(answer, Silence | Deaf):
            self.writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(60)
            raise _Over
        if isinstance(answer, Say):
            await asyncio.sleep(answer.after_seconds)
            if answer.cut_after is not None:
                await self.write(answer.octets[: answer.cut_after])
                raise _Over
            answer = answer.octets
        await self.write(answer)
        return answer

    async def write(self, octets: bytes) -> None:
        step = self.server.split_every or len(octets) or 1
        for start in range(0, len(octets), step):
            self.writer.write(octets[start : start + step])
            await self.writer.drain()
            if self.server.split_every:
                await asyncio.sleep(0)


@contextmanager
def scripted_server(answer: Callable[[Turn], Answer | None]) -> Iterator[ScriptedServer]:
    """The server in a thread of its own, for tests that drive whole processes."""
    server = ScriptedServer(answer)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(step: object) -> None:
        asyncio.run_coroutine_threadsafe(step, loop).result(10)  # type: ignore[arg-type]

    try:
        run(server.__aenter__())
        yield server
        run(server.__aexit__())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
