"""DKIM signatures (RFC 6376), RSA and Ed25519 (RFC 8463): the sender's domain answers for the mail.

Headers are signed in relaxed form, for relays fold them anew; the body in simple form (section 3.4.3): it is 7-bit with
CRLF line ends, no relay has a reason to touch it, and it is hashed as it is.
"""

import binascii
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from newsletter.foundation.errors import BadInput
from newsletter.transport.octets import Message, WireOctets, WirePieces

SIGNED = (
    "from",
    "to",
    "cc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-language",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-help",
    "list-owner",
    "list-archive",
    "list-post",
    "feedback-id",
    "auto-submitted",
)
"""The headers that are signed, each of them once more than it is there: one that is added later breaks the signature.

RFC 8058 section 4 asks for List-Unsubscribe and List-Unsubscribe-Post; RFC 6376 section 8.15 for the one more.
"""

_RSA_BITS_MIN = 1024  # RFC 8301 section 3.2; below that nobody verifies
_LABEL = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*\Z"
)
_HEADER = re.compile(rb"([!-9;-~]+):([^\r]*(?:\r\n[ \t][^\r]*)*)\r\n")
_SIGNED_NAMES = tuple(name.encode() for name in SIGNED)
_SPACES = re.compile(rb"[ \t\r\n]+")
_FOLD_AT = 72
_PADDING = PKCS1v15()
_SHA256 = Prehashed(hashes.SHA256())


class KeyRefused(BadInput):
    """A DKIM key, or what should say whose it is, cannot be used."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs messages for one domain with one key; may be called from several threads at once."""

    domain: str
    selector: str
    _key: RSAPrivateKey | Ed25519PrivateKey

    def sign(self, message: Message) -> WirePieces | WireOctets:
        """The message with its DKIM-Signature in front."""
        pieces = message if isinstance(message, WirePieces) else WirePieces((message,))
        signature = self._signature(*_head_and_body(pieces))
        if isinstance(message, WirePieces):
            return WirePieces((signature, *message))
        return WireOctets(signature + message)

    def _signature(self, head: bytes, body_digest: bytes) -> bytes:
        names, relaxed = _signed_headers(head)
        algorithm = b"ed25519-sha256" if isinstance(self._key, Ed25519PrivateKey) else b"rsa-sha256"
        unsigned = b"".join(
            (
                b"DKIM-Signature: v=1; a=" + algorithm + b"; c=relaxed/simple; d=" + self.domain.encode(),
                b"; s=" + self.selector.encode() + b";\r\n h=" + _folded_names(names),
                b";\r\n bh=" + binascii.b2a_base64(body_digest, newline=False) + b";\r\n b=",
            )
        )
        # Section 3.7: the signature's own header comes last, with an empty b= and without its line end.
        own = _relaxed_header(*unsigned.split(b":", 1)).rstrip(b"\r\n")
        digest = hashlib.sha256(relaxed + own).digest()
        signature = binascii.b2a_base64(self._sign(digest), newline=False)
        return b"".join((unsigned, _folded(signature), b"\r\n"))

    def _sign(self, digest: bytes) -> bytes:
        if isinstance(self._key, Ed25519PrivateKey):
            return self._key.sign(digest)  # RFC 8463 section 3: over the hash
        return self._key.sign(digest, _PADDING, _SHA256)

    @property
    def dns_name(self) -> str:
        """Where the public key stands in the DNS, as a TXT record."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def dns_value(self) -> str:
        """What the TXT record says (section 3.6.1)."""
        public = self._key.public_key()
        if isinstance(self._key, Ed25519PrivateKey):
            kind = "ed25519"
            octets = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        else:
            kind = "rsa"
            octets = public.public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        return f"v=DKIM1; k={kind}; p={binascii.b2a_base64(octets, newline=False).decode('ascii')}"


def open_signer(domain: str, selector: str, pem: bytes) -> Signer:
    """A signer with the private key of a PEM file, RSA or Ed25519, without a passphrase. Raises KeyRefused."""
    for what, text in (("domain", domain), ("selector", selector)):
        if not _LABEL.match(text):
            raise KeyRefused(
                f"“{text[:80]}” cannot be the {what} of a DKIM signature; write it like example.org."
            )
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyRefused(
            "The DKIM key is not a private key in PEM without a passphrase; see docs/howto/sign-mails.md."
        ) from error
    if isinstance(key, RSAPrivateKey) and key.key_size < _RSA_BITS_MIN:
        raise KeyRefused(f"The DKIM key has {key.key_size} bits; 2048 are usual, {_RSA_BITS_MIN} the least.")
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise KeyRefused("The DKIM key is neither RSA nor Ed25519.")
    return Signer(domain.lower(), selector, key)


def new_key(*, is_rsa: bool = True) -> bytes:
    """A fresh private key in PEM: RSA with 2048 bits, which everybody verifies, or Ed25519."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048) if is_rsa else Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _signed_headers(head: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """The names for h=, and the headers that they name in relaxed form (section 3.4.2): of one name, the lowest first."""
    found: dict[bytes, list[bytes]] = {}
    for match in _HEADER.finditer(head):
        found.setdefault(match[1].lower(), []).append(match[2])
    names: list[bytes] = []
    relaxed: list[bytes] = []
    for name in _SIGNED_NAMES:
        names.append(name)
        for value in reversed(found.get(name, ())):
            relaxed.append(_relaxed_header(name, value))
            names.append(name)
    return tuple(names), b"".join(relaxed)


@lru_cache(maxsize=256)  # most headers are the same in every message of a mailing
def _relaxed_header(name: bytes, value: bytes) -> bytes:
    return name.lower() + b":" + _SPACES.sub(b" ", value).strip(b" ") + b"\r\n"


def _head_and_body(pieces: WirePieces) -> tuple[bytes, bytes]:
    """The headers, each with its line end, and the hash of the body in simple form (section 3.4.3)."""
    for index in range(len(pieces)):
        head, separator, start = b"".join(pieces[: index + 1]).partition(b"\r\n\r\n")
        if separator:
            rest = pieces[index + 1 :]
            break
    else:
        start, rest = b"", ()
    if (rest or (start,))[-1].endswith(b"\r\n\r\n") or not (rest or (start,))[-1].endswith(b"\r\n"):
        start, rest = _simple_body(b"".join((start, *rest))), ()
    body = hashlib.sha256(start)
    for piece in rest:
        body.update(piece)
    return head + b"\r\n", body.digest()


def _simple_body(body: bytes) -> bytes:
    """The body with exactly one line end at its end (section 3.4.3)."""
    stripped = body.rstrip(b"\r\n")
    line_ends = body[len(stripped) :]
    while line_ends.endswith(b"\r\n\r\n"):
        line_ends = line_ends[:-2]
    return stripped + (line_ends if line_ends.endswith(b"\r\n") else line_ends + b"\r\n")


@lru_cache(maxsize=16)  # the same in every message of a mailing
def _folded_names(names: tuple[bytes, ...]) -> bytes:
    lines: list[bytes] = [b""]
    for name in names:
        if len(lines[-1]) + len(name) > _FOLD_AT:
            lines.append(b"")
        lines[-1] += name + b":"
    return b"\r\n  ".join(lines)[:-1]


def _folded(signature: bytes) -> bytes:
    return b"\r\n ".join(signature[at : at + _FOLD_AT] for at in range(0, len(signature), _FOLD_AT))
