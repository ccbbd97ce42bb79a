"""A mail server that writes down what it accepts before it says so, and that fails on purpose.

`python -m bench.faults.sink ADDRESS PORT LOG [--later R] [--refused R] [--hang-up R] [--delay S] [--seed N]`

Rates are between 0 and 1. A hang-up comes in the middle of a session: before DATA, in the message, or behind the final dot
and then sometimes with the message accepted, which is the doubt that no sender can dispel. A line of the log is an acceptance
(A) or a hang-up behind the final dot (H): time, recipient, Message-ID.
"""

import argparse
import asyncio
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

_LINE_MAX = 2**16


@dataclass(frozen=True)
class Manners:
    """How the server behaves."""

    later: float = 0.0
    refused: float = 0.0
    hang_up: float = 0.0
    delay: float = 0.0


class Sink:
    """The server. Who is refused (5xx) is so always: the same addresses at every attempt."""

    def __init__(self, log: Path, manners: Manners, seed: int) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._manners = manners
        self._dice = random.Random(seed)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One session."""
        try:
            await self._session(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: bytes) -> None:
            writer.write(line + b"\r\n")

        say(b"220 sink ESMTP")
        recipient = b""
        while True:
            if reader._buffer == b"":  # type: ignore[attr-defined]
                await writer.drain()
            line = (await reader.readuntil(b"\n")).rstrip(b"\r\n")
            verb = line[:4].upper()
            if verb == b"EHLO":
                writer.write(
                    b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE 0\r\n250-DSN\r\n250 ENHANCEDSTATUSCODES\r\n"
                )
            elif verb in (b"HELO", b"RSET", b"NOOP"):
                say(b"250 2.0.0 ok")
            elif verb == b"MAIL":
                recipient = b""
                say(b"250 2.1.0 ok")
            elif verb == b"RCPT":
                address = line.partition(b"<")[2].partition(b">")[0]
                if self._falls(self._manners.hang_up / 3):
                    return
                if _share(address) < self._manners.refused:
                    say(b"550 5.1.1 no such mailbox")
                elif self._falls(self._manners.later):
                    say(b"451 4.3.0 try again later")
                else:
                    recipient = address
                    say(b"250 2.1.5 ok")
            elif verb == b"DATA":
                if not recipient:
                    say(b"503 5.5.1 nobody to send it to")
                    continue
                say(b"354 go on")
                await writer.drain()
                if self._falls(self._manners.hang_up / 3):
                    self._note(
                        b"H", recipient, b"?"
                    )  # the whole message may have left before that is noticed
                    return
                if not await self._message(reader, recipient):
                    return
                say(b"250 2.0.0 accepted")
                recipient = b""
            elif verb == b"QUIT":
                say(b"221 2.0.0 bye")
                await writer.drain()
                return
            else:
                say(b"502 5.5.2 not understood")

    async def _message(self, reader: asyncio.StreamReader, recipient: bytes) -> bool:
        """Reads a message and writes it down; False where the server hangs up instead of answering."""
        octets = await reader.readuntil(b"\r\n.\r\n")
        if self._manners.delay:
            await asyncio.sleep(self._manners.delay * self._dice.uniform(0.5, 1.5))
        hangs_up = self._falls(self._manners.hang_up / 3)
        head = octets[: octets.find(b"\r\n\r\n") + 2]
        found = head.lower().find(b"\r\nmessage-id:")
        identity = head[found + 13 :].split(b"\r\n", 1)[0].strip() if found >= 0 else b"?"
        if hangs_up and self._falls(0.5):
            self._note(b"H", recipient, identity)
            return False
        # One write is one line, and in the kernel: it outlives this process. Only then is the message accepted.
        self._note(b"A", recipient, identity)
        if hangs_up:
            self._note(b"H", recipient, identity)
        return not hangs_up

    def _note(self, what: bytes, recipient: bytes, identity: bytes) -> None:
        os.write(self._log, b"%s %.6f %s %s\n" % (what, time.time(), recipient, identity))

    def _falls(self, rate: float) -> bool:
        return rate > 0 and self._dice.random() < rate


def _share(address: bytes) -> float:
    """A number between 0 and 1 that is always the same for an address."""
    return random.Random(address.lower()).random()


def is_refused(address: str, refused: float) -> bool:
    """Whether a server of that rate refuses an address for good."""
    return _share(address.encode()) < refused


async def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("log", type=Path)
    for rate in ("later", "refused", "hang-up", "delay"):
        parser.add_argument(f"--{rate}", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    manners = Manners(options.later, options.refused, options.hang_up, options.delay)
    sink = Sink(options.log, manners, options.seed)
    server = await asyncio.start_server(sink.serve, options.address, options.port, limit=2**22, backlog=1000)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print("ready", flush=True)
    async with server:
        await stop.wait()


if __name__ == "__main__":
    try:
        import uvloop

        uvloop.run(_main())
    except ImportError:
        asyncio.run(_main())
