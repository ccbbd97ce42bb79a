"""Servers that hang up, fall silent, close or are not there at all: what is tried again, what is in doubt, who is told."""

import asyncio

import pytest

from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import SmtpTransport
from scripted_smtp import (
    PLAIN_EHLO,
    Answer,
    Deaf,
    HangUp,
    Say,
    ScriptedServer,
    Silence,
    Turn,
)
from smtp_deliveries import (
    ACCEPTED,
    BOTH_WAYS,
    CONTENT,
    IN_DOUBT,
    NOT_TRIED,
    PATIENT,
    SHORT,
    Delivered,
    deliver_once,
    deliver_to,
    jobs_for,
    on,
    patience_for,
    relay_at,
    verdicts,
)


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
