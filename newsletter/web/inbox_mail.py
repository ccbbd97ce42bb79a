"""A caught mail taken apart for the eye: what stands in its headers, how it looks, what it says as text."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser

from newsletter.foundation.language import NotALanguage, normalise_tags
from newsletter.transport.catcher import CaughtMail

_URL = re.compile(r"<(https?://[^<>\s]+)>")
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
# Where a mail speaks of colour schemes: its style sheets, and the tags that may carry `media`, `content` or `style`.
_STYLED = re.compile(
    r"<style\b[^>]*>.*?</style\s*>|<(?:meta|source|html|body)\b[^>]*>", re.IGNORECASE | re.DOTALL
)
_PREFERS = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_SUPPORTS = re.compile(
    r"""((?<![\w-])color-scheme\s*:\s*|color-schemes?["']?\s+content\s*=\s*["']?\s*)"""
    r"(?:light\s+dark|dark\s+light)\b",
    re.IGNORECASE,
)
_FOLD = re.compile(r"\s*\r?\n\s+")


@dataclass(frozen=True, slots=True)
class MailLine:
    """A mail as it stands in the list. `languages` are those of its Content-Language header, in order."""

    number: int
    recipient: str
    subject: str
    languages: tuple[str, ...]
    caught_at: datetime

    @property
    def kind(self) -> str:
        """What the list is filtered by: a language, `both` for more than one, "" for none."""
        return "both" if len(self.languages) > 1 else "".join(self.languages)


@dataclass(frozen=True, slots=True)
class OpenMail:
    """A mail as it is read. `html` is None where it has none; `unsubscribe_url` where it has no one-click link."""

    line: MailLine
    sender: str
    headers: tuple[tuple[str, str], ...]
    html: str | None
    text: str
    source: str
    unsubscribe_url: str | None


def mail_line(mail: CaughtMail) -> MailLine:
    """The list's line about a mail; only its headers are read."""
    return _line(mail, BytesHeaderParser().parsebytes(mail.raw))


def open_mail(mail: CaughtMail) -> OpenMail:
    """The whole mail. Whatever is broken in it is shown as it is."""
    message = BytesParser().parsebytes(mail.raw)
    return OpenMail(
        line=_line(mail, message),
        sender=_shown(message, "From") or mail.sender,
        headers=tuple((str(name), _decoded(value)) for name, value in message.items()),
        html=_body(message, "text/html"),
        text=_body(message, "text/plain") or "",
        source=mail.raw.decode("utf-8", "replace"),
        unsubscribe_url=_one_click_url(message),
    )


def for_a_frame(html: str, scheme: str) -> str:
    """The HTML as a mailbox in `scheme`, `light` or `dark`, shows it, with its links opening outside of its frame.

    A sandboxed frame follows the system's colours, not those of the page around it: so the answer to the mail's
    own question is written into it.
    """
    html = _STYLED.sub(lambda found: _in_scheme(found[0], scheme), html)
    base = '<base target="_blank">'
    head = _HEAD.search(html)
    return f"{html[: head.end()]}{base}{html[head.end() :]}" if head else f"{base}{html}"


def _in_scheme(styled: str, scheme: str) -> str:
    # Not `all` and `not all`: the question may be one condition among others.
    answered = _PREFERS.sub(
        lambda asked: "(min-width:0px)" if asked[1].lower() == scheme else "(max-width:0px)", styled
    )
    return _SUPPORTS.sub(rf"\g<1>{scheme}", answered)


def _line(mail: CaughtMail, message: Message) -> MailLine:
    languages = _shown(message, "Content-Language")
    try:
        tags = normalise_tags(filter(str.strip, languages.split(",")))
    except NotALanguage:
        tags = ()
    return MailLine(mail.number, mail.recipient, _shown(message, "Subject"), tags, mail.caught_at)


def _shown(message: Message, name: str) -> str:
    return _decoded(message.get(name, ""))


def _decoded(value: object) -> str:
    text = _FOLD.sub(" ", str(value))
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, ValueError):
        return text


def _body(message: Message, content_type: str) -> str | None:
    for part in message.walk():
        if part.get_content_type() == content_type:
            payload = part.get_payload(decode=True)
            return _as_text(payload if isinstance(payload, bytes) else b"", part.get_content_charset("utf-8"))
    return None


def _as_text(data: bytes, charset: str) -> str:
    try:
        text = data.decode(charset, "replace")
    except LookupError:
        text = data.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def _one_click_url(message: Message) -> str | None:
    if "List-Unsubscribe-Post" not in message:
        return None
    found = _URL.search(_shown(message, "List-Unsubscribe"))
    return found[1] if found else None
