"""Seeing a mail: within limits, whatever it is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders_inbound import a_mail, vouched
from newsletter.inbound.mime import NESTING_MAX, PARTS_MAX, leaves
from newsletter.inbound.models import InboundKind
from newsletter.inbound.parsing import SIZE_MAX, digest_of, see_mail
from newsletter.inbound.rules import is_sender_proven, kind_by_machine


def test_text_is_read_from_whatever_encoding() -> None:
    assert see_mail(a_mail("Désinscrire")).text.strip() == "Désinscrire"
    base64 = b"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: base64\n\nROlzaW5zY3JpcmU=\n"
    assert see_mail(base64).text == "Désinscrire"
    quoted = b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nD=C3=A9sins=\ncrire"
    assert see_mail(quoted).text == "Désinscrire"


def test_html_alone_is_read_without_its_quotation() -> None:
    html = (
        "<html><head><style>p{}</style></head><body><p>D&eacute;sinscrire</p>"
        '<blockquote class="gmail_quote">unsubscribe</blockquote></body></html>'
    )
    seen = see_mail(a_mail(html, kind="text/html; charset=utf-8"))
    assert seen.text.split() == ["Désinscrire", "-----Original", "Message-----", "unsubscribe"]


def test_first_text_of_several_parts_counts_and_files_do_not() -> None:
    body = (
        "--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nstop\r\n"
        "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
        "--c\r\nContent-Type: text/plain\r\n\r\nBonjour\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>x\r\n--c--\r\n--b--"
    )
    assert see_mail(a_mail(body, kind='multipart/mixed; boundary="b"')).text.strip() == "Bonjour"


def test_mail_is_known_again_whatever_the_line_ends() -> None:
    mail = a_mail()
    assert digest_of(mail) == digest_of(mail.replace(b"\r\n", b"\n")) != digest_of(a_mail("other"))


def test_addresses_that_a_mail_names_are_found() -> None:
    mail = see_mail(
        a_mail("Ask bob@example.net, or <b>eve@example.net</b>", to="Letter <letter@example.org>")
    )
    assert set(mail.named) >= {"anna@example.org", "letter@example.org", "bob@example.net", "eve@example.net"}


@pytest.mark.parametrize("several", ["a@example.org, b@example.org", "nobody", ""])
def test_sender_is_the_one_address_of_from(several: str) -> None:
    assert see_mail(f"From: {several}\n\nunsubscribe".encode()).sender == ""
    assert see_mail(b"From: a@example.org\nFrom: b@example.org\n\nx").sender == ""


# T23: mails made to keep us busy


def _nested(depth: int) -> bytes:
    opening = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (number, number)
        for number in range(depth)
    )
    return b"From: a@example.org\n" + opening + b"Content-Type: text/plain\n\ndeep"


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@example.org\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
        _nested(3_000),
        b"From: a@example.org\n\n" + b"x" * 50_000_000,
        b"From: " + b"a@example.org, " * 200_000 + b"\n\nx",
        b"From: " + b"(" * 500_000 + b"\n\nx",
        b"Subject: " + b"=?utf-8?q?a?= " * 200_000 + b"\n\nx",
        b"X-" + b"a" * 1_000_000 + b": b\n\nx",
        b"X: y\n" * 300_000,
        a_mail("<" * 1_000_000, kind="text/html"),
        a_mail("<blockquote" * 100_000, kind="text/html"),
        a_mail("<style" * 100_000, kind="text/html"),
        a_mail("a@" * 1_000_000),
        a_mail("a." * 1_000_000 + "@example.org"),
        a_mail("On " + "x " * 1_000_000),
        b"Content-Type: message/rfc822\n\n" * 20_000,
        b"",
        b"\n",
        b"\x00" * 10_000,
    ],
    ids=[
        "many parts",
        "deep nesting",
        "long body",
        "many senders",
        "open comments",
        "many encoded words",
        "long field name",
        "many fields",
        "angle brackets",
        "block quotes",
        "styles",
        "at signs",
        "dots",
        "attribution",
        "messages in messages",
        "nothing",
        "an empty line",
        "null octets",
    ],
)
def test_t23_bomb_is_seen_in_a_moment(raw: bytes) -> None:
    start = time.perf_counter()
    seen = see_mail(raw)
    kind_by_machine(seen)
    assert time.perf_counter() - start < 2
    assert len(seen.raw) <= SIZE_MAX
    assert len(seen.kinds) <= PARTS_MAX
    assert max((part.depth for part in leaves(seen.raw)), default=0) <= NESTING_MAX


@given(st.binary(max_size=2_000))
def test_any_octets_are_seen(raw: bytes) -> None:
    seen = see_mail(raw)
    assert "\x00" not in seen.text + seen.subject + seen.sender
    assert kind_by_machine(seen) in {None, *InboundKind}


# What a machine sent


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (("Return-Path: <>",), InboundKind.BOUNCE),
        (("Auto-Submitted: auto-replied",), InboundKind.AUTOMATIC),
        (("Auto-Submitted: auto-generated; x=y",), InboundKind.AUTOMATIC),
        (("Precedence: bulk",), InboundKind.AUTOMATIC),
        (("Precedence: junk",), InboundKind.AUTOMATIC),
        (("List-Id: <x.example.net>",), InboundKind.AUTOMATIC),
        (("X-Autoreply: yes",), InboundKind.AUTOMATIC),
        (("Auto-Submitted: no", "Return-Path: <anna@example.org>"), None),
        ((), None),
    ],
)
def test_what_a_machine_sent_is_told_from_what_a_person_wrote(
    headers: tuple[str, ...], kind: InboundKind | None
) -> None:
    assert kind_by_machine(see_mail(a_mail(headers=headers))) == kind


@pytest.mark.parametrize("kind", ["delivery-status", "feedback-report"])
def test_report_is_told_by_its_type(kind: str) -> None:
    mail = see_mail(a_mail("--b--", kind=f"multipart/report; report-type={kind}; boundary=b"))
    wanted = InboundKind.COMPLAINT if kind == "feedback-report" else InboundKind.BOUNCE
    assert kind_by_machine(mail) is wanted


@pytest.mark.parametrize(
    "subject", ["Automatic reply: La lettre", "Réponse automatique : La lettre", "Out of office"]
)
def test_absence_note_without_a_header_is_told_by_its_subject(subject: str) -> None:
    assert kind_by_machine(see_mail(a_mail(subject=subject))) is InboundKind.AUTOMATIC


# Who vouches for a sender


@pytest.mark.parametrize(
    ("headers", "proven"),
    [
        ((vouched(),), True),
        ((vouched(name="MX.example.org 1"),), True),
        ((), False),
        ((vouched(name="evil.example"),), False),
        ((vouched(domain="other.example"),), False),
        (("Authentication-Results: mx.example.org; dmarc=fail header.from=example.org", vouched()), False),
        (("Authentication-Results: mx.example.org; none", vouched()), False),
        (("Authentication-Results: mx.example.org; spf=pass (dmarc=pass header.from=example.org)",), False),
        (('Authentication-Results: mx.example.org; spf=pass reason="; dmarc=pass header.from=example.org"',), False),
        (("Authentication-Results: mx.example.org; xdmarc=pass header.from=example.org",), False),
        (("Authentication-Results: mx.example.org; dmarc=pass (p=none) header.from=example.org",), True),
        (("Authentication-Results: mx.example.org;\r\n dkim=pass header.d=x;\r\n dmarc=pass header.from=example.org",), True),
    ],
)  # fmt: skip
def test_sender_is_proven_by_the_topmost_word_of_our_own_server(
    headers: tuple[str, ...], proven: bool
) -> None:
    assert is_sender_proven(see_mail(a_mail(headers=headers)), ("mx.example.org",)) is proven
    assert not is_sender_proven(see_mail(a_mail(headers=headers)), ())
