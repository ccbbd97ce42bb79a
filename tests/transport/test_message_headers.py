"""Header lines: what is typed comes out as typed, on lines that every server takes, and never as another header."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, message_from_string, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.transport.headers import (
    HeaderRefused,
    mailbox,
    message_id,
    on_one_line,
    raw_header,
    rfc5322_date,
    text_header,
)
from newsletter.transport.message import MessageSource, compile_message

BASE = (("From", "news@example.org"), ("Date", "Mon, 23 Nov 2026 10:00:00 +0000"))
BREAKING = [
    "\r\n",
    "\r",
    "\n",
    "\0",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1e",
    "\x7f",
    "\x85",
    "\x9f",
    "\u2028",
    "\u2029",
]


def header_lines(headers: tuple[tuple[str, str], ...], values: dict[str, str] | None = None) -> list[bytes]:
    """The raw lines of a message with these headers behind From and Date, without the ones for the bodies."""
    message = compile_message(MessageSource((*BASE, *headers), "t", "h")).assemble(values or {})
    head = message.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[:2] == [b"From: news@example.org", b"Date: Mon, 23 Nov 2026 10:00:00 +0000"]
    assert head[-2] == b"MIME-Version: 1.0"
    return head[2:-2]


def check_form(lines: bytes) -> None:
    assert lines.endswith(b"\r\n")
    rows = lines[:-2].split(b"\r\n")
    for row in rows:
        assert not re.search(rb"[\x00-\x1f\x7f-\xff]", row)
        assert len(row) <= 998
        assert row.strip()
        for word in re.findall(rb"=\?utf-8\?\S*", row):
            assert len(word.rstrip(b'">')) <= 75
            assert len(row) <= 76
    assert all(row.startswith(b" ") for row in rows[1:])


def phrase_as_read(phrase: str) -> str:
    """What the phrase before an address says. (Python 3.11's own reader puts spaces between encoded-words.)"""
    if phrase.startswith('"'):
        assert phrase.endswith('"')
        return re.sub(r"\\(.)", r"\1", phrase[1:-1])
    return str(make_header(decode_header(phrase)))


@given(st.text())
@example("Les nouvelles de l’été — n° 12 : « jardins »")
@example("=?utf-8?q?already?=")
@example("a" * 2000)
@example("two  spaces and at the end ")
@example("word " * 300)
@example("日本語" * 60)
@example("\ud800")
@example("😀" * 40)
@example("Bcc: everybody\r\nX: y\r\n\r\nbody")
def test_subject_reads_as_it_was_typed(text: str) -> None:
    lines = text_header("Subject", text)
    check_form(lines)
    read = message_from_bytes(lines + b"\r\n", policy=policy.default)
    expected = on_one_line(text)
    assert read["Subject"] == (expected if expected.strip(" ") else "")
    assert read.keys() == ["Subject"]


@given(st.text(), st.sampled_from(["a@example.org", "x.y+z@sub.example.org", "news@localhost"]))
@example('Zoë "the" \\ Gardener, <b@c>', "a@example.org")
@example("Dr. Anne-Marie O'Neill", "a@example.org")
@example("=?utf-8?q?x?= y", "a@example.org")
@example("Anne\r\nBcc: x@y.z", "a@example.org")
@example("é" * 200, "a@example.org")
@example("a" * 900, "a@example.org")
@example(".", "a@example.org")
def test_mailbox_reads_as_name_and_address(name: str, address: str) -> None:
    [*lines] = header_lines((("To", "[[to]]"),), {"to": mailbox(name, address)})
    check_form(b"\r\n".join(lines) + b"\r\n")
    [read] = message_from_bytes(b"\r\n".join(lines) + b"\r\n\r\n", policy=policy.default)["To"].addresses
    assert read.addr_spec == address
    phrase = (
        b"".join(lines)
        .decode()
        .removeprefix("To: ")
        .removesuffix(address)
        .removesuffix(f"<{address}>")
        .strip(" ")
    )
    assert phrase_as_read(phrase) == re.sub(" +", " ", on_one_line(name)).strip(" ")


@given(st.text(), st.text())
@example("Zoë", "zoe@é")
@example("Zoë", "zoe@\u00b7")
@example("Zoë", "zoe@\u00a0.example")
def test_name_and_address_given_apart_never_run_into_each_other(name: str, address: str) -> None:
    try:
        lines = header_lines((("To", "[[name]] <[[address]]>"),), {"name": name, "address": address})
    except HeaderRefused:
        return
    [read] = message_from_string(b"\r\n".join(lines).decode() + "\r\n\r\n", policy=policy.default)[
        "To"
    ].addresses
    assert read.addr_spec.partition("@")[0] == address.rpartition("@")[0]


@pytest.mark.parametrize("breaking", BREAKING)
@pytest.mark.parametrize("header", ["To", "Subject", "X-Note", "List-Id"])
def test_name_or_text_with_a_line_break_stays_one_header(breaking: str, header: str) -> None:
    value = {"To": "[[name]] <a@example.org>", "List-Id": "[[name]] <l.example.org>"}.get(header, "[[name]]")
    lines = header_lines(((header, value),), {"name": f"Anne{breaking}Bcc: victim@example.net"})
    assert len(lines) == 1
    assert b"Anne Bcc: victim@example.net" in lines[0]


@pytest.mark.parametrize("breaking", BREAKING)
@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("To", "Anne <a[[x]]@example.org>"),
        ("To", "[[x]]@example.org"),
        ("List-Id", "News <[[x]].example.org>"),
        ("List-Unsubscribe", "<https://example.org/u/[[x]]>"),
        ("Message-ID", "<[[x]]@example.org>"),
        ("Feedback-ID", "a:[[x]]:c"),
        ("Content-Language", "[[x]]"),
    ],
)
def test_address_or_identifier_with_a_line_break_is_refused(header: str, value: str, breaking: str) -> None:
    compiled = compile_message(MessageSource((*BASE, (header, value)), "t", "h"))
    compiled.assemble({"x": "fine"})
    with pytest.raises(HeaderRefused) as raised:
        compiled.assemble({"x": f"a{breaking}b"})
    assert raised.value.name == header


