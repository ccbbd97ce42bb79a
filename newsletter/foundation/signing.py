"""Keys for one purpose each, derived from the installation's secret, and the tokens that links carry.

A token is base64url(version, key number, 12 random octets naming the thing, 16 octets of HMAC-SHA-256):
40 characters, no personal data, no expiry. The number of the key stands in it, so that a later key does not
end the links that are in people's mailboxes already (RFC 8058 section 3.1; docs/decisions/0005-tokens.md).
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets

_VERSION = 1
NAME_BYTES = 12
_MAC_BYTES = 16
_URL_SAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648 section 5
_TOKEN = re.compile(r"[A-Za-z0-9_-]{40}\Z")


class Keyring:
    """The installation's secrets, oldest first; the last one signs, every one verifies."""

    def __init__(self, *secrets_oldest_first: str) -> None:
        if not secrets_oldest_first or not all(secrets_oldest_first):
            raise ValueError("a keyring needs at least one secret")
        self._secrets = [text.encode() for text in secrets_oldest_first]
        self._last = len(self._secrets) - 1  # the number of the key that signs
        self._head = bytes((_VERSION, self._last))
        self._derived: dict[tuple[int, str], bytes] = {}
        self._hashes: dict[tuple[int, str], _KeyedHash] = {}

    def key(self, purpose: str, number: int = -1) -> bytes:
        """The 32 octets for one purpose ("unsubscribe", "suppression"); keys of two purposes never match."""
        if number < 0:
            number += len(self._secrets)
        cached = self._derived.get((number, purpose))
        if cached is None:
            cached = hmac.digest(self._secrets[number], b"newsletter:" + purpose.encode(), "sha256")
            self._derived[number, purpose] = cached
        return cached

    def sign(self, purpose: str, name: bytes) -> str:
        """The token for the thing called `name` (12 octets, see `random_name`)."""
        head = self._head + name
        octets = head + self._mac(purpose, self._last, head)
        return binascii.b2a_base64(octets, newline=False).translate(_URL_SAFE).decode("ascii")

    def verify(self, purpose: str, token: str) -> bytes | None:
        """The name that was signed, or None where the token is not ours. Takes the same time for any forgery."""
        if not _TOKEN.match(token):
            return None
        try:
            raw = base64.urlsafe_b64decode(token)
        except (binascii.Error, ValueError):
            return None
        head, mac = raw[: 2 + NAME_BYTES], raw[2 + NAME_BYTES :]
        version, number = head[0], head[1]
        if version != _VERSION or number >= len(self._secrets):
            return None
        return head[2:] if hmac.compare_digest(mac, self._mac(purpose, number, head)) else None

    def fingerprint(self, purpose: str, text: str) -> bytes:
        """16 octets that stand for `text` and do not tell it (keyed hash under the oldest secret, so that it stays)."""
        return self._mac(purpose, 0, text.encode())

    def one_time_token(self, purpose: str, name: bytes) -> str:
        """The 128-bit token of a link that is mailed once and lives shortly: 22 characters.

        Made anew from the thing's random name whenever it is needed, so that only `hash_of_token` is ever stored.
        """
        mac = hmac.digest(self.key(f"one-time:{purpose}"), name, "sha256")[:_MAC_BYTES]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode("ascii")

    def _mac(self, purpose: str, number: int, head: bytes) -> bytes:
        keyed = self._hashes.get((number, purpose))
        if keyed is None:
            keyed = self._hashes[number, purpose] = _KeyedHash(self.key(purpose, number))
        return keyed.digest(head)[:_MAC_BYTES]


class _KeyedHash:
    """HMAC-SHA-256 under one key (RFC 2104), with the key taken in beforehand.

    Not `hmac.digest`: that takes twice as long, and a mailing signs each reader's link; and it lets go of the interpreter
    each time, and gets it back only when another thread that is at work has had its five milliseconds.
    """

    def __init__(self, key: bytes) -> None:
        block = key.ljust(hashlib.sha256().block_size, b"\0")
        self._inner = hashlib.sha256(bytes(octet ^ 0x36 for octet in block))
        self._outer = hashlib.sha256(bytes(octet ^ 0x5C for octet in block))

    def digest(self, octets: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(octets)
        outer.update(inner.digest())
        return outer.digest()


def hash_of_token(token: str) -> bytes:
    """What is stored of a one-time token, and by which it is found: its SHA-256, which does not tell it."""
    return hashlib.sha256(token.encode()).digest()


def random_name() -> bytes:
    """12 random octets that name one thing in tokens and public addresses."""
    return secrets.token_bytes(NAME_BYTES)


def readable_name(name: bytes) -> str:
    """A random name as it stands in a public address: 16 characters of base64url."""
    return base64.urlsafe_b64encode(name).decode("ascii")


def name_from(readable: str) -> bytes | None:
    """The random name in a public address, or None where it cannot be one."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{16}", readable):
        return None
    return base64.urlsafe_b64decode(readable)


def fresh_secret() -> str:
    """A new installation secret: 256 random bits, as text."""
    return secrets.token_urlsafe(32)
