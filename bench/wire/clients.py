"""The clients that are measured: ours, Postfix's, and what most programs do. Each sends so many messages to a port."""

import asyncio
import smtplib
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiosmtplib

from bench.wire.edition import BATCH, SENDER, as_most_write_it, one_message, readers
from bench.wire.sink import smtp_source
from newsletter.transport.feed import Feed
from newsletter.transport.line import DeliveryLine
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import Job

CONNECTIONS = 16


def ours(
    port: int,
    batches: Iterator[list[Job]],
    *,
    tls_context: ssl.SSLContext | None = None,
    connections: int = CONNECTIONS,
) -> None:
    """The product's line, fed as a mailing feeds it: by another thread, a batch at a time. Raises where one is not accepted."""
    feed, put, accepted = Feed(), 0, 0

    def hear(_job: Job, outcome: Outcome) -> None:
        nonlocal accepted
        accepted += outcome.verdict is Verdict.ACCEPTED

    def fill() -> None:
        nonlocal put
        for batch in batches:
            while feed.waiting_count > BATCH:
                time.sleep(0.002)
            feed.put(batch)
            put += len(batch)
        feed.close()

    tls = Tls.IMPLICIT if tls_context else Tls.NONE
    relay = Relay("localhost" if tls_context else "127.0.0.1", port, tls)
    with DeliveryLine(
        [relay], connections=connections, tls_context=tls_context, messages_per_connection=10**9
    ) as line:
        filler = threading.Thread(target=fill)
        filler.start()
        line.deliver_from(feed, on_outcome=hear)
        filler.join()
    if accepted != put:
        raise RuntimeError(f"{accepted} of {put} messages were accepted")


def postfix(port: int, count: int) -> None:
    """`smtp-source -d`: one message, always the same, over connections that are kept."""
    command, environment = smtp_source()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "message.eml"
        file.write_bytes(one_message())
        options = ["-d", "-s", str(CONNECTIONS), "-m", str(count), "-F", str(file), "-f", SENDER]
        subprocess.run([*command, *options, f"127.0.0.1:{port}"], check=True, env=environment)


def naive(port: int, count: int) -> None:
    """EmailMessage and smtplib, a connection for each message."""
    for person in readers(count):
        with smtplib.SMTP("127.0.0.1", port, local_hostname="bench.test") as server:
            server.send_message(as_most_write_it(person))


def aiosmtplib_naive(port: int, count: int) -> None:
    """EmailMessage and aiosmtplib over sixteen connections that are kept."""
    waiting = iter(readers(count))

    async def work() -> None:
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=port, use_tls=False, start_tls=False, local_hostname="bench.test"
        )
        async with client:
            for person in waiting:
                await client.send_message(as_most_write_it(person))

    async def play() -> None:
        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))

    asyncio.run(play())


def profiled(run: Callable[[], None]) -> None:
    """Runs it under cProfile and prints where the time goes."""
    import cProfile
    import pstats

    profile = cProfile.Profile()
    profile.runcall(run)
    pstats.Stats(profile).sort_stats("tottime").print_stats(30)
