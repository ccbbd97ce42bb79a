"""What the benches send: a mail of 58 KB in French, personal in nine places, to readers who differ in all of them."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage

import jinja2

from newsletter.editions.models import RenderedEdition
from newsletter.foundation.signing import Keyring
from newsletter.mailing.compose import Composer, Sender
from newsletter.mailing.ledger import ClaimedDelivery
from newsletter.transport.octets import Message, WireOctets, whole
from newsletter.transport.smtp import Job

BATCH = 250
SENDER = "news@example.org"
_BASE_URL = "https://news.example.org"
_SUBJECT = "Les nouvelles de l’été"
_NAMES = ("Hélène", "Jean", "Zoë", "Anne-Marie", "François", "Marie", "Loïc", "O'Brien <&>")
_PARAGRAPH = '<p style="color:#333">Les nouvelles de l’été : concerts, ateliers et promenades dans toute la région.</p>\n'
_HTML = (
    '<p>{{ greeting }}</p>\n<p><a href="{{ link }}">Préférences</a></p>\n'
    + _PARAGRAPH * 385
    + '<p>{{ email }} <a href="{{ link }}">Se désabonner</a></p>\n'
)
_TEXT = (
    "{{ greeting }}\n\n"
    + "Les nouvelles de l’été : concerts et promenades.\n" * 80
    + "\n{{ link }}\n{{ email }}\n"
)
_FIELDS = {
    "greeting": "[[greeting:fr|Bonjour,]]",
    "link": "[[link:unsubscribe]]",
    "email": "[[email]]",
}

_html = jinja2.Environment(autoescape=True).from_string(_HTML)
_text = jinja2.Environment(autoescape=False).from_string(_TEXT)  # noqa: S701 - plain text


def readers(count: int) -> list[ClaimedDelivery]:
    """So many readers, of whom no two are alike."""
    return [
        ClaimedDelivery(
            subscriber_id=number,
            variant="fr",
            address=f"reader{number}@dest{number % 37}.example",
            name=f"{_NAMES[number % len(_NAMES)]} {number}",
            first_name=_NAMES[number % len(_NAMES)],
            subscription_name=secrets.token_bytes(12),
            attempt_count=1,
        )
        for number in range(count)
    ]


def composer(sign: Callable[[Message], Message] | None = None) -> Composer:
    """The product's own composer of this edition."""
    sender = Sender(
        list_name={"fr": "Les Amis de l’Été"},
        name="",
        address=SENDER,
        reply_to="",
        list_id="letter.example.org",
        base_url=_BASE_URL,
        keyring=Keyring(secrets.token_hex(16)),
        slug="letter",
        has_archive=True,
        sign=sign,
    )
    # As the compiler of MJML leaves it: the markup of the template, with merge fields.
    html = jinja2.Environment(autoescape=False).from_string(_HTML).render(_FIELDS)  # noqa: S701
    rendered = RenderedEdition(variant="fr", subject=_SUBJECT, html=html, text=_text.render(_FIELDS))
    return Composer(sender, {"fr": rendered}, "m1")


def personal_jobs(
    count: int, sign: Callable[[Message], Message] | None = None
) -> Callable[[], Iterator[list[Job]]]:
    """What makes the jobs of so many readers in batches, each with a message of its own."""
    composing, people = composer(sign), readers(count)

    def make() -> Iterator[list[Job]]:
        for batch in _batches(people):
            makers = composing.makers(batch, datetime.now(UTC))
            yield [
                Job(person.subscriber_id, SENDER, person.address, maker)
                for person, maker in zip(batch, makers, strict=True)
            ]

    return make


def constant_jobs(count: int) -> Callable[[], Iterator[list[Job]]]:
    """The same with one message, ready made, for all."""
    ready = WireOctets(one_message())
    people = readers(count)

    def make() -> Iterator[list[Job]]:
        for batch in _batches(people):
            yield [Job(person.subscriber_id, SENDER, person.address, lambda: ready) for person in batch]

    return make


def one_message() -> bytes:
    """The message of one reader."""
    [maker] = composer().makers(readers(1), datetime.now(UTC))
    return whole(maker())


def _batches(people: list[ClaimedDelivery]) -> Iterator[list[ClaimedDelivery]]:
    for start in range(0, len(people), BATCH):
        yield people[start : start + BATCH]


def as_most_write_it(person: ClaimedDelivery) -> EmailMessage:
    """The same mail by Jinja and Python's own package."""
    link = f"{_BASE_URL}/u/{person.subscription_name.hex()}"
    values = {"greeting": f"Bonjour {person.first_name},", "link": link, "email": person.address}
    message = EmailMessage()
    message["From"] = Address("Les Amis de l’Été", addr_spec=SENDER)
    message["To"] = Address(person.name, addr_spec=person.address)
    message["Subject"] = _SUBJECT
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<m1.{person.subscriber_id}@example.org>"
    message["List-Unsubscribe"] = f"<{link}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_text.render(values))
    message.add_alternative(_html.render(values), subtype="html")
    return message
