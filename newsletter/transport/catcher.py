"""A mail server on this machine that delivers nothing and keeps everything: for the demo, and for tests.

It runs in a thread of its own, so that it may be used beside our client in one process.
"""

import asyncio
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.foundation.clock import now

_SIZE_BYTES_MAX = 100_000_000
_START_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One message as it arrived: its number (from 1), its envelope, and its octets, of which none was changed."""

    number: int
    sender: str
    recipient: str
    raw: bytes
    caught_at: datetime


class Catcher:
    """A mail server on 127.0.0.1; as a context manager it is started and stopped with the block."""

    def __init__(self, port: int = 0, *, refused: Iterable[str] = (), deferred: Iterable[str] = ()) -> None:
        self._wanted_port = port
        self._refused = frozenset(refused)
        self._deferred = frozenset(deferred)
        self._mails: list[CaughtMail] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """The port it listens on, once it is started."""
        return self._port

    def mails(self) -> list[CaughtMail]:
        """What has arrived until now, in order."""
        with self._lock:
            return list(self._mails)

    def start(self) -> None:
        """Listens; raises OSError where the port is taken."""
        listener = socket.create_server(("127.0.0.1", self._wanted_port))
        self._port = listener.getsockname()[1]
        is_ready = threading.Event()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listener, is_ready)), name="mail-catcher", daemon=True
        )
        self._thread.start()
        if not is_ready.wait(_START_SECONDS):
            raise TimeoutError("the mail catcher did not start")

    def stop(self) -> None:
        """Stops listening and drops its connections; what was caught stays readable."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> "Catcher":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    async def _serve(self, listener: socket.socket, is_ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        connections: set[_Connection] = set()
        server = await self._loop.create_server(lambda: _Connection(self, connections), sock=listener)
        is_ready.set()
        await self._stopping.wait()
        server.close()
        for connection in list(connections):
            connection.drop()
        await asyncio.sleep(0.01)  # time for the dropped ones to say so to their tasks

    # The hooks that aiosmtpd calls

    async def handle_RCPT(  # noqa: N802 (the server's name for it)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Takes, refuses or defers a recipient."""
        if address in self._refused:
            return "550 5.1.1 No such person here"
        if address in self._deferred:
            return "451 4.7.1 Greylisted, come again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keeps the message, once for each recipient."""
        raw = bytes(envelope.original_content or b"")
        sender = "" if envelope.mail_from in {None, "<>"} else str(envelope.mail_from)
        with self._lock:
            for recipient in envelope.rcpt_tos:
                number = len(self._mails) + 1
                self._mails.append(CaughtMail(number, sender, recipient, raw, now()))
        return f"250 2.0.0 Caught as number {len(self._mails)}"


class _Connection(SMTP):
    """One connection of the catcher, known to it so that it can be dropped."""

    def __init__(self, catcher: Catcher, connections: "set[_Connection]") -> None:
        # A fixed name: aiosmtpd would ask the name server for one.
        super().__init__(
            catcher, hostname="catcher.localhost", enable_SMTPUTF8=True, data_size_limit=_SIZE_BYTES_MAX
        )
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        super().connection_lost(error)

    def drop(self) -> None:
        """Ends the connection at once."""
        if self.transport is not None:
            self.transport.close()
