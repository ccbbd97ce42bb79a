"""Compiled messages: what arrives is what the source says with the reader's values in it, on lines that need no care."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.transport.headers import HeaderRefused, on_one_line
from newsletter.transport.message import MessageSource, compile_message
from newsletter.transport.quoted_printable import encode_piece, encode_value
from typed_messages import BODIES, ODD_VALUES, check_wire_form, expected_body, parts_of

HEADERS = (
    ("From", "Les Amis <news@example.org>"),
    ("To", "[[name]] <[[address]]>"),
    ("Subject", "Hello [[first_name|friend]]"),
    ("Date", "Mon, 23 Nov 2026 10:00:00 +0000"),
    ("List-Unsubscribe", "<https://example.org/u/[[token]]>"),
)
VALUES = st.fixed_dictionaries(
    {"first_name": ODD_VALUES, "name": ODD_VALUES, "link:unsubscribe": ODD_VALUES},
)

TOKENS = st.text("ABCXYZabcxyz0123456789-_", min_size=1, max_size=70)


@given(text=BODIES, html=BODIES, values=VALUES)
@example("", "", {"first_name": "", "name": "", "link:unsubscribe": ""})
@example("a\r", "\n[[first_name]]", {"first_name": "\r\n", "name": "\ud800", "link:unsubscribe": "\n"})
@example(
    "[[first_name]][[first_name]]",
    "[[first_name|]]x",
    {"first_name": ".", "name": "", "link:unsubscribe": ""},
)
def test_message_reads_as_the_source_with_the_values_in_it(
    text: str, html: str, values: dict[str, str]
) -> None:
    values = {**values, "address": "anne@example.net", "token": "t" * 40}
    raw = compile_message(MessageSource(HEADERS, text, html)).assemble(values)
    check_wire_form(raw)
    message, read_text, read_html = parts_of(raw)
    assert read_text == expected_body(text, values, is_html=False)
    assert read_html == expected_body(html, values, is_html=True)
    assert message.keys() == [*(name for name, _ in HEADERS), "MIME-Version", "Content-Type"]
    assert [address.addr_spec for address in message["To"].addresses] == ["anne@example.net"]
    first_name = on_one_line(values["first_name"])
    subject = f"Hello {values['first_name'] if first_name.strip() else 'friend'}"
    assert message["Subject"] == on_one_line(subject)


@given(text=BODIES, html=BODIES, readers=st.lists(VALUES, min_size=1, max_size=4), token=TOKENS)
def test_many_readers_at_once_get_what_each_alone_would(
    text: str, html: str, readers: list[dict[str, str]], token: str
) -> None:
    """And a field that is said to be plain is written as one that is not."""
    date = "Mon, 23 Nov 2026 10:00:00 +0000"
    headers = (
        *HEADERS[:3],
        ("Date", "[[date]]"),
        ("List-Unsubscribe", "<https://x.example/[[token]]>, <m:[[token]]>"),
    )
    text, html = f"[[token]]{text}", f"{html}[[token|]]"
    compiled = compile_message(MessageSource(headers, text, html, plain=frozenset({"token"})))
    careful = compile_message(MessageSource(headers, text, html))
    people = [
        {**values, "address": f"r{number}@example.net", "token": f"{token}{number}"[-64:], "date": date}
        for number, values in enumerate(readers)
    ]
    columns = {key: [values[key] for values in people] for key in people[0]}
    filled = compiled.fill(columns, len(people))
    assert [b"".join(pieces) for pieces in filled] == [careful.assemble(values) for values in people]
    assert [compiled.assemble(values) for values in people] == [careful.assemble(values) for values in people]


def test_one_reader_whose_message_cannot_be_written_is_named_for_all() -> None:
    compiled = compile_message(MessageSource(HEADERS, "", ""))
    columns = {"name": ["Anne", "Zoë"], "address": ["anne@example.net", "no address"], "token": ["t", "t"]}
    with pytest.raises(HeaderRefused, match="To"):
        compiled.fill(columns, 2)


@given(st.text(), st.integers(0, 4000))
def test_pieces_keep_to_76_columns_wherever_they_are_cut(text: str, repeat: int) -> None:
    encoded = encode_piece(text * (1 + repeat // (len(text) + 1)))
    lines = encoded.split(b"\r\n")
    assert max(map(len, lines)) <= 76
    assert lines[-1] == b""


def test_values_of_any_length_end_at_column_0() -> None:
    for value in ("x" * 74, "x" * 75, "x" * 76, "é" * 12, "é" * 13, "x" * 74 + ".", "x" * 75 + "From "):
        lines = encode_value(value).split(b"\r\n")
        assert lines[-1] == b""
        assert all(
            line.endswith(b"=") and len(line) <= 76 and not line.startswith((b".", b"From "))
            for line in lines[:-1]
        )


def test_compiled_message_names_the_values_that_it_needs() -> None:
    compiled = compile_message(MessageSource(HEADERS, "[[link:web]] [[open]]x]]", "[[greeting:fr|Bonjour]]"))
    assert compiled.fields == {"name", "address", "first_name", "token", "link:web", "greeting:fr"}


def test_whole_message_to_the_octet() -> None:
    source = MessageSource(
        (
            ("From", "Les Amis <news@example.org>"),
            ("To", "[[to]]"),
            ("Subject", "L’été"),
            ("Date", "[[date]]"),
        ),
        "Bonjour [[first_name|chère lectrice]],\n\n.À bientôt\n",
        '<p lang="fr">Bonjour [[first_name|chère lectrice]],</p>\n',
    )
    compiled = compile_message(source)
    values = {
        "to": "Zoë <zoe@example.net>",
        "date": "Mon, 23 Nov 2026 10:00:00 +0000",
        "first_name": "Zoë & co.",
    }
    raw = compiled.assemble(values)
    boundary = re.search(rb'boundary="(.*)"', raw)
    assert boundary is not None
    assert raw.replace(boundary[1], b"BOUNDARY").decode() == (
        "From: Les Amis <news@example.org>\r\n"
        "To: =?utf-8?q?Zo=C3=AB?= <zoe@example.net>\r\n"
        "Subject: =?utf-8?b?TOKAmcOpdMOp?=\r\n"
        "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="BOUNDARY"\r\n'
        "\r\n"
        "--BOUNDARY\r\n"
        'Content-Type: text/plain; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "Bonjour=20=\r\n"
        "Zo=C3=AB & co.=\r\n"
        ",\r\n"
        "\r\n"
        "=2E=C3=80 bient=C3=B4t\r\n"
        "\r\n"
        "--BOUNDARY\r\n"
        'Content-Type: text/html; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        '<p lang=3D"fr">Bonjour=20=\r\n'
        "Zo=C3=AB &amp; co.=\r\n"
        ",</p>\r\n"
        "\r\n"
        "--BOUNDARY--\r\n"
    )
    assert compiled.assemble(values) == raw


def test_missing_empty_and_blank_values_give_the_default() -> None:
    source = MessageSource(HEADERS, "[[first_name|chère lectrice]]", "[[first_name|chère &amp; lectrice]]")
    compiled = compile_message(source)
    always = {"name": "", "address": "anne@example.net", "token": "t"}
    raw = {
        compiled.assemble(always | given_name)
        for given_name in ({}, {"first_name": ""}, {"first_name": " \r\n "})
    }
    assert len(raw) == 1
    message, text, html = parts_of(raw.pop())
    assert (text, html) == ("chère lectrice", "chère &amp; lectrice")
    assert message["Subject"] == "Hello friend"
