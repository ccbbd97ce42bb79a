"""The mail that acknowledges an opt-out: exactly one, in the reader's language, and only where she herself left."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa

from builders_jobs import waiting_work
from builders_sign_up import Office, an_office, message_of, text_of
from newsletter.audience.actions import end_subscription, suppress
from newsletter.audience.leaving.actions import LeaveWish, leave
from newsletter.audience.models import (
    EndReason,
    LeaveWay,
    MailingList,
    Subscriber,
    Subscription,
    SuppressionReason,
)
from newsletter.foundation.database import Database
from newsletter.jobs.actions import enqueue

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def office(db: Database, now: datetime) -> Iterator[Office]:
    with an_office(db, now, languages=("fr", "en", "nl", "de")) as opened:
        yield opened


def a_reader_of(office: Office, *lists: str, languages: tuple[str, ...] = ("fr",)) -> list[str]:
    """Zoe is on these lists; the paths at which she leaves each."""
    with office.db.transaction() as session:
        zoe = Subscriber(
            address="zoe@example.org",
            address_lower="zoe@example.org",
            address_key=b"k" * 16,
            languages=languages,
            language_origin="explicit",
            created_at=office.now,
            updated_at=office.now,
        )
        by_slug = {item.slug: item for item in session.scalars(sa.select(MailingList))}
        zoe.subscriptions = [
            Subscription(mailing_list=by_slug[slug], state="active", since=office.now) for slug in lists
        ]
        session.add(zoe)
        session.flush()
        keyring = office.installation.keyring
        return [f"/u/{keyring.sign('unsubscribe', item.public_name)}" for item in zoe.subscriptions]


@pytest.mark.parametrize(
    ("language", "subject", "again"),
    [
        ("fr", "Vous avez quitté «\u00a0La lettre\u00a0»", "Me réabonner"),
        ("en", "You have left “The letter”", "Subscribe again"),
        ("nl", "U bent uitgeschreven voor", "Me opnieuw inschrijven"),
        ("de", "Sie haben", "Wieder anmelden"),
    ],
)
def test_one_mail_in_her_language_with_the_way_back(
    office: Office, language: str, subject: str, again: str
) -> None:
    [path] = a_reader_of(office, "letter", languages=(language,))
    office.client.post(path, data=ONE_CLICK)
    office.work()
    [mail] = office.mails()
    message = message_of(mail)
    assert message["To"] == "zoe@example.org"
    assert message["Subject"].startswith(subject)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == language
    assert {name.lower() for name in message} & {
        "list-unsubscribe",
        "list-unsubscribe-post",
        "list-id",
    } == set()
    text = text_of(mail)
    assert f"{again}\nhttps://news.example.org/{language}/subscribe/letter\n" in text
    way_back = office.client.get(f"/{language}/subscribe/letter")
    assert way_back.status_code == 200
    assert "<form" in way_back.text


def test_reader_without_a_known_language_gets_one_mail_in_all(office: Office) -> None:
    [path] = a_reader_of(office, "letter", languages=())
    office.client.post(path, data=ONE_CLICK)
    office.work()
    [mail] = office.mails()
    assert message_of(mail)["Content-Language"] == "fr, en, nl, de"


def test_each_opt_out_is_acknowledged_once_however_often_it_is_said(office: Office) -> None:
    letter, agenda = a_reader_of(office, "letter", "agenda")
    for _ in range(3):
        office.client.post(letter, data=ONE_CLICK)
        office.client.post(letter, data={"from": "page"})
    office.client.get(agenda)
    office.work()
    assert len(office.mails()) == 1
    office.client.post(agenda, data={"from": "page"})
    office.work()
    office.work()
    first, second = (text_of(mail) for mail in office.mails())
    assert "La lettre" in first
    assert "L’agenda" not in first
    assert "L’agenda" in second


def test_leaving_everything_is_acknowledged_by_one_mail_that_names_the_lists(office: Office) -> None:
    letter, _, _ = a_reader_of(office, "letter", "agenda", "board")
    office.client.post(letter, data={"from": "page", "all": "yes"})
    office.work()
    [mail] = office.mails()
    assert message_of(mail)["Subject"] == "Vous avez quitté nos lettres d’information"
    text = text_of(mail)
    assert "«\u00a0La lettre\u00a0», «\u00a0L’agenda\u00a0» et «\u00a0La lettre du canal\u00a0»" in text
    assert "https://news.example.org/fr/subscribe?lists=letter%2Cagenda\n" in text
    ticked = office.client.get("/fr/subscribe?lists=letter%2Cagenda").text
    assert re.findall(r'value="(\w+)" id="list-\d"[^>]* checked', ticked) == ["letter", "agenda"]


def test_private_list_has_no_way_back_by_a_form(office: Office) -> None:
    [path] = a_reader_of(office, "board")
    office.client.post(path, data=ONE_CLICK)
    office.work()
    assert "/subscribe" not in text_of(office.mails()[0])


@pytest.mark.parametrize("reason", [EndReason.BOUNCED, EndReason.COMPLAINED, EndReason.ERASED])
def test_no_mail_after_a_bounce_a_complaint_or_an_erasure(office: Office, reason: EndReason) -> None:
    [path] = a_reader_of(office, "letter")
    name = office.installation.keyring.verify("unsubscribe", path.removeprefix("/u/"))
    assert name is not None
    with office.db.transaction() as session:
        end_subscription(session, name, reason, office.now)
    office.client.post(path, data=ONE_CLICK)
    office.work()
    assert office.mails() == []


@pytest.mark.parametrize("what", ["erased", "suppressed", "back again"])
def test_no_mail_where_it_would_be_wrong_by_the_time_it_is_written(office: Office, what: str) -> None:
    [path] = a_reader_of(office, "letter")
    office.client.post(path, data=ONE_CLICK)
    with office.db.transaction() as session:
        zoe = session.scalars(sa.select(Subscriber)).one()
        if what == "erased":
            zoe.erased_at, zoe.address, zoe.address_lower = office.now, "", "erased-1"
        elif what == "suppressed":
            keyring = office.installation.keyring
            suppress(session, keyring, "zoe@example.org", SuppressionReason.COMPLAINED, office.now)
            zoe.address_key = session.execute(sa.text("SELECT address_key FROM suppression")).scalar_one()
        else:
            session.execute(sa.update(Subscription).values(state="active", end_reason=None))
    assert office.work() == 1
    assert office.mails() == []
    assert waiting_work(office.db) == []


def test_same_opt_out_told_twice_has_the_same_message_id(office: Office) -> None:
    """A worker that dies after the relay took the mail writes it once more; receivers drop the second."""
    [path] = a_reader_of(office, "letter")
    office.client.post(path, data=ONE_CLICK)
    [(kind, payload, _)] = waiting_work(office.db)
    office.work()
    with office.db.transaction() as session:
        enqueue(session, kind, payload, office.now)
    office.work()
    first, second = (message_of(mail)["Message-ID"] for mail in office.mails())
    assert first == second


def test_opt_outs_at_different_moments_have_different_message_ids(office: Office) -> None:
    [path] = a_reader_of(office, "letter")
    name = office.installation.keyring.verify("unsubscribe", path.removeprefix("/u/"))
    assert name is not None
    for day in (1, 2):
        with office.db.transaction() as session:
            session.execute(sa.update(Subscription).values(state="active"))
            leave(session, LeaveWish(name, LeaveWay.MAIL), office.now.replace(day=day))
        office.work()
    first, second = (message_of(mail)["Message-ID"] for mail in office.mails())
    assert first != second


def test_nothing_but_the_list_and_the_moment_is_told(office: Office) -> None:
    [path] = a_reader_of(office, "letter")
    with office.db.transaction() as session:
        session.scalars(sa.select(Subscriber)).one().first_name = "Zoé Secrète"
    office.client.post(path, data=ONE_CLICK)
    [work] = waiting_work(office.db)
    assert "zoe" not in repr(work).lower()
    office.work()
    assert "Secrète" not in text_of(office.mails()[0])
