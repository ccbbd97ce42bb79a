"""Whatever editors and readers typed: what a real server receives through our client is what that reader alone would get.

M12: lines of at most 998 octets, Date and From there. M13: encoded-words of at most 75 characters, on lines of at most
76, never in an address, a quoted string or a parameter.
"""

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsletter.foundation.errors import BadInput
from newsletter.transport.catcher import Catcher
from newsletter.transport.headers import HeaderRefused, on_one_line
from newsletter.transport.line import DeliveryLine
from newsletter.transport.message import CompiledMessage, MessageSource, compile_message
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import Job, Timeouts
from scripted_smtp import scripted_server
from typed_messages import BODIES, ODD_VALUES, check_wire_form, expected_body, parts_of

PATIENT = Timeouts(20, 20, 20, 20, 20, 20, 1)
RECIPIENT = "anne@example.net"
INJECTIONS = st.sampled_from(
    [
        "x\r\nBcc: evil@example.org",
        "x\r\n\r\n<script>",
        "x\n.\nMAIL FROM:<evil@example.org>\nRCPT TO:<evil@example.org>\nDATA\n",
        "\r\n.\r\nQUIT\r\n",
        "x\x00\x0b\x0c\x1c\x85\u2028\u2029Bcc: evil@example.org",
        '"><a href="https://evil.example">',
        "=?utf-8?q?Bcc:_evil?=",
        "[[token]]",
        "anne@example.net> <evil@example.org",
    ]
)
TYPED = st.one_of(ODD_VALUES, INJECTIONS)
HEADERS = (
    ("From", "Les Amis <news@example.org>"),
    ("To", "[[name]] <[[address]]>"),
    ("Subject", "Lettre à [[first_name|toi]]"),
    ("Date", "[[date]]"),
    ("Message-ID", "<m1.[[token]]@example.org>"),
    ("List-Unsubscribe", "<https://example.org/u/[[token]]>, <mailto:out@example.org?subject=[[token]]>"),
)
FIXED = {"address": RECIPIENT, "token": "t" * 40, "date": "Mon, 23 Nov 2026 10:00:00 +0000"}


class Wire:
    """A line to a catcher that is kept for all examples; `send` gives the octets that it caught."""

    def __init__(self, catcher: Catcher, line: DeliveryLine) -> None:
        self._catcher, self._line = catcher, line

    def send(self, compiled: CompiledMessage, values: dict[str, str]) -> bytes:
        heard: list[Outcome] = []
        before = len(self._catcher.mails())
        [message] = compiled.fill({key: [value] for key, value in values.items()}, 1)
        job = Job(1, "news@example.org", RECIPIENT, lambda: message)
        self._line.deliver([job], lambda _job, outcome: heard.append(outcome))
        assert [outcome.verdict for outcome in heard] == [Verdict.ACCEPTED]
        [mail] = self._catcher.mails()[before:]
        assert (mail.sender, mail.recipient) == ("news@example.org", RECIPIENT)
        return mail.raw


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with Catcher() as catcher:
        relay = Relay("127.0.0.1", catcher.port, Tls.NONE)
        with DeliveryLine([relay], connections=1, timeouts=PATIENT, messages_per_connection=10**6) as line:
            yield Wire(catcher, line)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=BODIES, html=BODIES, name=TYPED, first_name=TYPED)
@example(".\r\n.", "<p>\n.\n</p>", "x\r\n.\r\nQUIT", "\r\n.\r\n")
@example("From me\n[[first_name]]", "[[first_name]][[token]].", "", ".")
def test_what_arrives_is_what_that_reader_alone_would_get(
    wire: Wire, text: str, html: str, name: str, first_name: str
) -> None:
    values = {**FIXED, "name": name, "first_name": first_name, "link:unsubscribe": "https://example.org/u/x"}
    compiled = compile_message(MessageSource(HEADERS, text, html))
    received = wire.send(compiled, values)
    assert received == compiled.assemble(values)
    check_wire_form(received)
    message, read_text, read_html = parts_of(received)
    assert read_text == expected_body(text, values, is_html=False)
    assert read_html == expected_body(html, values, is_html=True)
    assert message.keys() == [*(header for header, _ in HEADERS), "MIME-Version", "Content-Type"]
    assert [address.addr_spec for address in message["To"].addresses] == [RECIPIENT]
    subject = f"Lettre à {first_name if on_one_line(first_name).strip() else 'toi'}"
    assert message["Subject"] == on_one_line(subject)


