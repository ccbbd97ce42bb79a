"""What is said to servers by what they offer and do: DSN, BDAT, 8-bit, and pipelining that does not work."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from newsletter.transport.envelope import Report, xtext
from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
from newsletter.transport.octets import WireOctets, WirePieces
from newsletter.transport.outcome import BackOff, Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.rotation import Manner, RelayRecord, Rotation
from newsletter.transport.smtp import Job, SmtpTransport, Timeouts
from scripted_smtp import Answer, HangUp, ScriptedServer, Turn

PATIENT = Timeouts(20, 20, 20, 20, 20, 20, 1)
CONTENT = b"Subject: hello\r\n\r\nhello\r\n"
DSN_EHLO = b"250-scripted.test\r\n250-PIPELINING\r\n250-DSN\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
CHUNKING_EHLO = b"250-scripted.test\r\n250-PIPELINING\r\n250 CHUNKING\r\n"


def jobs_for(count: int) -> list[Job]:
    return [
        Job(number, "news@example.org", f"r{number}@example.net", lambda: CONTENT)
        for number in range(1, count + 1)
    ]


def deliver(
    server: ScriptedServer, jobs: list[Job], *, has_bdat: bool = False
) -> tuple[dict[object, Outcome], Manner]:
    """The outcomes, and how the relay is served from then on."""
    outcomes: dict[object, Outcome] = {}

    async def play() -> Manner:
        async with server:
            relay = Relay("127.0.0.1", server.port, Tls.NONE, has_bdat=has_bdat)
            transport = SmtpTransport([relay], connections=1, timeouts=PATIENT)
            await transport.deliver(
                jobs, on_outcome=lambda job, outcome: outcomes.__setitem__(job.key, outcome)
            )
            await transport.close()
            return transport.rotation.records[0].manner

    return outcomes, asyncio.run(asyncio.wait_for(play(), 30))


def verdicts_of(outcomes: dict[object, Outcome]) -> list[Verdict]:
    return [outcomes[key].verdict for key in sorted(outcomes, key=str)]


def test_m19_report_of_failure_is_asked_for_where_the_relay_knows_of_it() -> None:
    """RFC 3461 section 4: NOTIFY, RET, ENVID and ORCPT; what is not plain in them as xtext."""
    job = Job(
        1,
        "news@example.org",
        "zo+e@example.net",
        lambda: CONTENT,
        report=Report.FAILURE,
        envelope_id="m1=7+x",
    )
    server = ScriptedServer(ehlo=DSN_EHLO)
    assert verdicts_of(deliver(server, [job])[0]) == [Verdict.ACCEPTED]
    assert server.commands[1:3] == [
        b"MAIL FROM:<news@example.org> RET=HDRS ENVID=m1+3D7+2Bx\r\n",
        b"RCPT TO:<zo+e@example.net> NOTIFY=FAILURE ORCPT=rfc822;zo+2Be@example.net\r\n",
    ]


def test_m19_nothing_is_asked_of_a_relay_that_does_not_offer_it() -> None:
    job = Job(1, "n@example.org", "a@example.net", lambda: CONTENT, report=Report.FAILURE, envelope_id="m1")
    server = ScriptedServer()
    assert verdicts_of(deliver(server, [job])[0]) == [Verdict.ACCEPTED]
    assert server.commands[1:3] == [b"MAIL FROM:<n@example.org>\r\n", b"RCPT TO:<a@example.net>\r\n"]


def test_m19_answers_of_a_program_ask_for_no_report_at_all() -> None:
    """RFC 3834 section 3.3."""
    server = ScriptedServer(ehlo=DSN_EHLO)
    deliver(server, [Job(1, "", "a@example.net", lambda: CONTENT, report=Report.NEVER)])
    assert server.commands[1:3] == [b"MAIL FROM:<>\r\n", b"RCPT TO:<a@example.net> NOTIFY=NEVER\r\n"]


def test_m19_international_recipient_is_named_as_rfc_6533_wants() -> None:
    server = ScriptedServer(ehlo=DSN_EHLO)
    deliver(server, [Job(1, "n@example.org", "zoé+x@example.net", lambda: CONTENT, report=Report.FAILURE)])
    assert server.commands[2] == (
        "RCPT TO:<zoé+x@example.net> NOTIFY=FAILURE ORCPT=utf-8;zo\\x{E9}\\x{2B}x@example.net\r\n".encode()
    )


def test_envelope_id_that_is_too_long_is_left_out() -> None:
    server = ScriptedServer(ehlo=DSN_EHLO)
    deliver(
        server,
        [
            Job(
                1,
                "n@example.org",
                "a@example.net",
                lambda: CONTENT,
                report=Report.FAILURE,
                envelope_id="=" * 34,
            )
        ],
    )
    assert server.commands[1] == b"MAIL FROM:<n@example.org> RET=HDRS\r\n"
    assert len(xtext("=" * 34)) == 102


def test_m14_international_address_is_refused_here_where_the_relay_cannot_take_it() -> None:
    """RFC 6531 section 3.2: it must not be sent; and no 8-bit parameter is said for anybody else."""
    jobs = [
        Job(1, "n@example.org", "zoé@example.net", lambda: CONTENT),
        Job(2, "n@example.org", "a@xn--caf-dma.example", lambda: CONTENT),
    ]
    server = ScriptedServer()
    outcomes, _ = deliver(server, jobs)
    assert verdicts_of(outcomes) == [Verdict.REJECTED, Verdict.ACCEPTED]
    assert [line for line in server.commands if line.startswith((b"MAIL", b"RCPT"))] == [
        b"MAIL FROM:<n@example.org>\r\n",
        b"RCPT TO:<a@xn--caf-dma.example>\r\n",
    ]


def test_8_bit_octets_never_go_to_a_server_that_was_not_told_of_them() -> None:
    server = ScriptedServer()
    outcomes, _ = deliver(server, [Job(1, "n@example.org", "a@example.net", lambda: "é\r\n".encode())])
    assert outcomes[1].verdict is Verdict.CONTENT_REFUSED
    assert server.taken == []


@pytest.mark.parametrize(
    ("message", "octets"),
    [
        (b".a\n.b", b"BDAT 8 LAST\r\n.a\r\n.b\r\n"),
        (WireOctets(b"a\r\n"), b"BDAT 3 LAST\r\na\r\n"),
        (WirePieces((b"a\r\n", b"b\r\n")), b"BDAT 6 LAST\r\na\r\nb\r\n"),
        (b"", b"BDAT 0 LAST\r\n"),
    ],
)
def test_bdat_announces_the_octets_and_doubles_no_dot(message: bytes | WirePieces, octets: bytes) -> None:
    """RFC 3030 section 2; the envelope and the chunk leave together."""

    async def play() -> bytes:
        read = b""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal read
            writer.write(b"220 x\r\n")
            await reader.readline()
            writer.write(CHUNKING_EHLO)
            await reader.readuntil(b"BDAT ")
            read = b"BDAT " + await reader.readexactly(len(octets) - 5)
            writer.write(b"250 ok\r\n250 ok\r\n250 taken\r\n")
            await reader.readline()
            writer.write(b"221 bye\r\n")
            writer.close()

        heard: list[Verdict] = []
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            transport = SmtpTransport(
                [Relay("127.0.0.1", port, Tls.NONE, has_bdat=True)], connections=1, timeouts=PATIENT
            )
            job = Job(1, "n@example.org", "a@example.net", lambda: message)
            await transport.deliver([job], on_outcome=lambda _job, outcome: heard.append(outcome.verdict))
            await transport.close()
        assert heard == [Verdict.ACCEPTED]
        return read

    assert asyncio.run(asyncio.wait_for(play(), 20)) == octets


def test_bdat_is_not_said_where_it_is_not_offered() -> None:
    server = ScriptedServer()
    assert verdicts_of(deliver(server, jobs_for(2), has_bdat=True)[0]) == [Verdict.ACCEPTED] * 2
    assert not [line for line in server.commands if line.startswith(b"BDAT")]


@pytest.mark.parametrize(
    "reply",
    [
        b"554 5.5.1 SMTP synchronization error\r\n",
        b"503 5.5.0 <DATA>: Improper use of SMTP command pipelining\r\n",
    ],
)
def test_server_that_complains_of_pipelining_gets_one_command_at_a_time(reply: bytes) -> None:
    """Two sessions are lost on it, no message is, and the relay is remembered."""

    def answer(turn: Turn) -> Answer | None:
        return reply if turn.verb == "MAIL" and turn.connection <= 2 else None

    server = ScriptedServer(answer)
    outcomes, manner = deliver(server, jobs_for(5))
    assert verdicts_of(outcomes) == [Verdict.ACCEPTED] * 5
    assert manner is Manner.ONE_AT_A_TIME
    assert server.connections == 3


def hangs_up_in_groups(breaks: Callable[[Turn], bool]) -> Callable[[Turn], Answer | None]:
    return lambda turn: HangUp() if breaks(turn) else None


def test_server_that_hangs_up_on_content_with_a_command_behind_it_is_served_in_plain_groups() -> None:
    """It offers PIPELINING, judges the content, and closes when it finds MAIL in its buffer already."""
    answer = hangs_up_in_groups(
        lambda turn: turn.verb == "MAIL" and turn.message == 2 and turn.connection <= 2
    )
    server = ScriptedServer(answer)
    outcomes, manner = deliver(server, jobs_for(6))
    assert verdicts_of(outcomes) == [Verdict.ACCEPTED] * 6
    assert manner is Manner.GROUPED
    assert len(server.taken) == 6


def test_relay_that_was_seen_to_do_well_is_not_blamed_for_a_hang_up() -> None:
    server = ScriptedServer(hangs_up_in_groups(lambda turn: turn.verb == "MAIL" and turn.message == 4))
    outcomes, manner = deliver(server, jobs_for(9))
    assert verdicts_of(outcomes) == [Verdict.ACCEPTED] * 9
    assert manner is Manner.CONTENT_FIRST
    assert server.connections >= 3


def test_troubles_that_are_not_in_a_row_do_not_add_up() -> None:
    record = RelayRecord(Relay("127.0.0.1", 25, Tls.NONE))
    record.note_trouble(Manner.CONTENT_FIRST, is_sure=False)
    record.trouble_count = 0  # a session went well
    record.note_trouble(Manner.CONTENT_FIRST, is_sure=False)
    assert record.manner is Manner.CONTENT_FIRST
    record.note_trouble(Manner.CONTENT_FIRST, is_sure=False)
    assert record.manner is Manner.GROUPED


def test_unasked_reply_before_the_content_was_sent_is_no_acceptance() -> None:
    """A server that is a reply ahead would have every message accepted that it never saw."""
    server = ScriptedServer(
        lambda turn: (
            b"354 go\r\n250 2.0.0 Taken\r\n" if turn.verb == "DATA" and turn.connection == 1 else None
        )
    )
    outcomes, _ = deliver(server, jobs_for(1))
    assert outcomes[1].verdict is Verdict.IN_DOUBT


def test_login_wanted_at_any_step_judges_no_message() -> None:
    """530, 534, 535, 538 are the relay's, whichever command they answer (RFC 4954 section 6)."""
    for verb in ("MAIL", "RCPT", "DATA"):
        server = ScriptedServer(
            lambda turn, verb=verb: b"530 5.7.0 Log in\r\n" if turn.verb == verb else None
        )
        with pytest.raises(RelayRefusedLogin):
            deliver(server, jobs_for(3))
        assert server.taken == []
        assert server.connections == 1


