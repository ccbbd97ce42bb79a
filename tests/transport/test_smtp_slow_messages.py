"""Messages that take long to make, because they are signed: in other threads, one ahead for each connection."""

import asyncio
import threading
import time
from datetime import UTC, datetime

import dkim
import pytest

from newsletter.transport.dkim import new_key, open_signer
from newsletter.transport.line import DeliveryLine
from newsletter.transport.message import MessageSource, compile_message
from newsletter.transport.octets import Message
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import Job, SmtpTransport, Timeouts
from scripted_smtp import PIPELINING_EHLO, PLAIN_EHLO, Answer, HangUp, ScriptedServer, Turn, scripted_server

PATIENT = Timeouts(20, 20, 20, 20, 20, 20, 1)
CONTENT = b"Subject: hello\r\n\r\nhello\r\n"
BOTH_WAYS = pytest.mark.parametrize("ehlo", [PIPELINING_EHLO, PLAIN_EHLO], ids=["pipelining", "sequential"])


def deliver(server: ScriptedServer, jobs: list[Job], connections: int = 1) -> dict[object, Outcome]:
    outcomes: dict[object, Outcome] = {}

    async def play() -> None:
        async with server:
            transport = SmtpTransport(
                [Relay("127.0.0.1", server.port, Tls.NONE)], connections=connections, timeouts=PATIENT
            )
            await transport.deliver(
                jobs, on_outcome=lambda job, outcome: outcomes.__setitem__(job.key, outcome)
            )
            await transport.close()

    asyncio.run(asyncio.wait_for(play(), 30))
    return outcomes


@BOTH_WAYS
def test_slow_messages_are_made_elsewhere_and_no_more_ahead_than_one_a_connection(ehlo: bytes) -> None:
    threads: set[int] = set()
    made, most_ahead = [], 0
    server = ScriptedServer(ehlo=ehlo)

    def message_for(number: int) -> bytes:
        nonlocal most_ahead
        threads.add(threading.get_ident())
        time.sleep(0.002)
        made.append(number)
        most_ahead = max(most_ahead, len(made) - len(server.taken))
        return CONTENT

    jobs = [
        Job(n, "n@example.org", f"r{n}@example.net", lambda n=n: message_for(n), is_slow=True)
        for n in range(30)
    ]
    outcomes = deliver(server, jobs, connections=3)
    assert [outcomes[n].verdict for n in range(30)] == [Verdict.ACCEPTED] * 30
    assert threading.get_ident() not in threads
    assert most_ahead <= 2 * 3  # the one that the server is reading, and the one behind it


@BOTH_WAYS
def test_slow_message_that_cannot_be_made_is_told_and_the_rest_goes_on(ehlo: bytes) -> None:
    def fails() -> Message:
        time.sleep(0.005)
        raise LookupError("no key")

    jobs = [
        Job(n, "n@example.org", f"r{n}@example.net", fails if n == 1 else lambda: CONTENT, is_slow=True)
        for n in range(3)
    ]
    outcomes = deliver(ScriptedServer(ehlo=ehlo), jobs)
    assert [outcomes[n].verdict for n in range(3)] == [
        Verdict.ACCEPTED,
        Verdict.CONTENT_REFUSED,
        Verdict.ACCEPTED,
    ]


@BOTH_WAYS
def test_server_that_hangs_up_while_a_message_is_made_costs_nothing(ehlo: bytes) -> None:
    def answer(turn: Turn) -> Answer | None:
        return HangUp() if turn.verb == "DATA" and turn.connection == 1 else None

    def slowly() -> bytes:
        time.sleep(0.02)
        return CONTENT

    jobs = [Job(n, "n@example.org", f"r{n}@example.net", slowly, is_slow=True) for n in range(3)]
    server = ScriptedServer(answer, ehlo)
    outcomes = deliver(server, jobs)
    assert [outcomes[n].verdict for n in range(3)] == [Verdict.ACCEPTED] * 3
    assert len(server.taken) == 3


@pytest.mark.parametrize("is_rsa", [True, False], ids=["rsa-2048", "ed25519"])
def test_signatures_hold_on_what_arrived(is_rsa: bool) -> None:
    """Compiled, signed in threads, sent, and verified by another implementation on the octets that the server took."""
    signer = open_signer("example.org", "s1", new_key(is_rsa=is_rsa))
    source = MessageSource(
        (
            ("From", "Les Amis <news@example.org>"),
            ("To", "[[name]] <[[email]]>"),
            ("Subject", "L’été, [[name|amie]]"),
            ("Date", "[[date]]"),
            ("List-Unsubscribe", "<https://example.org/u/[[token]]>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ),
        "Bonjour [[name]],\n\n.\nFrom here\n",
        "<p>Bonjour [[name]] [[token]]</p>\n",
    )
    compiled = compile_message(source)
    date = datetime(2026, 11, 23, tzinfo=UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")

    def job(number: int) -> Job:
        values = {"name": "Zoë" * number, "email": f"r{number}@example.net", "date": date, "token": "t" * 40}
        [message] = compiled.fill({key: [value] for key, value in values.items()}, 1)
        return Job(
            number,
            "news@example.org",
            f"r{number}@example.net",
            lambda: signer.sign(message),
            is_slow=True,
        )

    with scripted_server(lambda _turn: None) as server:
        relay = Relay("127.0.0.1", server.port, Tls.NONE)
        with DeliveryLine([relay], connections=4, timeouts=PATIENT) as line:
            line.deliver([job(number) for number in range(12)], lambda _job, _outcome: None)
    assert len(server.taken) == 12
    for _, raw in server.taken:
        record = signer.dns_value.encode()
        assert dkim.verify(raw, dnsfunc=lambda _name, timeout=5, record=record: record)
        forged = raw.replace(b"List-Unsubscribe-Post: ", b"List-Unsubscribe-Post: x", 1)
        assert not dkim.verify(forged, dnsfunc=lambda _name, timeout=5, record=record: record)
        added = raw.replace(
            b"\r\nMIME-Version", b"\r\nList-Unsubscribe: <https://evil.example>\r\nMIME-Version", 1
        )
        assert added != raw
        assert not dkim.verify(added, dnsfunc=lambda _name, timeout=5, record=record: record)
