"""The table that turns replies into verdicts, row by row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.transport.outcome import (
    BackOff,
    Outcome,
    Stage,
    Verdict,
    enhanced_code,
    in_doubt,
    not_tried,
    outcome_of,
    plain_words,
)

A, D, R, B, C = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REJECTED, Verdict.BLOCKED, Verdict.CONTENT_REFUSED
MAIL, RCPT, DATA, CONTENT = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT


@pytest.mark.parametrize(
    ("stage", "code", "text", "verdict"),
    [
        (CONTENT, 250, "2.0.0 Ok: queued as 4F1", A),
        (CONTENT, 250, "", A),
        # not now
        (RCPT, 421, "4.7.0 Try again later", D),
        (RCPT, 450, "4.7.1 Greylisted", D),
        (RCPT, 451, "4.7.1 Please try again", D),
        (CONTENT, 451, "4.7.650 The mail server has been temporarily rate limited", D),
        (RCPT, 452, "4.5.3 Too many recipients", D),
        (RCPT, 452, "4.2.2 Mailbox full", D),
        (RCPT, 450, "4.1.1 User unknown, perhaps", D),
        # too many recipients, said with a permanent code (RFC 5321 section 4.5.3.1.10)
        (RCPT, 552, "Too many recipients", D),
        (RCPT, 552, "5.5.3 Too many recipients", D),
        (RCPT, 552, "4.5.3 Error: too many recipients", D),
        # full mailboxes come back
        (RCPT, 552, "5.2.2 Mailbox full", D),
        (CONTENT, 554, "5.2.2 The user is over quota", D),
        (RCPT, 550, "Mailbox quota exceeded", D),
        (RCPT, 552, "Requested action aborted: exceeded storage allocation quota; insufficient space", D),
        # dead addresses
        (RCPT, 550, "5.1.1 The email account that you tried to reach does not exist", R),
        (RCPT, 553, "5.1.1 Unknown", R),
        (CONTENT, 550, "5.1.1 Unknown", R),
        (RCPT, 550, "5.1.2 Bad destination system", R),
        (RCPT, 501, "5.1.3 Bad recipient address syntax", R),
        (RCPT, 550, "5.1.6 Mailbox has moved", R),
        (RCPT, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound", R),
        (RCPT, 550, "5.2.1 The account is disabled", R),
        (RCPT, 556, "Domain does not accept mail", R),
        (RCPT, 521, "Host does not accept mail", R),
        (RCPT, 550, "No such user here", R),
        (RCPT, 550, "User unknown", R),
        (RCPT, 550, "Requested action not taken: mailbox unavailable", R),
        (RCPT, 550, "5.5.0 Requested action not taken: mailbox unavailable", R),
        (RCPT, 550, "5.1.0 <x@example.net>... Recipient unknown", R),
        (RCPT, 550, "Recipient address rejected: User unknown in virtual mailbox table", R),
        # the sender's side
        (CONTENT, 550, "5.7.1 Message rejected as spam", B),
        (CONTENT, 554, "5.7.1 Rejected for policy reasons", B),
        (
            CONTENT,
            550,
            "5.7.515 Access denied, sending domain does not meet the required authentication level",
            B,
        ),
        (CONTENT, 550, "5.7.26 Unauthenticated email is not accepted", B),
        (CONTENT, 550, "5.7.25 The IP address has no PTR record", B),
        (RCPT, 554, "5.7.1 <x@example.net>: Relay access denied", B),
        (RCPT, 554, "Relay access denied", B),
        (RCPT, 550, "Your host is listed in a blocklist", B),
        (CONTENT, 554, "This message looks like spam", B),
        (CONTENT, 550, "DMARC check failed", B),
        (MAIL, 550, "5.1.8 Sender address rejected: Domain not found", B),
        (MAIL, 553, "5.1.7 Bad sender", B),
        (MAIL, 550, "User unknown", B),
        (MAIL, 550, "No", B),
        (MAIL, 530, "5.7.0 Authentication required", B),
        (MAIL, 535, "Not accepted", B),
        # the message
        (MAIL, 552, "5.3.4 Message size exceeds fixed limit", C),
        (MAIL, 552, "Message size exceeds limit", C),
        (CONTENT, 552, "5.3.4 Message too big", C),
        (CONTENT, 552, "Too much mail data", C),
        (CONTENT, 550, "Message is too large", C),
        (CONTENT, 554, "5.6.0 Message contains invalid header", C),
        (CONTENT, 554, "5.6.7 Header needs UTF8", C),
        (CONTENT, 550, "5.2.3 Message length exceeds administrative limit", C),
        (DATA, 503, "5.5.1 Bad sequence of commands", C),
        (CONTENT, 500, "Line too long", C),
        # a 5xx that says nothing known
        (RCPT, 550, "", D),
        (RCPT, 550, "No", D),
        (RCPT, 550, "5.4.1 Access denied", D),
        (CONTENT, 554, "Transaction failed", D),
        (CONTENT, 554, "5.3.0 Something else", D),
    ],
)
def test_reply_gives_its_verdict(stage: Stage, code: int, text: str, verdict: Verdict) -> None:
    assert outcome_of(code, text, stage).verdict is verdict


@given(st.integers(400, 599), st.text(), st.sampled_from(Stage))
def test_every_refusal_has_a_verdict_and_short_plain_words(code: int, text: str, stage: Stage) -> None:
    outcome = outcome_of(code, text, stage)
    assert outcome.verdict in {D, R, B, C}
    assert outcome.code == code
    assert len(outcome.text) <= 500
    assert outcome.text.isprintable() or not any(ord(character) < 32 for character in outcome.text)


@given(st.integers(500, 599), st.text())
def test_nothing_said_about_the_sender_is_held_against_the_reader(code: int, text: str) -> None:
    assert outcome_of(code, f"5.7.1 {text}", Stage.RCPT).verdict is B
    assert outcome_of(code, text, Stage.MAIL).verdict is not R


@pytest.mark.parametrize(
    ("code", "stage"), [(250, Stage.RCPT), (354, Stage.DATA), (199, Stage.CONTENT), (600, Stage.CONTENT)]
)
def test_reply_that_decides_nothing_is_a_mistake_to_ask_about(code: int, stage: Stage) -> None:
    with pytest.raises(ValueError, match=f"the reply {code} decides nothing at {stage}"):
        outcome_of(code, "", stage)


@pytest.mark.parametrize(
    ("code", "text", "enhanced"),
    [
        (550, "5.1.1 No", "5.1.1"),
        (550, "5.1.1", "5.1.1"),
        (550, "  5.07.001 No", "5.7.1"),
        (550, "4.1.1 No", None),
        (550, "5.1.1.4 No", None),
        (550, "No 5.1.1", None),
        (550, "", None),
    ],
)
def test_enhanced_code_is_read_where_it_agrees(code: int, text: str, enhanced: str | None) -> None:
    assert enhanced_code(code, text) == enhanced


def test_outcomes_without_a_server_say_why() -> None:
    assert not_tried("stopped") == Outcome(Verdict.NOT_TRIED, None, None, "stopped")
    assert in_doubt("hung up") == Outcome(Verdict.IN_DOUBT, None, None, "hung up", BackOff.RELAY)


def test_words_of_a_server_are_cleaned_and_cut() -> None:
    assert plain_words("a\r\nb\x1b[31m\u2028c") == "a b [31m c"
    assert plain_words("x" * 600) == "x" * 500
