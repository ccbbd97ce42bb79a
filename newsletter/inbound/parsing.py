"""What is seen of a mail before anything is decided: who seems to have sent it, what was newly written, whom it names."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses
from html import unescape
from itertools import islice

from newsletter.foundation.addresses import AddressRefused, parse_address
from newsletter.inbound.mime import Part, all_headers, header, leaves, readable, split_headers

SIZE_MAX = 5_000_000
"""So many octets of a mail are looked at and kept."""

_TEXT_LENGTH_MAX = 20_000
_NAMED_MAX = 200
_COMMENTS_MAX = 20
_AT_SIGNS_MAX = 2_000
_BEFORE_AT = re.compile(r"[\w.+'-]{1,64}\Z")
_AFTER_AT = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_NOT_TEXT = re.compile(r"<(head|style|script|title)\b[^>]{0,2000}>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_QUOTED_HTML = re.compile(
    r"<blockquote\b|<div[^>]{0,300}\bgmail_quote|<div[^>]{0,300}\bdivRplyFwdMsg", re.IGNORECASE
)
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\b[^>]{0,300}>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MailSeen:
    """A mail as it came in. `text` is its first text part with quoted lines, `raw` what is kept of it.

    `sender` is the one address of From, "" where there is none or there are several; `named` every address in it.
    """

    digest: bytes
    headers: Message
    sender: str
    subject: str
    text: str
    kinds: tuple[str, ...]
    named: tuple[str, ...]
    raw: bytes
    size_bytes: int


def digest_of(raw: bytes) -> bytes:
    """By what a mail is known again, read from whichever mailbox: SHA-256 with line ends made alike."""
    return hashlib.sha256(raw.replace(b"\r\n", b"\n").rstrip(b"\n")).digest()


def see_mail(raw: bytes) -> MailSeen:
    """What is to be seen of the octets of a mail; nothing is raised for anything that a mail may hold."""
    kept = raw[:SIZE_MAX]
    headers, _ = split_headers(kept)
    parts = list(leaves(kept))
    text = _first_text(parts)
    return MailSeen(
        digest=digest_of(kept),
        headers=headers,
        sender=_sender(headers),
        subject=_plain(readable(header(headers, "subject")))[:500],
        text=text,
        kinds=tuple(part.kind for part in parts),
        named=_named(headers, parts),
        raw=kept,
        size_bytes=len(raw),
    )


def addresses_in(values: list[str]) -> list[str]:
    """The addresses in these header values, as we spell them; what is no address that we would mail is passed over."""
    found = []
    # The library follows comments within comments by recursion.
    plain = [text for value in values if (text := readable(value)).count("(") <= _COMMENTS_MAX]
    for _, address in getaddresses(plain)[:_NAMED_MAX]:
        try:
            found.append(parse_address(address))
        except AddressRefused:
            continue
    return found


def _sender(headers: Message) -> str:
    values = all_headers(headers, "from")
    found = addresses_in(values)
    return found[0] if len(values) == 1 and len(found) == 1 else ""


def _first_text(parts: list[Part]) -> str:
    """The first plain text that is no file, else the first HTML as text."""
    shown = [part for part in parts if not part.is_attached]
    for part in shown:
        if part.kind == "text/plain":
            return _plain(part.text())[:_TEXT_LENGTH_MAX]
    for part in shown:
        if part.kind == "text/html":
            return _plain(_without_markup(part.text()))[:_TEXT_LENGTH_MAX]
    return ""


def _without_markup(html: str) -> str:
    html = _NOT_TEXT.sub(" ", html[: _TEXT_LENGTH_MAX * 10])
    quoted = _QUOTED_HTML.search(html)
    if quoted is not None:
        # The rest is marked, so that it is known as quoted where lines are looked at.
        html = f"{html[: quoted.start()]}<br>-----Original Message-----<br>{html[quoted.start() :]}"
    return unescape(_TAG.sub("", _BREAK.sub("\n", html.replace("\n", " "))))


def _plain(text: str) -> str:
    """The text without control characters: some databases refuse NUL, and all of it is shown to people."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _named(headers: Message, parts: list[Part]) -> tuple[str, ...]:
    """Every address that stands in headers or text, the sender's and those of attached mails too."""
    found: dict[str, None] = {}
    texts = [value for _, value in _values(headers)]
    for part in parts:
        texts += [value for _, value in _values(part.headers)]
        if part.kind.startswith(("text/", "message/")):
            texts.append(part.text()[:SIZE_MAX])
    for text in texts:
        for candidate in _around_at_signs(text):
            if len(found) >= _NAMED_MAX:
                return tuple(found)
            try:
                found.setdefault(parse_address(candidate))
            except AddressRefused:
                continue
    return tuple(found)


def _around_at_signs(text: str) -> Iterator[str]:
    """What may be an address, from each @ outwards: a pattern for the whole would try anew at every letter."""
    for sign in islice(re.finditer("@", text), _AT_SIGNS_MAX):
        before = _BEFORE_AT.search(text, max(0, sign.start() - 64), sign.start())
        after = _AFTER_AT.match(text, sign.end(), sign.end() + 255)
        if before and after:
            yield f"{before[0]}@{after[0]}"


def _values(headers: Message) -> list[tuple[str, str]]:
    return [(name, readable(str(value)[:4000])) for name, value in headers.items()[:300]]
