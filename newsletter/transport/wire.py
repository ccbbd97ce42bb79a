"""One connection to a mail server at the level of octets and replies: writing, expecting, timing out, being lost.

The wire knows no mail. Each thing that is sent is sent with the handlers of the replies that it calls for, in order
(RFC 2920 section 3.1: replies come in the order of the commands), and each handler with the time that its reply may take.
"""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from newsletter.transport.replies import GarbageReply, Reply, ReplyReader
from newsletter.transport.timeouts import Timeouts

Handler: TypeAlias = Callable[[Reply], None]
Expected: TypeAlias = tuple[Handler, float]

_QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class WireLost(Exception):
    """The connection ended; the message says how, in plain words."""


class Wire(asyncio.Protocol):
    """A connection; `on_lost` is called once, when it has ended for whatever reason."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader = ReplyReader()
        self._expected: deque[Expected] = deque()
        self._block_seconds = timeouts.block_seconds
        self._look_every_seconds = timeouts.look_every_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._moves = 0  # how often the conversation has moved on, and what the clock knew of it
        self._moves_seen = 0
        self._quiet_since = 0.0
        self._unsent_bytes = 0
        self._is_upgrading = False
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self.is_paused = False
        """Whether some of what was written is still in this process, because the server does not read on."""
        self.lost_because: str | None = None
        self.on_lost: Callable[[str], None] = lambda _reason: None
        self.shortcut: Callable[[bytes], bool] | None = None
        self.acknowledges_at_once = False
        """Whether the system is to acknowledge what arrives without the usual 40 ms of waiting for something to send: a
        server that writes its replies one by one (Postfix, to BDAT) waits for that."""
        self._greeting = self._promise(timeouts.greeting_seconds)

    # What the dialogue asks of the wire

    def send(self, octets: bytes, *expected: Expected) -> None:
        """Writes the octets; the replies to them go to the handlers, each due so many seconds after the one before it."""
        if self.lost_because is not None or self._transport is None:
            return
        self._moves += 1
        self._expected.extend(expected)
        self._transport.write(octets)

    def send_group(
        self, octets: bytes, expected: Sequence[Expected], shortcut: Callable[[bytes], bool]
    ) -> None:
        """As `send`; the shortcut is asked first whether it knows the next octets as the replies to all of this."""
        self.shortcut = None if self._expected or self._reader.is_in_the_middle else shortcut
        self.send(octets, *expected)

    def all_answered(self) -> None:
        """Says, in a `shortcut`, that the octets held the replies to all that was sent."""
        self._expected.clear()

    async def greeting(self) -> Reply:
        """What the server says when it is connected to. Raises WireLost."""
        return await self._greeting

    async def ask(self, command: bytes, seconds: float) -> Reply:
        """The reply to one command, which is written with CRLF. Raises WireLost."""
        if self.lost_because is not None:
            raise WireLost(self.lost_because)
        answer = self._promise(seconds, command + b"\r\n")
        return await answer

    async def encrypt(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Goes on under TLS. Raises WireLost where octets came before it, ssl.SSLError or OSError where TLS fails."""
        # What an intruder may have put in behind the answer to STARTTLS must never be read as the server's (RFC 3207 section 6).
        if self._reader.is_in_the_middle or self._expected:
            self.end("the server sent text after STARTTLS and before encryption")
        if self.lost_because is not None or self._transport is None:
            raise WireLost(self.lost_because or "there was no connection")
        self._is_upgrading = True
        try:
            upgraded = await self._loop.start_tls(
                self._transport, self, context, server_hostname=host, ssl_handshake_timeout=seconds
            )
        except BaseException:
            self.end("TLS could not be established")
            if (
                not self._ended.done()
            ):  # asyncio tells nobody of the end of a connection that dies while it is upgraded
                self._ended.set_result(None)
            raise
        self._is_upgrading = False
        if upgraded is None or self.lost_because is not None:
            raise WireLost(self.lost_because or "the server hung up")
        self._adopt(upgraded)

    def end(self, reason: str) -> None:
        """Drops the connection now; what was not yet on its way is gone."""
        if self.lost_because is not None:
            return
        self.lost_because = reason
        self.shortcut = None
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()
        self.on_lost(reason)

    async def quit(self, seconds: float) -> None:
        """Says QUIT and closes, without insisting on an answer."""
        try:
            await self.ask(b"QUIT", seconds)
        except WireLost:
            return
        self.lost_because = "quit"
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()
            try:
                await asyncio.wait_for(asyncio.shield(self._ended), seconds)
            except TimeoutError:
                self._transport.abort()

    async def ended(self) -> None:
        """Returns when nothing of the connection is left open."""
        if self._transport is not None:
            await self._ended

    # What the event loop tells the wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._adopt(cast("asyncio.Transport", transport))
        self._quiet_since = self._loop.time()
        self._look_again()

    def data_received(self, octets: bytes) -> None:
        """Octets arrived: every reply that they complete goes to its handler."""
        if self._is_upgrading:
            self.end("the server sent text after STARTTLS and before encryption")
            return
        if self.acknowledges_at_once:
            self._acknowledge()
        if self.shortcut is not None:
            self._moves += 1
            if self.shortcut(octets):
                return
            self.shortcut = None
        # Only what was sent before these octets came can be answered by them.
        may_be_answered = len(self._expected)
        try:
            for reply in self._reader.feed(octets):
                if self.lost_because is not None:
                    return
                if may_be_answered == 0:
                    self.end(f"the server said, unasked: {reply}")
                    return
                may_be_answered -= 1
                self._moves += 1
                handler, _ = self._expected.popleft()
                handler(reply)
        except GarbageReply as error:
            self.end(f"the server answered with garbage: {error}")

    def pause_writing(self) -> None:
        """The server reads more slowly than we write."""
        self.is_paused = True
        self._moves += 1
        self._unsent_bytes = self._unsent()

    def resume_writing(self) -> None:
        """All that was written has left this process."""
        self.is_paused = False
        self._moves += 1

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        if not self._ended.done():
            self._ended.set_result(None)
        self.end("the server hung up" if error is None else f"the connection broke: {error}")

    # Its own affairs

    def _adopt(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        # Paused means: not all of it has left. One octet of slack, because TLS transports of asyncio take 0 for "always".
        transport.set_write_buffer_limits(high=1, low=0)

    def _promise(self, seconds: float, octets: bytes = b"") -> "asyncio.Future[Reply]":
        promise: asyncio.Future[Reply] = self._loop.create_future()

        def fulfil(reply: Reply) -> None:
            if not promise.done():
                promise.set_result(reply)

        def fail(reason: str) -> None:
            if not promise.done():
                promise.set_exception(WireLost(reason))
                promise.exception()  # seen: a greeting that nobody waits for any more is no error

        self.on_lost = fail
        if octets:
            self.send(octets, (fulfil, seconds))
        else:
            self._expected.append((fulfil, seconds))
        return promise

    def _acknowledge(self) -> None:
        # Has to be said after each read: the system takes it back (Linux, tcp(7)).
        if _QUICK_ACK is not None and self._transport is not None:
            self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def _look_again(self) -> None:
        self._timer = self._loop.call_later(self._look_every_seconds, self._look_at_the_clock)

    def _look_at_the_clock(self) -> None:
        """Ends a conversation that has not moved for as long as its next step may take.

        Looked at now and then: a mailing moves thousands of times a second, too often to set a timer at each move.
        """
        self._look_again()
        unsent = self._unsent()
        if self.is_paused and unsent < self._unsent_bytes:  # it does read, if slowly
            self._moves += 1
        self._unsent_bytes = unsent
        is_waiting = bool(self._expected) or self.is_paused
        if self._moves != self._moves_seen or not is_waiting:
            self._moves_seen = self._moves
            self._quiet_since = self._loop.time()
            return
        patience = self._block_seconds if self.is_paused else self._expected[0][1]
        if self._loop.time() - self._quiet_since >= patience:
            self.end("the server did not answer in time")

    def _unsent(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport is not None else 0