@pytest.mark.parametrize("verb", ["GREETING", "MAIL", "RCPT", "DATA", "CONTENT"])
def test_421_backs_off_the_relay_and_not_the_reader(verb: str) -> None:
    server = ScriptedServer(lambda turn: b"421 4.3.2 Closing\r\n" if turn.verb == verb else None)
    outcomes: dict[object, Outcome] = {}

    async def play() -> None:
        async with server:
            transport = SmtpTransport(
                [Relay("127.0.0.1", server.port, Tls.NONE)], connections=1, timeouts=PATIENT
            )
            with suppress(RelayUnreachable):  # no session, where the greeting is one
                await transport.deliver(
                    jobs_for(1), on_outcome=lambda job, outcome: outcomes.__setitem__(job.key, outcome)
                )
            await transport.close()

    asyncio.run(asyncio.wait_for(play(), 20))
    assert outcomes[1].verdict is Verdict.NOT_TRIED
    assert outcomes[1].backs_off is BackOff.RELAY


def test_relays_take_connections_by_their_weight() -> None:
    rotation = Rotation([Relay("a", 25, Tls.NONE, weight=3), Relay("b", 25, Tls.NONE)])
    taken = []
    for _ in range(8):
        record = rotation.in_turn()[0]
        record.open_count += 1
        taken.append(record.relay.host)
    assert (taken.count("a"), taken.count("b")) == (6, 2)
    rotation.records[0].set_aside()
    assert [record.relay.host for record in rotation.in_turn()] == ["b", "a"]
    assert rotation.has_others()
    rotation.records[1].set_aside()
    assert not rotation.has_others()