@settings(max_examples=40, deadline=None)
@given(name=TYPED, first_name=TYPED, subject=TYPED)
def test_nothing_that_was_typed_adds_a_header_a_command_or_a_line(
    name: str, first_name: str, subject: str
) -> None:
    headers = tuple(
        (header, f"{subject} [[first_name]]" if header == "Subject" else value) for header, value in HEADERS
    )
    values = {**FIXED, "name": name, "first_name": first_name}
    compiled = compile_message(MessageSource(headers, f"{first_name}\n[[first_name]]", "[[name]]"))
    raw = compiled.assemble(values)
    head = raw.partition(b"\r\n\r\n")[0]
    starts = [line for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert [line.split(b":")[0].decode() for line in starts] == [
        *(header for header, _ in HEADERS),
        "MIME-Version",
        "Content-Type",
    ]
    assert re.search(rb"[^\r]\n|\r[^\n]", raw) is None


@pytest.mark.parametrize(
    "value", ["evil@example.org>\r\nRCPT TO:<x@example.org", "a b@example.net", "x", "a@b@c\n"]
)
def test_address_that_was_never_one_stands_in_no_header_and_no_command(value: str) -> None:
    compiled = compile_message(MessageSource(HEADERS, "", ""))
    with pytest.raises(HeaderRefused):
        compiled.assemble({**FIXED, "address": value, "name": "x"})
    heard: list[Outcome] = []
    with scripted_server(lambda _turn: None) as server:
        relay = Relay("127.0.0.1", server.port, Tls.NONE)
        with DeliveryLine([relay], timeouts=PATIENT) as line:
            line.deliver(
                [Job(1, "n@example.org", value, lambda: b"x")], lambda _job, told: heard.append(told)
            )
    assert [outcome.verdict for outcome in heard] == [Verdict.REJECTED] or value == "a@b@c\n"
    assert not [command for command in server.commands if b"evil" in command]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(list('aé œ’ß…🎉日  -=?_.,"<>@éèàùçÉ')), max_size=200).map("".join))
@example("é" * 300)
@example("Été à l’île, œuvres : « Noël » ! " * 8)
def test_m12_m13_header_lines_of_any_text(typed: str) -> None:
    """Subjects and names in French, Dutch, with emoji, of any length."""
    headers = (
        ("From", "Les Amis <news@example.org>"),
        ("To", "[[name]] <[[address]]>"),
        ("Subject", f"{typed} [[name]]"),
        ("Date", "[[date]]"),
    )
    try:
        compiled = compile_message(MessageSource(headers, "x", "x"))
    except BadInput:
        return  # a template that opens a field it does not close is refused where it is written
    raw = compiled.assemble({**FIXED, "name": typed})
    head = raw.partition(b"\r\n\r\n")[0]
    for line in head.split(b"\r\n"):
        assert len(line) <= 998
        words = re.findall(rb"=\?utf-8\?[qb]\?[^?]*\?=", line)
        assert all(len(word) <= 75 for word in words)
        assert not words or len(line) <= 76
        quoted = re.findall(rb'"[^"]*"', line)
        assert not [text for text in quoted if b"=?utf-8" in text]
    address = re.search(rb"<([^<>]*)>\r\n", head)
    assert address is not None
    assert b"=?" not in address[1]
    assert raw.count(b"\r\nDate: ") == raw.startswith(b"From: ") == 1


def test_m12_body_of_one_endless_line_is_broken_softly() -> None:
    html = "<p>" + "x" * 1_000_000 + "é[[name]]" + "y" * 1000 + "</p>"
    raw = compile_message(MessageSource(HEADERS, "x" * 5000, html)).assemble({**FIXED, "name": "Zoë"})
    check_wire_form(raw)
    _, _, read = parts_of(raw)
    assert read == html.replace("[[name]]", "Zoë")


def test_same_octets_serve_data_and_bdat() -> None:
    """No dot at column 0, so none is doubled: what BDAT announces is what DATA would carry."""
    from newsletter.transport.content import bdat_pieces, data_pieces

    compiled = compile_message(MessageSource(HEADERS, ".\n..\n[[name]]", "\n.[[name]]."))
    values = {**FIXED, "name": ".", "first_name": "."}
    [pieces] = compiled.fill({key: [value] for key, value in values.items()}, 1)
    whole = compiled.assemble(values)
    assert b"".join(data_pieces(pieces)) == whole == b"".join(data_pieces(bytes(whole)))
    assert b"".join(bdat_pieces(pieces)) == b"BDAT %d LAST\r\n%b" % (len(whole), whole)
    assert b"".join(bdat_pieces(bytes(whole))) == b"BDAT %d LAST\r\n%b" % (len(whole), whole)


def test_message_without_any_field_is_one_piece() -> None:
    compiled = compile_message(
        MessageSource((("From", "a@example.org"), ("Date", "Mon, 23 Nov 2026 10:00:00 +0000")), "a", "b")
    )
    assert compiled.fill({}, 2) == 2 * [(compiled.assemble({}),)]
    assert compiled.fields == frozenset()
