"""Opens a session with a relay: connection, greeting, EHLO, TLS, login. What it gives is ready for messages."""

import asyncio
import ipaddress
import os
import re
import ssl
from dataclasses import dataclass

from newsletter.foundation.addresses import domain_in_ascii
from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
from newsletter.transport.features import Features, features_from
from newsletter.transport.login import log_in
from newsletter.transport.outcome import plain_words
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.timeouts import Timeouts
from newsletter.transport.wire import Wire, WireLost

_HOST = re.compile(rb"[A-Za-z0-9.-]+\Z")
_TRY_LATER = "Nothing was lost: try again when it answers."


@dataclass(frozen=True, slots=True)
class Session:
    """A wire on which MAIL may be said, and what the server behind it can do."""

    relay: Relay
    wire: Wire
    features: Features


def _words_of(error: OSError) -> str:
    """What the system calls the fault ("Connection refused"), without the call that met it."""
    number = error.errno
    if number is None and (
        found := re.search(r"\[Errno (\d+)\]", str(error))
    ):  # several addresses, several faults
        number = int(found[1])
    if number is not None and number > 0:
        return os.strerror(number)
    return plain_words(error.strerror or str(error)) or type(error).__name__


def helo_argument(host: str) -> bytes:
    """The name that we greet with: a host as A-labels, an IP address as a literal (RFC 5321 section 4.1.3)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            name = domain_in_ascii(host).encode("ascii", "replace")
        except ValueError:
            name = b""
        return name if _HOST.match(name) else b"localhost"
    return f"[{'IPv6:' if address.version == 6 else ''}{address}]".encode("ascii")


async def open_session(
    relay: Relay, helo_name: str, timeouts: Timeouts, context: ssl.SSLContext | None
) -> Session:
    """A session with the relay; `context` is needed for an encrypted one. Raises RelayUnreachable or RelayRefusedLogin."""
    opening = _Opening(relay, helo_name, timeouts, context)
    try:
        return await opening.session()
    except WireLost as error:
        await opening.give_up()
        raise RelayUnreachable(relay.host, relay.port, str(error), _TRY_LATER) from error
    except BaseException:
        await opening.give_up()
        raise


class _Opening:
    def __init__(
        self, relay: Relay, helo_name: str, timeouts: Timeouts, context: ssl.SSLContext | None
    ) -> None:
        self._relay = relay
        self._helo_name = helo_argument(helo_name)
        self._timeouts = timeouts
        self._context = context
        self._wire = Wire(timeouts)

    async def session(self) -> Session:
        await self._connect()
        greeting = await self._wire.greeting()
        if greeting.code != 220:
            raise self._unreachable(f"it greeted with {plain_words(str(greeting))}", _TRY_LATER)
        features = await self._introduce()
        if self._relay.tls is Tls.STARTTLS:
            await self._starttls(features)
            features = (
                await self._introduce()
            )  # what was said in the clear is forgotten (RFC 3207 section 4.2)
        if self._relay.username is not None:
            await self._log_in(features)
        return Session(self._relay, self._wire, features)

    async def give_up(self) -> None:
        self._wire.end("given up")
        await self._wire.ended()

    async def _connect(self) -> None:
        is_implicit = self._relay.tls is Tls.IMPLICIT
        try:
            async with asyncio.timeout(self._timeouts.connect_seconds):
                await asyncio.get_running_loop().create_connection(
                    lambda: self._wire,
                    self._relay.host,
                    self._relay.port,
                    ssl=self._context if is_implicit else None,
                    server_hostname=self._relay.host if is_implicit else None,
                )
        except TimeoutError as error:
            raise self._unreachable(
                "it did not answer in time", "Check host and port, and any firewall between."
            ) from error
        except ssl.SSLError as error:
            raise self._tls_failed(error) from error
        except OSError as error:
            raise self._unreachable(
                _words_of(error), "Check host and port in NEWSLETTER_SMTP_URL, and that it runs."
            ) from error

    async def _introduce(self) -> Features:
        seconds = self._timeouts.command_seconds
        reply = await self._wire.ask(b"EHLO " + self._helo_name, seconds)
        if reply.is_positive:
            return features_from(reply)
        if reply.code != 421 and 500 <= reply.code < 600:
            reply = await self._wire.ask(b"HELO " + self._helo_name, seconds)
            if reply.is_positive:
                return Features()
        raise self._unreachable(f"it answered our greeting with {plain_words(str(reply))}", _TRY_LATER)

    async def _starttls(self, features: Features) -> None:
        if not features.has_starttls:
            raise self._unreachable(
                "it offers no encryption (STARTTLS)",
                "Use another port, or tls=implicit; tls=none only for a relay in a network that you trust.",
            )
        reply = await self._wire.ask(b"STARTTLS", self._timeouts.command_seconds)
        if reply.code != 220:
            raise self._unreachable(f"it answered STARTTLS with {plain_words(str(reply))}", _TRY_LATER)
        if self._context is None:
            raise ValueError("an encrypted session needs a context")
        try:
            await self._wire.encrypt(self._context, self._relay.host, self._timeouts.connect_seconds)
        except ssl.SSLError as error:
            raise self._tls_failed(error) from error
        except OSError as error:
            raise self._unreachable("it hung up while encryption was being set up", _TRY_LATER) from error

    async def _log_in(self, features: Features) -> None:
        seconds = self._timeouts.command_seconds
        reply = await log_in(self._relay, features.logins, lambda line: self._wire.ask(line, seconds))
        if reply.code == 235:
            return
        answer = plain_words(str(reply))
        if 500 <= reply.code < 600:
            raise RelayRefusedLogin(self._relay.host, self._relay.port, answer)
        raise self._unreachable(f"it answered the login with {answer}", _TRY_LATER)

    def _tls_failed(self, error: ssl.SSLError) -> RelayUnreachable:
        if isinstance(error, ssl.SSLCertVerificationError):
            reason = f"its certificate is not valid: {error.verify_message.rstrip('.')}"
            return self._unreachable(
                reason, "Use the host name that the certificate is for, or have the certificate renewed."
            )
        reason = f"TLS failed: {plain_words(error.reason or str(error))}"
        return self._unreachable(reason, "Check that port and tls= in NEWSLETTER_SMTP_URL belong together.")

    def _unreachable(self, reason: str, next_step: str) -> RelayUnreachable:
        return RelayUnreachable(self._relay.host, self._relay.port, reason.rstrip("."), next_step)