def test_relay_that_loses_every_connection_is_set_aside_and_the_other_does_the_work() -> None:
    async def play() -> tuple[list[Verdict], int, int]:
        heard: list[Verdict] = []
        async with (
            ScriptedServer(lambda turn: HangUp() if turn.verb == "MAIL" else None) as bad,
            ScriptedServer() as good,
        ):
            relays = [Relay("127.0.0.1", server.port, Tls.NONE) for server in (bad, good)]
            transport = SmtpTransport(relays, connections=2, timeouts=PATIENT, messages_per_connection=2)
            await transport.deliver(
                jobs_for(60), on_outcome=lambda _job, outcome: heard.append(outcome.verdict)
            )
            await transport.close()
            return heard, bad.connections, len(good.taken)

    heard, bad_connections, good_count = asyncio.run(asyncio.wait_for(play(), 30))
    assert len(heard) == 60
    assert heard.count(Verdict.ACCEPTED) == good_count
    assert bad_connections <= 8


def test_hand_over_is_told_of_what_is_written_and_of_nothing_else() -> None:
    """A slow message is made ahead, while the server is still asked whether it wants it: that is no hand-over yet."""
    told: list[str] = []
    made: list[str] = []

    def a_job(name: str) -> Job:
        def message() -> bytes:
            made.append(name)
            return CONTENT

        return Job(
            name,
            "n@example.org",
            f"{name}@example.net",
            message,
            is_slow=True,
            on_hand_over=lambda: told.append(name),
        )

    def refuses_the_second(turn: Turn) -> Answer | None:
        return b"550 5.1.1 no such user\r\n" if turn.verb == "RCPT" and b"two" in turn.line else None

    outcomes, _ = deliver(
        ScriptedServer(answer=refuses_the_second), [a_job("one"), a_job("two"), a_job("three")]
    )
    assert [outcomes[name].verdict for name in ("one", "two", "three")] == [
        Verdict.ACCEPTED,
        Verdict.REJECTED,
        Verdict.ACCEPTED,
    ]
    assert told == ["one", "three"]
    assert made == ["one", "two", "three"]
