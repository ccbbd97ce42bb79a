"""Replies of servers, in whatever pieces they arrive."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.transport.opening import Features, features_from, helo_argument
from newsletter.transport.replies import GarbageReply, Reply, ReplyReader

CODES = st.integers(200, 599)
LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), min_size=1, max_size=5)


@given(st.lists(st.tuples(CODES, LINES), max_size=4), st.lists(st.integers(0, 400)))
def test_replies_are_the_same_wherever_they_are_cut(
    replies: list[tuple[int, list[str]]], cuts: list[int]
) -> None:
    octets = b"".join(
        b"".join(
            f"{code}{'-' if number < len(lines) else ' '}{line}\r\n".encode()
            for number, line in enumerate(lines, 1)
        )
        for code, lines in replies
    )
    reader = ReplyReader()
    read: list[Reply] = []
    edges = sorted({0, len(octets), *(cut for cut in cuts if cut < len(octets))})
    for start, end in pairwise(edges):
        read += reader.feed(octets[start:end])
    assert read == [Reply(code, tuple(lines)) for code, lines in replies]
    assert not reader.is_in_the_middle


@given(st.binary())
def test_any_octets_give_replies_or_are_called_garbage(octets: bytes) -> None:
    try:
        replies = list(ReplyReader().feed(octets))
    except GarbageReply:
        return
    assert all(200 <= reply.code <= 599 for reply in replies)


@pytest.mark.parametrize(
    ("octets", "reply"),
    [
        (b"250\r\n", Reply(250, ("",))),
        (b"250 \r\n", Reply(250, ("",))),
        (b"250 ok\n", Reply(250, ("ok",))),
        (b"250-a\r\n250 b\r\n", Reply(250, ("a", "b"))),
        (b"250-a\r\n250\r\n", Reply(250, ("a", ""))),
        (b"250 \xe9t\xe9\r\n", Reply(250, ("\ufffdt\ufffd",))),
    ],
)
def test_odd_but_clear_replies_are_read(octets: bytes, reply: Reply) -> None:
    assert list(ReplyReader().feed(octets)) == [reply]


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n",
        b"25 ok\r\n",
        b"2500 ok\r\n",
        b"199 ok\r\n",
        b"650 ok\r\n",
        b"250_ok\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"250-a\r\n251 b\r\n",
        b"250 " + b"x" * 5000,
        b"250 " + b"x" * 5000 + b"\r\n",
        b"250-x\r\n" * 300,
    ],
)
def test_what_is_no_reply_is_called_garbage(octets: bytes) -> None:
    with pytest.raises(GarbageReply):
        list(ReplyReader().feed(octets))


def test_reply_of_several_lines_says_its_enhanced_code_once() -> None:
    assert Reply(550, ("5.7.1 Looks like", "5.7.1 spam", "to us")).text == "5.7.1 Looks like spam to us"
    assert Reply(250, ("first", "first again")).text == "first first again"


@pytest.mark.parametrize(
    ("lines", "features"),
    [
        ((), Features()),
        (("PIPELINING", "starttls"), Features(has_pipelining=True, has_starttls=True)),
        (("SIZE 35882577",), Features(has_size=True, size_bytes_max=35882577)),
        (("SIZE",), Features(has_size=True)),
        (("SIZE 0",), Features(has_size=True)),
        (("SIZE x",), Features(has_size=True)),
        (("SIZE " + "9" * 5000,), Features(has_size=True)),
        (("SMTPUTF8",), Features()),
        (("SMTPUTF8", "8BITMIME"), Features(has_smtputf8=True)),
        (("AUTH plain LOGIN", "AUTH=CRAM-MD5"), Features(logins=frozenset({"PLAIN", "LOGIN", "CRAM-MD5"}))),
        (("", "X-ANYTHING else"), Features()),
    ],
)
def test_features_are_read_from_the_answer_to_ehlo(lines: tuple[str, ...], features: Features) -> None:
    assert features_from(Reply(250, ("mail.example.org PIPELINING", *lines))) == features


@pytest.mark.parametrize(
    ("host", "argument"),
    [
        ("news.example.org", b"news.example.org"),
        ("exämple.org", b"xn--exmple-cua.org"),
        ("straße.example", b"xn--strae-oqa.example"),  # IDNA 2008; by that of 2003 it was another host
        ("Bücher.Example", b"xn--bcher-kva.example"),
        ("news_1.example.org", b"localhost"),
        ("127.0.0.1", b"[127.0.0.1]"),
        ("::1", b"[IPv6:::1]"),
        ("", b"localhost"),
        ("a\r\nMAIL FROM:<x@y>", b"localhost"),
        ("é" * 80, b"localhost"),
    ],
)
def test_greeting_names_us_as_mail_wants_it(host: str, argument: bytes) -> None:
    assert helo_argument(host) == argument
