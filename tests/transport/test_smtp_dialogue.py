"""What is said to a scripted server on loopback, and what becomes of each message by what it answers."""

import asyncio

import pytest

from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job, SmtpTransport
from scripted_smtp import (
    PIPELINING_EHLO,
    Answer,
    ScriptedServer,
    Turn,
)
from smtp_deliveries import (
    ACCEPTED,
    BOTH_WAYS,
    CONTENT,
    DEFERRED,
    PATIENT,
    REJECTED,
    deliver_once,
    deliver_to,
    jobs_for,
    on,
    relay_at,
    verdicts,
)


@BOTH_WAYS
def test_messages_arrive_as_they_are_one_session_for_all(ehlo: bytes) -> None:
    server = ScriptedServer(ehlo=ehlo)
    delivered = deliver_to(server, jobs_for(5))
    assert delivered.verdicts == verdicts(*[ACCEPTED] * 5)
    assert server.taken == [(f"r{number}@example.net", CONTENT) for number in range(1, 6)]
    assert server.connections == 1
    assert server.commands[0] == b"EHLO localhost\r\n"
    assert server.commands[-1] == b"QUIT\r\n"


def test_pipelined_content_goes_out_with_the_next_envelope() -> None:
    """One round trip a message: the server has the next MAIL before it has said anything about the content."""
    seen: list[tuple[str, int]] = []

    async def play() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 x\r\n")
            await reader.readline()
            writer.write(PIPELINING_EHLO)
            assert [await reader.readline() for _ in range(3)] == envelope(1)
            writer.write(b"250 ok\r\n250 ok\r\n354 go\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            assert [await reader.readline() for _ in range(3)] == envelope(
                2
            )  # before any answer to the content
            seen.append(("second envelope", 1))
            writer.write(b"250 taken\r\n250 ok\r\n250 ok\r\n354 go\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250 taken\r\n")
            await reader.readline()
            writer.write(b"221 bye\r\n")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            transport = SmtpTransport(
                [relay_at(server.sockets[0].getsockname()[1])], connections=1, timeouts=PATIENT
            )
            delivered = await deliver_once(transport, jobs_for(2))
            await transport.close()
        assert delivered.verdicts == verdicts(ACCEPTED, ACCEPTED)

    def envelope(number: int) -> list[bytes]:
        rcpt = f"RCPT TO:<r{number}@example.net>\r\n".encode()
        return [b"MAIL FROM:<news@example.org>\r\n", rcpt, b"DATA\r\n"]

    asyncio.run(play())
    assert seen == [("second envelope", 1)]


def test_sequential_server_gets_one_command_at_a_time() -> None:
    """A server that offers no pipelining must never find two commands in its buffer (RFC 2920 section 2)."""

    async def play() -> list[bytes]:
        reads: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 x\r\n")
            in_content = False
            while octets := await reader.read(65536):
                reads.append(octets)
                await asyncio.sleep(0.01)  # what was sent too soon would be there by now
                if octets == b"DATA\r\n":
                    in_content = True
                    writer.write(b"354 go\r\n")
                elif b"r1@" in octets:
                    writer.write(b"550 5.1.1 no\r\n")
                else:
                    writer.write(b"250 ok\r\n" if not in_content or octets.endswith(b"\r\n.\r\n") else b"")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            transport = SmtpTransport(
                [relay_at(server.sockets[0].getsockname()[1])], connections=1, timeouts=PATIENT
            )
            delivered = await deliver_once(transport, jobs_for(2))
            await transport.close()
        assert delivered.verdicts == verdicts(REJECTED, ACCEPTED)
        return reads

    assert asyncio.run(play()) == [
        b"EHLO localhost\r\n",
        b"MAIL FROM:<news@example.org>\r\n",
        b"RCPT TO:<r1@example.net>\r\n",
        b"RSET\r\n",
        b"MAIL FROM:<news@example.org>\r\n",
        b"RCPT TO:<r2@example.net>\r\n",
        b"DATA\r\n",
        CONTENT + b".\r\n",
        b"QUIT\r\n",
    ]


