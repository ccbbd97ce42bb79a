"""Deliveries to a scripted server on loopback, and what they came to."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import Job, SmtpTransport, Timeouts
from scripted_smtp import (
    PIPELINING_EHLO,
    PLAIN_EHLO,
    Answer,
    Deaf,
    ScriptedServer,
    Silence,
    Turn,
)

PATIENT = Timeouts(20, 20, 20, 20, 20, 20, 1)
SHORT = Timeouts(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.2)  # for servers that say nothing
BOTH_WAYS = pytest.mark.parametrize("ehlo", [PIPELINING_EHLO, PLAIN_EHLO], ids=["pipelining", "sequential"])
CONTENT = b"Subject: hello\r\n\r\nhello\r\n"
ACCEPTED, DEFERRED, REJECTED = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REJECTED
IN_DOUBT, NOT_TRIED = Verdict.IN_DOUBT, Verdict.NOT_TRIED


@dataclass
class Delivered:
    """What a delivery came to: outcomes in the order in which they were reported, and the error, if one ended it."""

    outcomes: list[tuple[object, Outcome]] = field(default_factory=list)
    error: Exception | None = None

    @property
    def verdicts(self) -> dict[object, Verdict]:
        assert len(dict(self.outcomes)) == len(self.outcomes), "a job had two outcomes"
        return {key: outcome.verdict for key, outcome in self.outcomes}


def jobs_for(count: int, content: bytes = CONTENT) -> list[Job]:
    return [
        Job(number, "news@example.org", f"r{number}@example.net", lambda: content)
        for number in range(1, count + 1)
    ]


def relay_at(port: int) -> Relay:
    return Relay("127.0.0.1", port, Tls.NONE)


async def deliver_once(
    transport: SmtpTransport,
    jobs: Sequence[Job],
    stop: Callable[[], bool] = lambda: False,
    into: Delivered | None = None,
) -> Delivered:
    delivered = into or Delivered()

    def note(job: Job, outcome: Outcome) -> None:
        delivered.outcomes.append((job.key, outcome))

    try:
        await transport.deliver(jobs, on_outcome=note, stop=stop)
    except (RelayUnreachable, RelayRefusedLogin) as error:
        delivered.error = error
    return delivered


def deliver_to(
    server: ScriptedServer, jobs: Sequence[Job], stop: Callable[[], bool] = lambda: False, **options: Any
) -> Delivered:
    async def play() -> Delivered:
        async with server:
            transport = SmtpTransport(
                [relay_at(server.port)], **{"connections": 1, "timeouts": PATIENT, **options}
            )
            try:
                return await deliver_once(transport, jobs, stop)
            finally:
                await transport.close()

    return asyncio.run(asyncio.wait_for(play(), 60))


def patience_for(answer: Answer) -> Timeouts:
    return SHORT if isinstance(answer, Silence | Deaf) else PATIENT


def on(
    verb: str, answer: Answer, *, connection: int | None = None, message: int | None = None
) -> Callable[[Turn], Answer | None]:
    """Answers one command as said, on one connection or for one message only, if given; usual answers else."""

    def decide(turn: Turn) -> Answer | None:
        is_meant = (
            turn.verb == verb and connection in (None, turn.connection) and message in (None, turn.message)
        )
        return answer if is_meant else None

    return decide


def verdicts(*expected: Verdict) -> dict[object, Verdict]:
    return dict(enumerate(expected, 1))
