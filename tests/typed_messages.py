"""What people type into messages and names, at its oddest; and reading a message as a receiver does, to the octet."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape

from hypothesis import strategies as st

from newsletter.foundation.merge import split_fields
from newsletter.transport.headers import on_one_line

FIELDS = st.sampled_from(
    [
        "[[first_name|friend]]",
        "[[first_name]]",
        "[[link:unsubscribe]]",
        "[[open]]",
        "[[token]]",
        "[[name|dear é.]]",
    ]
)
BODIES = st.lists(
    st.one_of(
        st.text(),
        FIELDS,
        st.sampled_from([".", "\n.", "From ", "\nFrom ", "\r\n", "\n", " ", "=", "--", "é" * 30, "x" * 80]),
    )
).map("".join)
ODD_VALUES = st.one_of(
    st.text(),
    st.sampled_from(
        [
            ".",
            "..",
            "From ",
            "From me",
            "--=_",
            "é" * 80,
            "x" * 300,
            "=",
            "a\r\n.\r\nQUIT\r\n",
            " ",
            "[[token]]",
            "<b>&\"'",
        ]
    ),
)


def parts_of(raw: bytes) -> tuple[EmailMessage, str, str]:
    """The message as a receiver reads it, with its text and its HTML to the octet."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    text, html = message.iter_parts()
    assert [part.get_content_type() for part in (text, html)] == ["text/plain", "text/html"]
    assert not [defect for part in message.walk() for defect in part.defects]

    def read(part: EmailMessage) -> str:
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        return payload.decode("utf-8")

    return message, read(text), read(html)  # type: ignore[arg-type]


def expected_body(source: str, values: dict[str, str], *, is_html: bool) -> str:
    """The source with the values in it, line ends as they travel: the plain meaning of a merge field."""
    out = []
    for piece in split_fields(source):
        if isinstance(piece, str):
            out.append(re.sub(r"\r\n|\r|\n", "\r\n", piece).encode("utf-8", "replace").decode())
        else:
            value = on_one_line(values.get(piece.key, ""))
            out.append((escape(value) if is_html else value) if value.strip() else on_one_line(piece.default))
    return "".join(out)


def check_wire_form(raw: bytes) -> None:
    """What spares the client every look at the message: no dot to double, no lone line end, no long line."""
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert re.search(rb"\r(?!\n)|(?<!\r)\n", raw) is None
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert not [line for line in raw.split(b"\r\n") if line.startswith((b".", b"From "))]
