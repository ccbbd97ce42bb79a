"""Readers at an office who ask for the way to their preferences, and what came of it."""

import re

import httpx2

from builders_audience import a_subscriber
from builders_sign_up import Office, text_of
from newsletter.audience.models import MailingList, Subscriber
from newsletter.transport.catcher import CaughtMail

ANNA = "anna@example.org"


def a_reader_of(office: Office, *slugs: str, address: str = ANNA, **values: object) -> int:
    """A reader of these lists; her number."""
    with office.db.transaction() as session:
        lists = session.query(MailingList).filter(MailingList.slug.in_(slugs)).all()
        keyring = office.installation.keyring
        return a_subscriber(session, keyring, address, lists=lists, **values).id  # type: ignore[arg-type]


def ask_for_link(
    office: Office, address: str = ANNA, language: str = "fr", seconds: float = 5
) -> httpx2.Response:
    """Fetches the form and sends it, as a person would."""
    from datetime import timedelta

    path = f"/{language}/preferences"
    values = office.form(path) | {"address": address}
    office.now += timedelta(seconds=seconds)
    return office.client.post(path, data=values)


def link_in(mail: CaughtMail) -> str:
    """The path of the link in a preferences mail."""
    found = re.search(r"https://news\.example\.org(/\w\w/preferences/[\w-]{22})\n", text_of(mail))
    assert found is not None
    return found[1]


def her_page(office: Office, address: str = ANNA) -> str:
    """The path of a reader's own page, by a link that was mailed just now."""
    ask_for_link(office, address)
    office.work()
    return link_in(office.mails(address)[-1])


def row_of(office: Office, subscriber_id: int) -> Subscriber:
    with office.db.read() as session:
        return session.get_one(Subscriber, subscriber_id)
