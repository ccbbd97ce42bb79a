"""From a notice to the octets of its mail: the same look as the editions, text and HTML, in every language that it speaks."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined

from newsletter.foundation.addresses import envelope_address
from newsletter.foundation.files import templates_folder
from newsletter.notices.notice import Notice
from newsletter.rendering.colours import palette
from newsletter.rendering.content import Branding
from newsletter.rendering.mjml.compiling import compile_mjml
from newsletter.rendering.typography import typeset
from newsletter.transport.headers import mailbox, message_id, rfc5322_date
from newsletter.transport.message import MessageSource, compile_message


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes: the installation's sender, and what its mails look like."""

    sender_address: str
    branding: Branding


@dataclass(frozen=True, slots=True)
class ComposedNotice:
    """A mail that is ready: its envelope, its Message-ID (with the angle brackets), its octets.

    `sender` is that of the envelope, "" for the null sender; `author` the address of From.
    """

    sender: str
    author: str
    recipient: str
    message_id: str
    message: bytes


def compose_notice(notice: Notice, letterhead: Letterhead, now: datetime) -> ComposedNotice:
    """The mail of a notice. Raises HeaderRefused where its sender cannot be written.

    RFC 3834 section 5: `Auto-Submitted`, so that no responder answers; no List-Unsubscribe, for there is nothing to
    leave (deliverability M8).
    """
    sender = notice.sender_address or letterhead.sender_address
    domain = envelope_address(sender).rpartition("@")[2]
    name = notice.sender_name or letterhead.branding.organisation
    identity = message_id(notice.label, domain)
    headers = (
        ("From", mailbox(name, sender)),
        ("To", mailbox("", notice.recipient)),
        ("Subject", " | ".join(dict.fromkeys(typeset(part.subject, part.language) for part in notice.parts))),
        ("Date", rfc5322_date(now)),
        ("Message-ID", identity),
        ("Auto-Submitted", "auto-replied" if notice.is_answer else "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),
        ("Content-Language", ", ".join(notice.languages)),
    )
    literal = tuple((header, value.replace("[[", "[[open]]")) for header, value in headers)
    source = MessageSource(literal, _text(notice, letterhead), _html(notice, letterhead))
    octets = compile_message(source).assemble({"open": "[["})
    author = envelope_address(sender)
    # The answer to a mail has the null sender, so that no bounce or absence note answers it (RFC 3834 section 3.3).
    envelope_sender = "" if notice.is_answer else author
    return ComposedNotice(envelope_sender, author, envelope_address(notice.recipient), identity, octets)


def _text(notice: Notice, letterhead: Letterhead) -> str:
    words = _templates(False).get_template("notice.txt.j2").render(notice=notice, letterhead=letterhead)
    return words.replace("[[", "[[open]]")


def _html(notice: Notice, letterhead: Letterhead) -> str:
    colours = palette(letterhead.branding.accent)
    mjml = (
        _templates(True)
        .get_template("notice.mjml.j2")
        .render(notice=notice, letterhead=letterhead, p=colours)
    )
    compiled = compile_mjml(mjml, with_webfonts=False)
    return compiled.html.replace("[[", "[[open]]")


@cache
def _templates(is_markup: bool) -> Environment:
    folder = templates_folder()
    shared = PrefixLoader({"shared": FileSystemLoader(folder / "themes" / "_shared")})
    found = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder / "mail"), shared]),
        autoescape=is_markup,  # noqa: S701 - plain text is not escaped, on purpose
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["typeset"] = typeset
    return found
