"""Logging in to a relay (RFC 4954): PLAIN, LOGIN, CRAM-MD5, and XOAUTH2 where the relay has a file with a token."""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path

from newsletter.transport.errors import RelayRefusedLogin
from newsletter.transport.relay import Relay
from newsletter.transport.replies import Reply

_CHALLENGE = 334
# "I do not know this mechanism", "not for you" (RFC 4954 section 4, 534 section 6): another one may do.
_ANOTHER = frozenset({504, 534})
_BY_PASSWORD = ("PLAIN", "LOGIN", "CRAM-MD5")
"""In the order in which they are tried. A password goes over an encrypted connection or to this machine only (`Relay`),
so that the plain ones lose nothing against CRAM-MD5, which few servers can still check."""


async def log_in(relay: Relay, offered: Collection[str], ask: Callable[[bytes], Awaitable[Reply]]) -> Reply:
    """The server's last word: 235 is yes. `ask` says one line. Raises RelayRefusedLogin where no mechanism fits."""
    known = ("XOAUTH2",) if relay.token_file else _BY_PASSWORD
    usable = [mechanism for mechanism in known if mechanism in offered]
    if not usable:
        names = ", ".join(sorted(offered)) or "none"
        answer = f"of its ways to log in ({names}) we know none ({', '.join(known)})"
        raise RelayRefusedLogin(relay.host, relay.port, answer)
    for mechanism in usable:
        reply = await _STEPS[mechanism](relay, ask)
        if reply.code not in _ANOTHER:
            break
    return reply


async def _plain(relay: Relay, ask: Callable[[bytes], Awaitable[Reply]]) -> Reply:
    """RFC 4616."""
    user, password = _credentials(relay)
    return await ask(b"AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password))


async def _login(relay: Relay, ask: Callable[[bytes], Awaitable[Reply]]) -> Reply:
    """Never more than a draft (draft-murchison-sasl-login), and spoken everywhere."""
    reply = await ask(b"AUTH LOGIN")
    for word in _credentials(relay):
        if reply.code == _CHALLENGE:
            reply = await ask(base64.b64encode(word))
    return reply


async def _cram_md5(relay: Relay, ask: Callable[[bytes], Awaitable[Reply]]) -> Reply:
    """RFC 2195: the password stays here, its keyed hash of the server's challenge goes."""
    reply = await ask(b"AUTH CRAM-MD5")
    if reply.code != _CHALLENGE:
        return reply
    try:
        challenge = base64.b64decode(reply.text, validate=True)
    except (binascii.Error, ValueError):
        return await ask(b"*")  # RFC 4954 section 4: takes the attempt back
    user, password = _credentials(relay)
    digest = hmac.new(password, challenge, "md5").hexdigest()
    return await ask(base64.b64encode(user + b" " + digest.encode("ascii")))


async def _xoauth2(relay: Relay, ask: Callable[[bytes], Awaitable[Reply]]) -> Reply:
    """Google's and Microsoft's (developers.google.com/gmail/imap/xoauth2-protocol). The token is read at every login."""
    user, token = (relay.username or "").encode(), _token(relay)
    secret = b"user=%b\x01auth=Bearer %b\x01\x01" % (user, token)
    reply = await ask(b"AUTH XOAUTH2 " + base64.b64encode(secret))
    # A refusal comes as a challenge first, which an empty answer turns into the real reply.
    return await ask(b"") if reply.code == _CHALLENGE else reply


def _credentials(relay: Relay) -> tuple[bytes, bytes]:
    return (relay.username or "").encode(), (relay.password or "").encode()


def _token(relay: Relay) -> bytes:
    try:
        token = Path(relay.token_file).read_bytes().strip()
    except OSError as error:
        reason = f"the file with its token cannot be read: {error.strerror or type(error).__name__}"
        raise RelayRefusedLogin(relay.host, relay.port, reason) from error
    if not token or any(octet < 33 or octet > 126 for octet in token):
        raise RelayRefusedLogin(relay.host, relay.port, "the file with its token holds no token")
    return token


_STEPS = {"PLAIN": _plain, "LOGIN": _login, "CRAM-MD5": _cram_md5, "XOAUTH2": _xoauth2}