def test_list_unsubscribe_is_one_raw_line_however_long_its_address() -> None:
    """Python's own library would encode it, and one-click unsubscribe would be lost (RFC 8058 section 3.1)."""
    url = "https://news.example.org/u/" + "t" * 123
    assert len(url) == 150
    headers = (
        ("List-Unsubscribe", "<[[link:unsubscribe]]>, <mailto:leave@example.org?subject=[[token]]>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", "Les nouvelles de l’été <ete.example.org>"),
        ("Feedback-ID", "edition12:fr:newsletter:" + "s" * 60),
    )
    lines = header_lines(headers, {"link:unsubscribe": url, "token": "abc"})
    assert lines == [
        b"List-Unsubscribe: <" + url.encode() + b">, <mailto:leave@example.org?subject=abc>",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        b"List-Id: =?utf-8?b?TGVzIG5vdXZlbGxlcyBkZSBs4oCZw6l0w6k=?= <ete.example.org>",
        b"Feedback-ID: edition12:fr:newsletter:" + b"s" * 60,
    ]


@pytest.mark.parametrize("value", ["https://x/ y", "https://x/>,<https://evil", "https://x/é", ""])
def test_unsubscribe_link_that_would_leave_its_brackets_is_refused(value: str) -> None:
    with pytest.raises(HeaderRefused):
        header_lines((("List-Unsubscribe", "<[[link]]>"),), {"link": value})


