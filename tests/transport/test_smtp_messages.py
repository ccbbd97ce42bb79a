"""Messages that are put together late or not at all, that a relay cannot take, and addresses that none may hear."""

import pytest

from newsletter.transport.line import DeliveryLine
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job
from scripted_smtp import (
    Answer,
    ScriptedServer,
    Turn,
)
from smtp_deliveries import ACCEPTED, CONTENT, DEFERRED, REJECTED, deliver_to, jobs_for, relay_at, verdicts


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
