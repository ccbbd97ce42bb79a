"""Keys for one purpose each, derived from the installation's secret, and the tokens that links carry.

A token is base64url(version, key number, 12 random octets naming the thing, 16 octets of keyed BLAKE2b):
40 characters, no personal data, no expiry. The number of the key stands in it, so that a later key does not
end the links that are in people's mailboxes already (RFC 8058 section 3.1; docs/decisions/0005-tokens.md).
Tokens of version 1, with HMAC-SHA-256 in that place, are verified and no longer made.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable

_VERSION, _VERSION_OF_HMAC = 2, 1
NAME_BYTES = 12
_MAC_BYTES = 16
_URL_SAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648 section 5
_TOKEN_LENGTH = 40
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{_TOKEN_LENGTH}}}\Z")
_MARK_BYTES = 12


class Keyring:
    """The installation's secrets, oldest first; the last one signs, every one verifies."""

    def __init__(self, *secrets_oldest_first: str) -> None:
        if not secrets_oldest_first or not all(secrets_oldest_first):
            raise ValueError("a keyring needs at least one secret")
        self._secrets = [text.encode() for text in secrets_oldest_first]
        self._last = len(self._secrets) - 1  # the number of the key that signs
        self._head = bytes((_VERSION, self._last))
        self._derived: dict[tuple[int, str], bytes] = {}
        self._hashes: dict[tuple[str, int, int], hashlib.blake2b] = {}
        self._fingerprints: dict[str, _KeyedHash] = {}

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
        [token] = self.sign_all(purpose, [name])
        return token

    def sign_all(self, purpose: str, names: Iterable[bytes]) -> list[str]:
        """The tokens for many things; a mailing signs each reader's link."""
        keyed, head = self._keyed(purpose, self._last, _MAC_BYTES), self._head
        raw: list[bytes] = []
        for name in names:
            named = head + name
            mac = keyed.copy()
            mac.update(named)
            raw += (named, mac.digest())
        # 30 octets are 40 characters, so all of them can be written as one.
        written = binascii.b2a_base64(b"".join(raw), newline=False).translate(_URL_SAFE).decode("ascii")
        return [written[start : start + _TOKEN_LENGTH] for start in range(0, len(written), _TOKEN_LENGTH)]

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
        if version not in (_VERSION, _VERSION_OF_HMAC) or number >= len(self._secrets):
            return None
        if version == _VERSION_OF_HMAC:
            due = hmac.digest(self.key(purpose, number), head, "sha256")[:_MAC_BYTES]
        else:
            due = hashlib.blake2b(head, key=self.key(purpose, number), digest_size=_MAC_BYTES).digest()
        return head[2:] if hmac.compare_digest(mac, due) else None

    def marks(self, purpose: str, texts: Iterable[str]) -> list[str]:
        """24 hexadecimal digits for each text, that do not tell it (under the oldest secret, so that they stay)."""
        keyed = self._keyed(purpose, 0, _MARK_BYTES)
        marks = []
        for text in texts:
            mac = keyed.copy()
            mac.update(text.encode())
            marks.append(mac.hexdigest())
        return marks

    def fingerprint(self, purpose: str, text: str) -> bytes:
        """16 octets that stand for `text` and do not tell it (keyed hash under the oldest secret, so that it stays)."""
        hashing = self._fingerprints.get(purpose)
        if hashing is None:
            hashing = self._fingerprints[purpose] = _KeyedHash(self.key(purpose, 0))
        return hashing.digest(text.encode())[:_MAC_BYTES]

    def one_time_token(self, purpose: str, name: bytes) -> str:
        """The 128-bit token of a link that is mailed once and lives shortly: 22 characters.

        Made anew from the thing's random name whenever it is needed, so that only `hash_of_token` is ever stored.
        """
        mac = hmac.digest(self.key(f"one-time:{purpose}"), name, "sha256")[:_MAC_BYTES]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode("ascii")

    def _keyed(self, purpose: str, number: int, size: int) -> hashlib.blake2b:
        """BLAKE2b under the key of a purpose (RFC 7693 section 2.9), to be copied: the key is taken in beforehand."""
        keyed = self._hashes.get((purpose, number, size))
        if keyed is None:
            keyed = hashlib.blake2b(key=self.key(purpose, number), digest_size=size)
            self._hashes[purpose, number, size] = keyed
        return keyed


class _KeyedHash:
    """HMAC-SHA-256 under one key (RFC 2104), with the key taken in beforehand: half as long as `hmac.digest` for the addresses
    of an import."""

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
