"""DKIM signatures, judged by an independent verifier (dkimpy)."""

import re
from collections.abc import Callable

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from newsletter.transport.dkim import KeyRefused, Signer, new_key, open_signer
from newsletter.transport.message import MessageSource, compile_message
from newsletter.transport.octets import WireOctets

HEADERS = (
    ("From", "La lettre <letter@canal.example>"),
    ("To", "[[to]]"),
    (
        "Subject",
        "L’été au bord de l’eau : tout le programme, avec un sujet assez long pour être plié en deux",
    ),
    ("Date", "Mon, 23 Nov 2026 09:00:00 +0000"),
    ("Message-ID", "<m1.2@canal.example>"),
    ("List-Id", "La lettre <letter.canal.example>"),
    ("List-Unsubscribe", "<https://news.canal.example/u/[[token]]>, <mailto:letter@canal.example>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("Feedback-ID", "m1:fr:letter:canal.example"),
)
SOURCE = MessageSource(
    HEADERS, "Bonjour [[name]],\n\n. un point\n\n", "<p>Bonjour [[name]]</p>" + "<p>été</p>" * 50
)
RSA, ED25519 = new_key(), new_key(is_rsa=False)


@pytest.fixture(params=["rsa", "ed25519"])
def signer(request: pytest.FixtureRequest) -> Signer:
    return open_signer("canal.example", "s2026", RSA if request.param == "rsa" else ED25519)


def a_message(name: str = "Zoé", source: MessageSource = SOURCE) -> WireOctets:
    return compile_message(source).assemble({"to": "zoe@example.org", "token": "x" * 40, "name": name})


def verifies(message: bytes, signer: Signer) -> bool:
    asked: list[str] = []

    def answer(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name.decode().rstrip("."))
        return signer.dns_value.encode()

    is_good: bool = dkim.verify(message, dnsfunc=answer)
    assert asked == [signer.dns_name]
    return is_good


def signed_names(message: bytes) -> list[bytes]:
    head = message.split(b"\r\n\r\n", 1)[0]
    value = re.search(rb"h=([^;]+);", head)
    assert value is not None
    return re.sub(rb"\s", b"", value[1]).split(b":")


def test_m3_signature_verifies_and_covers_both_unsubscribe_headers(signer: Signer) -> None:
    """RFC 8058 section 4."""
    message = signer.sign(a_message())
    assert verifies(message, signer)
    assert message.endswith(a_message())
    names = signed_names(message)
    assert [
        names.count(name) for name in (b"from", b"list-unsubscribe", b"list-unsubscribe-post", b"cc")
    ] == [
        2,
        2,
        2,
        1,
    ]


@pytest.mark.parametrize("name", [name for name, _ in HEADERS])
def test_m3_changed_header_breaks_the_signature(signer: Signer, name: str) -> None:
    message = signer.sign(a_message())
    at = message.index(f"\r\n{name}: ".encode()) + len(name) + 4
    changed = message[:at] + (b"y" if message[at : at + 1] != b"y" else b"z") + message[at + 1 :]
    assert not verifies(changed, signer)


@pytest.mark.parametrize(
    "name", ["List-Unsubscribe", "List-Unsubscribe-Post", "From", "Subject", "Cc", "List-Help"]
)
@pytest.mark.parametrize("place", ["in front", "behind"])
def test_m3_header_added_by_somebody_else_breaks_the_signature(signer: Signer, name: str, place: str) -> None:
    """Oversigned (RFC 6376 section 8.15): the first header of a name is what many programs show."""
    message = signer.sign(a_message())
    added = f"{name}: <https://evil.example/u/1>\r\n".encode()
    head, _, body = message.partition(b"\r\n\r\n")
    attacked = added + message if place == "in front" else head + b"\r\n" + added + b"\r\n" + body
    assert not verifies(attacked, signer)


def test_changed_body_breaks_the_signature(signer: Signer) -> None:
    assert not verifies(signer.sign(a_message()).replace(b"Bonjour", b"Bonsoir"), signer)


def test_trace_headers_of_relays_leave_the_signature_whole(signer: Signer) -> None:
    message = b"Received: from a by b; Mon, 23 Nov 2026 09:00:00 +0000\r\n" + signer.sign(a_message())
    assert verifies(message + b"\r\n\r\n", signer)


@pytest.mark.parametrize("octets_added", [b"", b"\r\n", b"\r\n\r\n\r\n"])
def test_empty_lines_at_the_end_do_not_matter(signer: Signer, octets_added: bytes) -> None:
    assert verifies(signer.sign(a_message() + octets_added), signer)


@given(name=st.text(max_size=120), text=st.text(max_size=400), subject=st.text(min_size=1, max_size=200))
def test_signature_verifies_whatever_editors_and_readers_typed(name: str, text: str, subject: str) -> None:
    signer = open_signer("canal.example", "s2026", ED25519)
    headers = tuple((header, subject if header == "Subject" else value) for header, value in HEADERS)
    plain = text.replace("[[", "[")
    source = MessageSource(
        tuple((h, v if h != "Subject" else v.replace("[[", "[")) for h, v in headers), plain, plain
    )
    assert verifies(signer.sign(a_message(name, source)), signer)


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes = b"") -> bytes:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"no key", "private key in PEM"),
        (lambda: _pem(rsa.generate_private_key(65537, 2048), b"secret"), "private key in PEM"),
        (lambda: _pem(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor Ed25519"),
    ],
)
def test_unfit_key_is_refused_with_the_reason(make: Callable[[], bytes], words: str) -> None:
    with pytest.raises(KeyRefused, match=words):
        open_signer("canal.example", "s2026", make())


@pytest.mark.parametrize(
    ("domain", "selector"), [("canal example", "s"), ("canal.example", "s;d=x"), ("", "s"), ("a\r\nb", "s")]
)
def test_name_that_could_change_the_signature_is_refused(domain: str, selector: str) -> None:
    with pytest.raises(KeyRefused, match="DKIM signature"):
        open_signer(domain, selector, ED25519)