def test_raw_header_has_room_for_998_octets() -> None:
    longest = "x" * (998 - len("Feedback-ID: "))
    assert raw_header("Feedback-ID", longest) == f"Feedback-ID: {longest}\r\n".encode()
    with pytest.raises(HeaderRefused) as raised:
        raw_header("Feedback-ID", longest + "x")
    assert str(raised.value) == (
        "The header Feedback-ID cannot be written: its line has 999 octets, and 998 are the most allowed."
    )


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ((("Subject", "x"),), "every message needs it, and it is missing"),
        ((*BASE, ("Subject", "x"), ("subject", "y")), "it is there twice"),
        ((*BASE, ("Content-Type", "text/plain")), "it is written with the bodies"),
        ((*BASE, ("X Y", "z")), "that is no name for a header"),
        ((*BASE, ("X\r\nY", "z")), "that is no name for a header"),
        ((*BASE, (".X", "z")), "that is no name for a header"),
        ((*BASE, ("Reply-To", "nobody")), "an address is needed, such as name@example.org"),
        (
            (*BASE, ("Reply-To", "a@b.org, c@d.org")),
            "the part of the address before the @ holds a sign that it must not",
        ),
        (
            (*BASE, ("Sender", "zoé@example.org")),
            "its address needs letters outside ASCII before the @, which only a recipient may have",
        ),
        ((*BASE, ("List-Id", "News")), "the part in angle brackets must be like label.example.org"),
        (
            (*BASE, ("List-Id", "é" * 90 + " <l.example.org>")),
            "it has 328 octets, and 255 are the most allowed",
        ),
    ],
)
def test_header_that_cannot_be_written_is_refused_with_its_reason(
    headers: tuple[tuple[str, str], ...], reason: str
) -> None:
    with pytest.raises(HeaderRefused) as raised:
        compile_message(MessageSource(headers, "t", "h"))
    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("name", "address", "expected"),
    [
        ("", "a@example.org", "a@example.org"),
        ("Anne Dupont", "a@example.org", "Anne Dupont <a@example.org>"),
        ("Dupont, Anne", "a@example.org", '"Dupont, Anne" <a@example.org>'),
        ('An"ne \\', "a@example.org", '"An\\"ne \\\\" <a@example.org>'),
        ("Hélène", "a@exämple.org", "=?utf-8?b?SMOpbMOobmU=?= <a@xn--exmple-cua.org>"),
        ("Zoé", "zoé@example.org", "=?utf-8?q?Zo=C3=A9?= <zoé@example.org>"),
    ],
)
def test_mailbox_is_written_in_its_simplest_form(name: str, address: str, expected: str) -> None:
    assert mailbox(name, address) == expected


def test_international_recipient_stays_readable() -> None:
    assert header_lines((("To", "[[to]]"),), {"to": mailbox("Zoé", "zoé@example.org")}) == [
        "To: =?utf-8?q?Zo=C3=A9?= <zoé@example.org>".encode()
    ]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "@b.org",
        "a@",
        "a b@c.org",
        "a@b@c.org",
        '"a"@c.org',
        "a@b..org",
        "a@-b.org",
        ".a@b.org",
        "a@b.org>",
        "a@é\x00.org",
    ],
)
def test_mailbox_refuses_what_is_no_address(address: str) -> None:
    with pytest.raises(HeaderRefused):
        mailbox("Anne", address)


def test_date_is_written_as_mail_wants_it() -> None:
    assert rfc5322_date(datetime(2026, 11, 3, 9, 5, 7, tzinfo=UTC)) == "Tue, 03 Nov 2026 09:05:07 +0000"
    brussels = timezone(timedelta(hours=1))
    assert rfc5322_date(datetime(2026, 11, 3, 9, 5, 7, tzinfo=brussels)) == "Tue, 03 Nov 2026 09:05:07 +0100"
    with pytest.raises(ValueError, match="without a zone"):
        rfc5322_date(datetime(2026, 11, 3))  # noqa: DTZ001


def test_message_id_is_plain_or_refused() -> None:
    assert message_id("m12.0af3", "exämple.org") == "<m12.0af3@xn--exmple-cua.org>"
    for left, domain in [
        ("a b", "x.org"),
        ("", "x.org"),
        ("a", ""),
        ("a>", "x.org"),
        ("a", "x.org>\r\nX: y"),
    ]:
        with pytest.raises(HeaderRefused):
            message_id(left, domain)
