"""Mails that come in, as octets; and the office that takes them in."""

from collections.abc import Sequence
from datetime import datetime

from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.inbound.models import InboundMessage
from newsletter.inbound.reading import ReadReport, read_mails
from newsletter.inbound.taking_in import Office

BASE_URL = "https://news.example.org"
LIST_ADDRESS = "letter@example.org"
TRUSTED = "mx.example.org"


def a_mail(
    text: str = "unsubscribe",
    *,
    sender: str = "anna@example.org",
    to: str = LIST_ADDRESS,
    subject: str = "Re: La lettre",
    headers: Sequence[str] = (),
    kind: str = "text/plain; charset=utf-8",
) -> bytes:
    """A mail of one part. `headers` stand above all others, as a receiving server puts them there."""
    lines = [
        *headers,
        f"From: Anna <{sender}>",
        f"To: {to}",
        f"Subject: {subject}",
        f"Message-ID: <{abs(hash((text, sender, subject, tuple(headers))))}@example.org>",
        "MIME-Version: 1.0",
        f"Content-Type: {kind}",
        "",
        text,
        "",
    ]
    return "\r\n".join(lines).encode()


def vouched(domain: str = "example.org", name: str = TRUSTED) -> str:
    """The header by which a mail server says that a From of this domain is genuine."""
    return (
        f"Authentication-Results: {name}; spf=pass smtp.mailfrom=x.example; dmarc=pass header.from={domain}"
    )


def take(database: Database, keyring: Keyring, now: datetime, *mails: bytes) -> ReadReport:
    office = Office(keyring, BASE_URL, (TRUSTED,))
    return read_mails(database, office, mails, now)


def messages(database: Database) -> list[InboundMessage]:
    with database.read() as session:
        return list(session.query(InboundMessage).order_by(InboundMessage.id))
