"""Deliveries to a scripted server on loopback: what is said, what becomes of each message, and on how many connections."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
from newsletter.transport.line import DeliveryLine
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import Job, SmtpTransport, Timeouts
from scripted_smtp import (
    PIPELINING_EHLO,
    PLAIN_EHLO,
    Answer,
    Deaf,
    HangUp,
    Say,
    ScriptedServer,
    Silence,
    Turn,
)

PATIENT = Timeouts(20, 20, 20, 20, 20, 20, 1)
SHORT = Timeouts(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.2)  # for servers that say nothing
BOTH_WAYS = pytest.mark.parametrize("ehlo", [PIPELINING_EHLO, PLAIN_EHLO], ids=["pipelining", "sequential"])
CONTENT = b"Subject: hello\r\n\r\nhello\r\n"


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


ACCEPTED, DEFERRED, REJECTED = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REJECTED
IN_DOUBT, NOT_TRIED = Verdict.IN_DOUBT, Verdict.NOT_TRIED


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


@BOTH_WAYS
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    "answer",
    [
        HangUp(),
        b"421 4.3.2 Closing\r\n",
        b"garbage\r\n",
        b"250-a\r\n550 b\r\n",
        Say(b"250 ok\r\n", cut_after=3),
        Silence(),
    ],
    ids=["hang-up", "421", "garbage", "two codes", "cut reply", "silence"],
)
def test_trouble_before_the_content_is_tried_again(ehlo: bytes, verb: str, answer: Answer) -> None:
    server = ScriptedServer(on(verb, answer, connection=1, message=2), ehlo)
    delivered = deliver_to(server, jobs_for(3), timeouts=patience_for(answer))
    assert delivered.verdicts == verdicts(ACCEPTED, ACCEPTED, ACCEPTED)
    assert [recipient for recipient, _ in server.taken] == [f"r{number}@example.net" for number in (1, 2, 3)]
    assert server.connections == 2


@BOTH_WAYS
@pytest.mark.parametrize(
    "answer", [HangUp(), b"garbage\r\n", b"354 what\r\n", Say(b"250 ok\r\n", cut_after=5), Silence()]
)
def test_no_answer_after_the_final_dot_is_in_doubt_and_never_sent_again(ehlo: bytes, answer: Answer) -> None:
    server = ScriptedServer(on("CONTENT", answer, connection=1, message=2), ehlo)
    delivered = deliver_to(server, jobs_for(4), timeouts=patience_for(answer))
    assert delivered.verdicts == verdicts(ACCEPTED, IN_DOUBT, ACCEPTED, ACCEPTED)
    assert server.connections == 2


@BOTH_WAYS
def test_closing_answer_to_the_content_means_not_taken_and_is_tried_again(ehlo: bytes) -> None:
    server = ScriptedServer(on("CONTENT", b"421 4.3.2 Closing\r\n", connection=1, message=2), ehlo)
    delivered = deliver_to(server, jobs_for(3))
    assert delivered.verdicts == verdicts(ACCEPTED, ACCEPTED, ACCEPTED)
    assert [recipient for recipient, _ in server.taken] == [f"r{number}@example.net" for number in (1, 2, 3)]


@BOTH_WAYS
def test_hang_up_in_small_content_is_in_doubt(ehlo: bytes) -> None:
    """All of it had left this process: only the server knows what it made of it."""
    server = ScriptedServer(on("DATA", HangUp(in_content=5), connection=1, message=1), ehlo)
    assert deliver_to(server, jobs_for(2)).verdicts == verdicts(IN_DOUBT, ACCEPTED)


@BOTH_WAYS
def test_hang_up_in_content_too_large_to_have_left_is_tried_again(ehlo: bytes) -> None:
    server = ScriptedServer(on("DATA", HangUp(in_content=5), connection=1), ehlo)
    content = CONTENT + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 200_000
    delivered = deliver_to(server, jobs_for(1, content))
    assert delivered.verdicts == verdicts(ACCEPTED)
    assert server.taken == [("r1@example.net", content)]


def test_server_that_stops_reading_in_the_content_is_given_up_without_doubt() -> None:
    server = ScriptedServer(on("DATA", Deaf()))
    content = CONTENT + (b"y" * 70 + b"\r\n") * 200_000
    delivered = deliver_to(server, jobs_for(1, content), timeouts=SHORT)
    assert delivered.verdicts == verdicts(NOT_TRIED)


def test_hang_up_right_after_the_opening_is_noticed() -> None:
    """Seen as a delivery that never ended: the hang-up came between the answer to EHLO and the first MAIL."""
    for _ in range(30):  # which of the two the event loop sees first is a matter of luck
        server = ScriptedServer(on("EHLO", Say(PLAIN_EHLO, cut_after=len(PLAIN_EHLO)), connection=1))
        assert deliver_to(server, jobs_for(2)).verdicts == verdicts(ACCEPTED, ACCEPTED)


def test_message_that_never_gets_through_is_not_tried_for_ever() -> None:
    def answer(turn: Turn) -> Answer | None:
        return b"421 4.7.0 Go away\r\n" if turn.verb == "RCPT" and b"r2@" in turn.line else None

    server = ScriptedServer(answer)
    delivered = deliver_to(server, jobs_for(3))
    assert delivered.verdicts == verdicts(ACCEPTED, NOT_TRIED, ACCEPTED)
    assert delivered.error is None
    assert server.connections == 4
    assert "421 4.7.0 Go away" in dict(delivered.outcomes)[2].text


def test_message_that_only_waits_behind_one_that_never_gets_through_is_not_given_up_with_it() -> None:
    def answer(turn: Turn) -> Answer | None:
        is_first = turn.verb == "CONTENT" and turn.message == 1
        return b"421 4.3.0 Closing\r\n" if is_first and turn.connection <= 3 else None

    delivered = deliver_to(ScriptedServer(answer), jobs_for(2))
    assert delivered.verdicts == verdicts(NOT_TRIED, ACCEPTED)


def test_relay_that_leaves_every_message_in_doubt_is_left_alone() -> None:
    server = ScriptedServer(on("CONTENT", HangUp()))
    delivered = deliver_to(server, jobs_for(50))
    assert isinstance(delivered.error, RelayUnreachable)
    assert list(delivered.verdicts.values()).count(IN_DOUBT) == 6
    assert list(delivered.verdicts.values()).count(NOT_TRIED) == 44


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_relay_that_is_down_leaves_all_untried_and_says_where(host: str) -> None:
    async def play() -> Delivered:
        async with ScriptedServer() as gone:
            port = gone.port
        return await deliver_once(SmtpTransport([Relay(host, port, Tls.NONE)], timeouts=PATIENT), jobs_for(3))

    delivered = asyncio.run(play())
    assert delivered.verdicts == verdicts(NOT_TRIED, NOT_TRIED, NOT_TRIED)
    assert isinstance(delivered.error, RelayUnreachable)
    assert str(delivered.error) == (
        f"The mail relay {host}:{delivered.error.port} cannot be used: Connection refused. "
        "Check host and port in NEWSLETTER_SMTP_URL, and that it runs."
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"554 5.7.1 You are not welcome\r\n", "it greeted with 554 5.7.1 You are not welcome"),
        (b"421 Too busy\r\n", "it greeted with 421 Too busy"),
        (HangUp(), "the server hung up"),
        (Silence(), "the server did not answer in time"),
        (
            b"HTTP/1.1 400 Bad Request\r\n",
            "the server answered with garbage: “HTTP/1.1 400 Bad Request” is no reply of a mail server",
        ),
        (b"2" * 5000, "the server answered with garbage: a line without end"),
    ],
)
def test_relay_that_lets_nobody_in_is_named_with_its_reason(answer: Answer, reason: str) -> None:
    delivered = deliver_to(ScriptedServer(on("GREETING", answer)), jobs_for(2), timeouts=patience_for(answer))
    assert delivered.verdicts == verdicts(NOT_TRIED, NOT_TRIED)
    assert isinstance(delivered.error, RelayUnreachable)
    assert delivered.error.reason == reason


def test_relay_that_wants_a_login_stops_everything_and_judges_no_message() -> None:
    server = ScriptedServer(on("MAIL", b"530 5.7.0 Authentication required\r\n"))
    delivered = deliver_to(server, jobs_for(3))
    assert delivered.verdicts == verdicts(NOT_TRIED, NOT_TRIED, NOT_TRIED)
    assert isinstance(delivered.error, RelayRefusedLogin)
    assert server.connections == 1


def test_second_relay_takes_over_from_one_that_is_down() -> None:
    async def play() -> Delivered:
        async with ScriptedServer() as gone:
            port = gone.port
        async with ScriptedServer() as server:
            transport = SmtpTransport([relay_at(port), relay_at(server.port)], timeouts=PATIENT)
            delivered = await deliver_once(transport, jobs_for(4))
            await transport.close()
            assert len(server.taken) == 4
            return delivered

    assert asyncio.run(play()).verdicts == verdicts(*[ACCEPTED] * 4)


def test_connections_are_kept_between_deliveries_and_replaced_after_so_many_messages() -> None:
    async def play() -> tuple[int, int]:
        async with ScriptedServer() as server:
            transport = SmtpTransport(
                [relay_at(server.port)], connections=1, timeouts=PATIENT, messages_per_connection=3
            )
            await deliver_once(transport, jobs_for(2))
            await deliver_once(transport, jobs_for(1))
            before = server.connections
            await deliver_once(transport, jobs_for(4))
            await transport.close()
            assert len(server.taken) == 7
            return before, server.connections

    assert asyncio.run(play()) == (1, 3)


def test_kept_connection_that_the_server_closed_meanwhile_costs_nothing() -> None:
    async def play() -> list[dict[object, Verdict]]:
        async with ScriptedServer() as server:
            transport = SmtpTransport([relay_at(server.port)], connections=1, timeouts=PATIENT)
            first = await deliver_once(transport, jobs_for(1))
            for task in list(server._open):
                task.cancel()
            await asyncio.sleep(0.02)
            second = await deliver_once(transport, jobs_for(1))
            await transport.close()
            return [first.verdicts, second.verdicts]

    assert asyncio.run(play()) == [verdicts(ACCEPTED), verdicts(ACCEPTED)]


def test_several_connections_share_the_work_and_a_shy_relay_gets_fewer() -> None:
    def answer(turn: Turn) -> Answer | None:
        if turn.verb == "GREETING" and turn.connection > 2:
            return b"421 Too many connections\r\n"
        return Say(b"250 ok\r\n", after_seconds=0.002) if turn.verb == "CONTENT" else None

    server = ScriptedServer(answer)
    delivered = deliver_to(server, jobs_for(40), connections=4)
    assert delivered.verdicts == verdicts(*[ACCEPTED] * 40)
    assert len({recipient for recipient, _ in server.taken}) == 40
    assert {command for command in server.commands if command.startswith(b"QUIT")} == {b"QUIT\r\n"}


def test_stop_ends_between_messages_and_reports_the_rest() -> None:
    server = ScriptedServer()
    delivered = deliver_to(server, jobs_for(20), stop=lambda: len(server.taken) >= 5)
    values = list(delivered.verdicts.values())
    assert values.count(ACCEPTED) == len(server.taken)
    assert values.count(ACCEPTED) + values.count(NOT_TRIED) == 20
    assert 5 <= len(server.taken) <= 7


def test_stop_is_heard_while_a_relay_does_not_answer() -> None:
    calls: list[int] = []

    def stop() -> bool:
        calls.append(1)
        return len(calls) > 3

    async def play() -> Delivered:
        async with ScriptedServer(on("GREETING", Silence())) as server:
            return await deliver_once(SmtpTransport([relay_at(server.port)]), jobs_for(2), stop)

    assert asyncio.run(asyncio.wait_for(play(), 5)).verdicts == verdicts(NOT_TRIED, NOT_TRIED)


def test_broken_off_delivery_still_reports_each_job_once() -> None:
    delivered = Delivered()

    async def play() -> None:
        silent = asyncio.Event()

        def answer(turn: Turn) -> Answer | None:
            if turn.verb != "CONTENT" or turn.message < 3:
                return None
            silent.set()
            return Silence()

        async with ScriptedServer(answer) as server:
            transport = SmtpTransport([relay_at(server.port)], connections=1)
            task = asyncio.ensure_future(deliver_once(transport, jobs_for(5), into=delivered))
            await silent.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(play())
    assert delivered.verdicts == verdicts(ACCEPTED, ACCEPTED, IN_DOUBT, NOT_TRIED, NOT_TRIED)


def test_listener_that_fails_ends_the_delivery_with_its_error() -> None:
    heard: list[object] = []

    def listen(job: Job, outcome: Outcome) -> None:
        heard.append((job.key, outcome.verdict))
        if job.key == 2:
            raise ValueError("the disk is full")

    async def play() -> None:
        async with ScriptedServer() as server:
            transport = SmtpTransport([relay_at(server.port)], connections=1, timeouts=PATIENT)
            with pytest.raises(ValueError, match="the disk is full"):
                await transport.deliver(jobs_for(6), on_outcome=listen)
            await transport.close()

    asyncio.run(play())
    assert heard == [
        (1, ACCEPTED),
        (2, ACCEPTED),
        (3, ACCEPTED),
        (4, NOT_TRIED),
        (5, NOT_TRIED),
        (6, NOT_TRIED),
    ]


def test_message_that_cannot_be_put_together_is_told_and_the_rest_goes_on() -> None:
    def fails() -> bytes:
        raise LookupError("no such value")

    jobs = jobs_for(3)
    jobs[1] = Job(2, "news@example.org", "r2@example.net", fails)
    server = ScriptedServer()
    delivered = deliver_to(server, jobs)
    assert delivered.verdicts == verdicts(ACCEPTED, Verdict.CONTENT_REFUSED, ACCEPTED)
    assert (
        dict(delivered.outcomes)[2].text
        == "the message could not be put together: LookupError: no such value"
    )
    assert [recipient for recipient, _ in server.taken] == ["r1@example.net", "r3@example.net"]


def test_messages_that_cannot_be_put_together_are_not_blamed_on_the_relay() -> None:
    def fails() -> bytes:
        raise LookupError

    jobs = [Job(number, "n@example.org", "r@example.net", fails) for number in range(1, 11)]
    delivered = deliver_to(ScriptedServer(), jobs)
    assert delivered.verdicts == verdicts(*[Verdict.CONTENT_REFUSED] * 10)
    assert delivered.error is None


def test_messages_are_put_together_only_when_the_server_waits_for_them() -> None:
    assembled: list[int] = []

    def answer(turn: Turn) -> Answer | None:
        if turn.verb == "RCPT":
            assert len(assembled) == turn.message - 1
        return None

    def job(number: int) -> Job:
        def message() -> bytes:
            assembled.append(number)
            return CONTENT

        return Job(number, "news@example.org", f"r{number}@example.net", message)

    server = ScriptedServer(answer)
    assert deliver_to(server, [job(number) for number in range(1, 6)]).verdicts == verdicts(*[ACCEPTED] * 5)


@pytest.mark.parametrize(
    ("sender", "recipient", "verdict"),
    [
        ("news@example.org", "a@example.net>\r\nRCPT TO:<victim@example.net", REJECTED),
        ("news@example.org", "a@example.net\nDATA", REJECTED),
        ("news@example.org", "a b@example.net", REJECTED),
        ("news@example.org", "", REJECTED),
        ("news@example.org", "nobody", REJECTED),
        ("news@example.org", "a" * 250 + "@example.net", REJECTED),
        ("news@example.org", "a@example.net\u2028x", REJECTED),
        ("news@example.org>\r\nQUIT\r\n<x@y", "a@example.net", Verdict.BLOCKED),
    ],
)
def test_address_that_could_carry_commands_never_reaches_the_server(
    sender: str, recipient: str, verdict: Verdict
) -> None:
    server = ScriptedServer()
    bad = Job(1, sender, recipient, lambda: CONTENT)
    delivered = deliver_to(server, [bad, Job(2, "", "r2@example.net", lambda: CONTENT)])
    assert delivered.verdicts == verdicts(verdict, ACCEPTED)
    assert server.commands == [
        b"EHLO localhost\r\n",
        b"MAIL FROM:<>\r\n",
        b"RCPT TO:<r2@example.net>\r\n",
        b"DATA\r\n",
        b"QUIT\r\n",
    ]


def test_international_address_needs_a_relay_that_takes_it() -> None:
    job = Job(1, "news@example.org", "zoé@example.net", lambda: CONTENT)
    refused = ScriptedServer()
    assert dict(deliver_to(refused, [job]).outcomes)[1] == Outcome(
        REJECTED, None, None, "the mail relay cannot take international addresses (SMTPUTF8)"
    )
    willing = ScriptedServer(ehlo=b"250-scripted.test\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
    assert deliver_to(willing, [job]).verdicts == verdicts(ACCEPTED)
    assert willing.commands[1:3] == [
        b"MAIL FROM:<news@example.org> SMTPUTF8 BODY=8BITMIME\r\n",
        "RCPT TO:<zoé@example.net>\r\n".encode(),
    ]


def test_message_larger_than_the_relay_takes_is_not_sent() -> None:
    ehlo = b"250-scripted.test\r\n250-PIPELINING\r\n250 SIZE 1000\r\n"
    jobs = [
        Job(1, "n@example.org", "r1@example.net", lambda: CONTENT, size_bytes=5000),
        Job(2, "n@example.org", "r2@example.net", lambda: CONTENT + b"x\r\n" * 500),
        Job(3, "n@example.org", "r3@example.net", lambda: CONTENT, size_bytes=len(CONTENT)),
    ]
    server = ScriptedServer(ehlo=ehlo)
    delivered = deliver_to(server, jobs)
    refused = Verdict.CONTENT_REFUSED
    assert delivered.verdicts == verdicts(refused, refused, ACCEPTED)
    assert [recipient for recipient, _ in server.taken] == ["r3@example.net"]
    assert b"MAIL FROM:<n@example.org> SIZE=25\r\n" in server.commands


def test_message_of_any_form_reaches_the_server_whole() -> None:
    """Dots are doubled and lone line ends mended, so that no message can end early and go on as commands."""
    wild = b"Subject: x\n\n.\r\nMAIL FROM:<evil@example.org>\r.\n..\nend"
    server = ScriptedServer()
    assert deliver_to(server, jobs_for(2, wild)).verdicts == verdicts(ACCEPTED, ACCEPTED)
    expected = b"Subject: x\r\n\r\n.\r\nMAIL FROM:<evil@example.org>\r\n.\r\n..\r\nend\r\n"
    assert [raw for _, raw in server.taken] == [expected, expected]


def test_delivery_line_works_without_a_loop_and_keeps_its_connection() -> None:
    from newsletter.transport.catcher import Catcher

    heard: list[Verdict] = []
    with Catcher(refused={"r2@example.net"}, deferred={"r3@example.net"}) as catcher:
        with DeliveryLine([relay_at(catcher.port)], connections=2) as line:
            for _ in range(2):
                line.deliver(jobs_for(3), on_outcome=lambda _job, outcome: heard.append(outcome.verdict))
        mails = catcher.mails()
    assert sorted(heard) == sorted([ACCEPTED, REJECTED, DEFERRED] * 2)
    assert [(mail.number, mail.sender, mail.recipient, mail.raw) for mail in mails] == [
        (1, "news@example.org", "r1@example.net", CONTENT),
        (2, "news@example.org", "r1@example.net", CONTENT),
    ]
