"""Makes what the tests of the pages look at: readers on a list, frozen editions, caught mails."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import sqlalchemy as sa

from newsletter.audience.models import (
    LanguageOrigin,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from newsletter.editions.models import Edition, EditionMode, EditionState, Fallback, RenderedEdition
from newsletter.foundation.database import Database, WriteSession
from newsletter.foundation.settings import Settings
from newsletter.foundation.signing import Keyring, random_name
from newsletter.transport.catcher import CaughtMail
from newsletter.wiring import Installation

ADDRESS = "zoe.leclercq@example.org"
SECRET = "a secret of the tests without a comma"
BASE_URL = "https://news.example.org"


def an_installation(database: Database, **settings: Any) -> Installation:
    values = {
        "secret": SECRET,
        "base_url": BASE_URL,
        "organisation": "Les Jardins du Canal",
        "languages": ("fr", "en"),
    }
    return Installation(Settings(**{**values, **settings}), database)


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscription by its public name, and the link that leads to it."""

    subscription_id: int
    public_name: bytes
    token: str

    @property
    def path(self) -> str:
        return f"/u/{self.token}"


def a_list(session: WriteSession, now: datetime, **values: Any) -> MailingList:
    names = {"fr": "La lettre du canal", "en": "The Canal Letter"}
    found = MailingList(
        **{"slug": "canal", "names": names, "sender_address": "a@example.org", "list_id": "canal.example.org"}
        | values,
        created_at=now,
    )
    session.add(found)
    session.flush()
    return found


def a_reader(
    database: Database,
    now: datetime,
    *,
    languages: tuple[str, ...] = ("fr",),
    address: str = ADDRESS,
    **values: Any,
) -> Reader:
    """A reader with an active subscription to a list of her own."""
    name = random_name()
    with database.transaction() as session:
        slug = name.hex()
        mailing_list = a_list(session, now, slug=slug, list_id=f"{slug}.example.org", **values)
        subscriber = Subscriber(
            address=address,
            address_lower=address.lower(),
            address_key=name[:12] + b"1234",
            first_name="Zoé",
            languages=languages,
            language_origin=LanguageOrigin.EXPLICIT,
            created_at=now,
            updated_at=now,
        )
        session.add(subscriber)
        session.flush()
        subscription = Subscription(
            list_id=mailing_list.id,
            subscriber_id=subscriber.id,
            state=SubscriptionState.ACTIVE,
            public_name=name,
            since=now,
        )
        session.add(subscription)
        session.flush()
        return Reader(subscription.id, name, Keyring(SECRET).sign("unsubscribe", name))


def state_of(database: Database, reader: Reader) -> SubscriptionState:
    with database.read() as session:
        subscription = session.get(Subscription, reader.subscription_id)
        assert subscription is not None
        return subscription.state


def every_row(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the database, for "nothing was changed"."""
    from newsletter.wiring import METADATA

    with database.read() as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(table.select())), key=repr)
            for table in METADATA.sorted_tables
        }


def a_frozen_edition(database: Database, now: datetime, variants: dict[str, str]) -> bytes:
    """A frozen edition with this HTML per variant; its public name."""
    name = random_name()
    with database.transaction() as session:
        edition = Edition(
            list_id=a_list(session, now).id,
            issue_number=1,
            public_name=name,
            languages=tuple(variants),
            mode=EditionMode.SEPARATE,
            fallback=Fallback.LABEL,
            state=EditionState.FROZEN,
            created_at=now,
            frozen_at=now,
        )
        session.add(edition)
        session.flush()
        for variant, html in variants.items():
            session.add(
                RenderedEdition(
                    edition_id=edition.id,
                    variant=variant,
                    subject=f"Subject {variant}",
                    html=html,
                    text="",
                    mjml="",
                    size_bytes=len(html.encode()),
                    content_hash="0" * 64,
                )
            )
    return name


def a_caught_mail(now: datetime, number: int = 1, **values: Any) -> CaughtMail:
    """A mail as the catcher keeps it; `languages`, `subject`, `recipient`, `html`, `text`, `base_url`, `token` as wanted."""
    message = EmailMessage(policy=SMTP.clone(max_line_length=998))
    message["From"] = values.get("sender", "La lettre du canal <lettre@example.org>")
    message["To"] = recipient = values.get("recipient", ADDRESS)
    message["Subject"] = values.get("subject", "Un été au bord de l’eau")
    message["List-Unsubscribe"] = (
        f"<{values.get('base_url', BASE_URL)}/u/{values.get('token', 'x' * 40)}>, <mailto:u@example.org>"
    )
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(values.get("text", "Bonjour,\n\nvoici l’été : https://example.org/ete\n"))
    message.add_alternative(
        values.get("html", "<html><head><title>x</title></head><body><p>Bonjour</p></body></html>"), "html"
    )
    message["Content-Language"] = values.get("languages", "fr")  # after the content: setting that clears it
    return CaughtMail(number, "bounce@example.org", recipient, message.as_bytes(), now)


def many_readers(database: Database, now: datetime, count: int) -> list[str]:
    """So many readers of one list, half of them French; the path at which each leaves."""
    names = [random_name() for _ in range(count)]
    with database.transaction() as session:
        mailing_list = a_list(session, now)
        people = [
            {
                "id": number,
                "address": f"reader{number}@example.org",
                "address_lower": f"reader{number}@example.org",
                "address_key": number.to_bytes(16, "big"),
                "languages": ("fr", "en")[number % 2 :],
                "language_origin": LanguageOrigin.IMPORT,
                "created_at": now,
                "updated_at": now,
            }
            for number in range(1, count + 1)
        ]
        session.execute(sa.insert(Subscriber), people)
        subscriptions = [
            {
                "list_id": mailing_list.id,
                "subscriber_id": number,
                "state": SubscriptionState.ACTIVE,
                "public_name": name,
                "since": now,
            }
            for number, name in enumerate(names, 1)
        ]
        session.execute(sa.insert(Subscription), subscriptions)
    return [f"/u/{Keyring(SECRET).sign('unsubscribe', name)}" for name in names]
