"""Reads an IMAP mailbox, and leaves it as it is: opened read-only, nothing marked as seen (RFC 3501 sections 6.3.2, 6.4.5)."""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from newsletter.inbound.errors import MailboxUnreachable, NotAMailbox

_TIMEOUT_SECONDS = 60
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HOW = "write it like imaps://user:password@mail.example.org/INBOX"
_PORTS = {"implicit": 993, "starttls": 143, "none": 143}
_LOCAL = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class ImapPlace:
    """An IMAP mailbox and how to reach it; `tls` is `implicit`, `starttls`, or `none` on this machine itself."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    mailbox: str
    tls: str


def is_imap_url(place: str) -> bool:
    """Whether this is the address of an IMAP mailbox, and not a path."""
    return place.lower().startswith(("imap://", "imaps://"))


def imap_place(url: str) -> ImapPlace:
    """The mailbox that an address names; INBOX where it names none. Raises NotAMailbox."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotAMailbox(f"This is no address of a mailbox; {_HOW}.") from error
    tls = "implicit" if parts.scheme.lower() == "imaps" else parse_qs(parts.query).get("tls", ["starttls"])[0]
    if not parts.hostname or not parts.username or tls not in _PORTS:
        raise NotAMailbox(f"The address of the mailbox lacks something; {_HOW}.")
    if tls == "none" and parts.hostname not in _LOCAL:
        raise NotAMailbox("A password goes to another machine only by TLS; leave tls=none out.")
    return ImapPlace(
        host=parts.hostname,
        port=port or _PORTS[tls],
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        mailbox=unquote(parts.path.strip("/")) or "INBOX",
        tls=tls,
    )


def read_imap(
    url: str, since: date, octets_max: int, context: ssl.SSLContext | None = None
) -> Iterator[bytes]:
    """The mails that arrived since that day, at most `octets_max` of each. Raises NotAMailbox, MailboxUnreachable.

    `context` is whom to trust; by default whom the system does.
    """
    place = imap_place(url)
    try:
        client = _connect(place, context or ssl.create_default_context())
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxUnreachable(place.host, _words(error)) from error
    try:
        _call(client.login(place.user, place.password))
        _call(client.select(_quoted(place.mailbox), readonly=True))
        day = f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"
        [found] = _call(client.uid("SEARCH", "SINCE", day))[:1] or [b""]
        for uid in (found or b"").split():
            answer = _call(client.uid("FETCH", uid.decode("ascii"), f"(BODY.PEEK[]<0.{octets_max}>)"))
            yield from (item[1] for item in answer if isinstance(item, tuple))
    except (OSError, imaplib.IMAP4.error) as error:
        raise MailboxUnreachable(place.host, _words(error)) from error
    finally:
        with suppress(OSError, imaplib.IMAP4.error):  # it went away by itself
            client.logout()


def _connect(place: ImapPlace, context: ssl.SSLContext) -> imaplib.IMAP4:
    if place.tls == "implicit":
        return imaplib.IMAP4_SSL(place.host, place.port, ssl_context=context, timeout=_TIMEOUT_SECONDS)
    client = imaplib.IMAP4(place.host, place.port, timeout=_TIMEOUT_SECONDS)
    if place.tls == "starttls":
        client.starttls(context)
    return client


def _call(answer: tuple[str, list[Any]]) -> list[Any]:
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(_words(data))
    return data


def _quoted(mailbox: str) -> str:
    escaped = re.sub(r'(["\\])', r"\\\1", mailbox)
    return f'"{escaped}"'


def _words(what: object) -> str:
    """What went wrong, on one line; a server's answer comes as octets."""
    if isinstance(what, Exception) and what.args:
        what = what.args[-1]
    if isinstance(what, list):
        what = what[0] if what else ""
    text = what.decode("utf-8", "replace") if isinstance(what, bytes) else str(what)
    return " ".join(text.split())
