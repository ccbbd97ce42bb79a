"""The policy of replies, row by row: what each means for the reader, the relay, the domain and the mailing."""

import pytest

from newsletter.transport.outcome import BackOff, Stage, Verdict, accepted, outcome_of

MAIL, RCPT, DATA, CONTENT = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.CONTENT


def of(stage: Stage, reply: str) -> tuple[Verdict, BackOff]:
    outcome = outcome_of(int(reply[:3]), reply[4:], stage)
    return outcome.verdict, outcome.backs_off


@pytest.mark.parametrize("stage", list(Stage))
def test_row_421_backs_off_the_relay_and_not_the_recipient(stage: Stage) -> None:
    assert of(stage, "421 4.7.0 Try again later") == (Verdict.DEFERRED, BackOff.RELAY)


@pytest.mark.parametrize(
    "reply", ["450 4.7.1 Greylisted", "451 4.7.1 Grey-listing in action", "450 4.2.1 Later"]
)
def test_row_greylisting_is_tried_again_and_slows_nobody_down(reply: str) -> None:
    assert of(RCPT, reply) == (Verdict.DEFERRED, BackOff.NOBODY)


@pytest.mark.parametrize(
    "reply",
    [
        "451 4.7.650 The mail server has been temporarily rate limited",
        "450 4.7.28 Our system has detected an unusual rate",
        "451 4.7.0 Temporarily deferred",
        "452 Too many messages, slow down",
        "450 Connection throttled",
    ],
)
def test_row_4_7_and_throttling_slow_the_domain_down(reply: str) -> None:
    assert of(RCPT, reply) == (Verdict.DEFERRED, BackOff.DOMAIN)


@pytest.mark.parametrize(
    "reply", ["452 4.5.3 Too many recipients", "552 Too many recipients", "552 4.5.3 No"]
)
def test_row_too_many_recipients_is_temporary_whichever_code_it_has(reply: str) -> None:
    """RFC 5321 section 4.5.3.1.10."""
    assert of(RCPT, reply)[0] is Verdict.DEFERRED


@pytest.mark.parametrize(
    "reply", ["452 4.2.2 Mailbox full", "552 5.2.2 Mailbox full", "554 5.2.2 Over quota"]
)
def test_row_full_mailbox_is_soft_and_slows_nobody_down(reply: str) -> None:
    assert of(RCPT, reply) == (Verdict.DEFERRED, BackOff.NOBODY)


@pytest.mark.parametrize(
    "reply",
    [
        *(f"{code} {enhanced} x" for code in (550, 553) for enhanced in ("5.1.1", "5.1.2", "5.1.3", "5.1.6")),
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
        "556 5.1.10 null MX",
        "556 x",
        "521 x",
        "550 5.2.1 disabled",
    ],
)
def test_row_dead_address_is_rejected(reply: str) -> None:
    assert of(RCPT, reply) == (Verdict.REJECTED, BackOff.NOBODY)


@pytest.mark.parametrize("stage", [RCPT, DATA, CONTENT])
@pytest.mark.parametrize(
    "reply",
    [
        "554 5.7.1 x",
        "550 5.7.515 x",
        *(f"550 5.7.{number} x" for number in range(20, 41)),
        "550 5.7.0 user unknown",
    ],
)
def test_row_sender_problem_never_touches_the_recipient(stage: Stage, reply: str) -> None:
    assert of(stage, reply)[0] is Verdict.BLOCKED


@pytest.mark.parametrize(
    "reply", ["552 5.3.4 x", "552 too large", "554 5.6.0 x", "554 5.6.7 x", "554 5.5.2 x", "503 5.5.1 x"]
)
def test_row_content_or_protocol_stops_the_mailing(reply: str) -> None:
    assert of(CONTENT, reply)[0] is Verdict.CONTENT_REFUSED


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_row_credentials_are_never_the_recipients(code: int) -> None:
    """The dialogue stops everything at these (test_smtp_manners); the table says the same of a single reply."""
    assert of(RCPT, f"{code} 5.1.1 x")[0] is Verdict.BLOCKED


def test_row_bare_5xx_goes_by_its_words_and_else_is_soft() -> None:
    assert of(RCPT, "550 No such user here")[0] is Verdict.REJECTED
    assert of(RCPT, "550 Blocked by spamhaus")[0] is Verdict.BLOCKED
    assert of(RCPT, "550 No")[0] is Verdict.DEFERRED


@pytest.mark.parametrize(
    "text", ["2.0.0 Ok: queued as 4F1", "", "Ok", "2.6.0 <x@y> Queued", "2.0.0", "\x1b[31m é"]
)
def test_acceptance_in_one_look_is_the_same_as_by_the_table(text: str) -> None:
    assert accepted(text) == outcome_of(250, text, CONTENT)