@BOTH_WAYS
def test_refused_recipient_does_not_stop_the_rest(ehlo: bytes) -> None:
    server = ScriptedServer(on("RCPT", b"550 5.1.1 Nobody here\r\n", message=2), ehlo)
    delivered = deliver_to(server, jobs_for(3))
    assert delivered.verdicts == verdicts(ACCEPTED, REJECTED, ACCEPTED)
    assert dict(delivered.outcomes)[2] == Outcome(REJECTED, 550, "5.1.1", "5.1.1 Nobody here")
    assert [recipient for recipient, _ in server.taken] == ["r1@example.net", "r3@example.net"]
    assert server.connections == 1


def test_refused_recipient_whose_data_is_let_through_gets_nothing() -> None:
    """A server may say 354 although it refused the only recipient; nothing but a dot may follow (RFC 2920 section 3.1)."""

    def answer(turn: Turn) -> Answer | None:
        if turn.message == 2 and turn.verb == "RCPT":
            return b"550 5.1.1 Nobody here\r\n"
        return b"354 go on\r\n" if turn.message == 2 and turn.verb == "DATA" else None

    server = ScriptedServer(answer)
    assembled: list[int] = []

    def job(number: int) -> Job:
        def message() -> bytes:
            assembled.append(number)
            return CONTENT

        return Job(number, "news@example.org", f"r{number}@example.net", message)

    delivered = deliver_to(server, [job(number) for number in (1, 2, 3)])
    assert delivered.verdicts == verdicts(ACCEPTED, REJECTED, ACCEPTED)
    assert [recipient for recipient, _ in server.taken] == ["r1@example.net", "r3@example.net"]
    assert assembled == [1, 3]


@BOTH_WAYS
@pytest.mark.parametrize(
    ("verb", "reply", "verdict"),
    [
        ("MAIL", b"451 4.3.0 Later\r\n", DEFERRED),
        ("MAIL", b"550 5.7.1 Not you\r\n", Verdict.BLOCKED),
        ("RCPT", b"451 4.7.1 Greylisted\r\n", DEFERRED),
        ("DATA", b"451 4.3.0 Later\r\n", DEFERRED),
        ("DATA", b"554 5.7.1 No\r\n", Verdict.BLOCKED),
        ("CONTENT", b"550-5.7.1 Looks like spam\r\n550 5.7.1 to us\r\n", Verdict.BLOCKED),
        ("CONTENT", b"552 5.3.4 Too big\r\n", Verdict.CONTENT_REFUSED),
        ("CONTENT", b"451 Later\r\n", DEFERRED),
    ],
)
def test_refusal_at_each_step_is_about_one_message(
    ehlo: bytes, verb: str, reply: bytes, verdict: Verdict
) -> None:
    server = ScriptedServer(on(verb, reply, message=2), ehlo)
    delivered = deliver_to(server, jobs_for(3))
    assert delivered.verdicts == verdicts(ACCEPTED, verdict, ACCEPTED)
    assert server.connections == 1


def test_reply_of_several_lines_is_kept_in_one() -> None:
    server = ScriptedServer(on("CONTENT", b"550-5.7.1 Looks like spam\r\n550 5.7.1 to us\r\n"))
    delivered = deliver_to(server, jobs_for(1))
    assert dict(delivered.outcomes)[1].text == "5.7.1 Looks like spam to us"


@BOTH_WAYS
@pytest.mark.parametrize("split_every", [1, 2, 3, 7])
def test_replies_cut_anywhere_are_put_together(ehlo: bytes, split_every: int) -> None:
    server = ScriptedServer(
        on("RCPT", b"550-5.1.1 No\r\n550-5.1.1 body\r\n550 5.1.1 here\r\n", message=2),
        ehlo,
        split_every=split_every,
    )
    delivered = deliver_to(server, jobs_for(3))
    assert delivered.verdicts == verdicts(ACCEPTED, REJECTED, ACCEPTED)
    assert dict(delivered.outcomes)[2].text == "5.1.1 No body here"


def test_old_server_without_ehlo_is_served() -> None:
    server = ScriptedServer(on("EHLO", b"502 What?\r\n"))
    delivered = deliver_to(server, jobs_for(2))
    assert delivered.verdicts == verdicts(ACCEPTED, ACCEPTED)
    assert server.commands[:2] == [b"EHLO localhost\r\n", b"HELO localhost\r\n"]
