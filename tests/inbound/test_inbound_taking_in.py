"""What a mail that came in brings about, and what it must not."""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import make_msgid

import pytest
import sqlalchemy as sa

from builders_audience import a_list, a_subscriber
from builders_inbound import BASE_URL, LIST_ADDRESS, a_mail, messages, take, vouched
from builders_jobs import waiting_work
from builders_preferences import a_reader_of
from builders_sign_up import Office as SignUpOffice
from builders_sign_up import an_office, message_of, text_of
from builders_web import every_row
from newsletter.audience.consent.models import Consent, ConsentEvent
from newsletter.audience.models import LeaveWay, MailingList, Subscription, SubscriptionState
from newsletter.foundation.addresses import AddressRefused
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.inbound.models import InboundKind, InboundResult, InboundState
from newsletter.privacy.erasing import erase_address
from shared_data import SHARED_DATA, needs_shared_data, shared

ANNA = "anna@example.org"


def reader(db: Database, keyring: Keyring, *slugs: str, address: str = ANNA) -> str:
    """A reader of these lists; the token of her first subscription."""
    with db.transaction() as session:
        lists = [
            session.query(MailingList).filter_by(slug=slug).one_or_none() or a_list(session, slug)
            for slug in slugs
        ]
        found = a_subscriber(session, keyring, address, lists=lists)
        return keyring.sign("unsubscribe", found.subscriptions[0].public_name)


def states(db: Database, address: str = ANNA) -> list[str]:
    from newsletter.audience.models import Subscriber

    statement = (
        sa.select(Subscription.state)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(Subscriber.address == address)
        .order_by(Subscription.id)
    )
    with db.read() as session:
        return [state.value for state in session.scalars(statement)]


def jobs(db: Database) -> list[str]:
    return sorted(kind for kind, _payload, _attempts in waiting_work(db))


# (1) With a token


def test_token_decides_and_not_from(db: Database, keyring: Keyring, now: datetime) -> None:
    token = reader(db, keyring, "letter", "agenda")
    mail = a_mail("Sent by my mail program", sender="bob@elsewhere.example", subject=f"unsubscribe {token}")
    report = take(db, keyring, now, mail)
    assert report.new == {InboundKind.UNSUBSCRIBE: 1}
    assert states(db) == ["ended", "active"]
    [message] = messages(db)
    assert (message.state, message.result) == (InboundState.DONE, InboundResult.LEFT)
    with db.read() as session:
        assert session.scalars(sa.select(Consent.event)).all() == [ConsentEvent.WITHDRAWN]
        ended = sa.select(Subscription.leave_way).where(Subscription.state == SubscriptionState.ENDED)
        assert session.scalars(ended).one() is LeaveWay.MAIL
    assert jobs(db) == ["acknowledge_leaving"]


def test_same_mailbox_again_changes_nothing(db: Database, keyring: Keyring, now: datetime) -> None:
    token = reader(db, keyring, "letter")
    mails = [
        a_mail(subject=f"unsubscribe {token}"),
        a_mail("Merci !"),
        a_mail("stop", sender="x@example.org"),
    ]
    take(db, keyring, now, *mails)
    before = every_row(db)
    report = take(db, keyring, now + timedelta(days=3), *mails)
    assert (report.new, report.known) == ({}, 3)
    assert every_row(db) == before


@pytest.mark.parametrize("flipped", [0, 13, 39])
def test_t20_forged_token_changes_nothing(
    sqlite_db: Database, keyring: Keyring, now: datetime, flipped: int
) -> None:
    token = reader(sqlite_db, keyring, "letter")
    forged = token[:flipped] + ("A" if token[flipped] != "A" else "B") + token[flipped + 1 :]
    take(sqlite_db, keyring, now, a_mail(subject=f"unsubscribe {forged}", headers=[vouched()]))
    assert states(sqlite_db) == ["active"]
    assert messages(sqlite_db)[0].result is InboundResult.NOTHING_TO_LEAVE


def test_token_of_an_erased_person_changes_nothing_and_names_nobody(
    sqlite_db: Database, keyring: Keyring, now: datetime
) -> None:
    token = reader(sqlite_db, keyring, "letter")
    with sqlite_db.transaction() as session:
        erase_address(session, keyring, ANNA, now)
    take(sqlite_db, keyring, now, a_mail(subject=f"unsubscribe {token}", sender="x@example.net"))
    [message] = messages(sqlite_db)
    assert (message.result, message.subscriber_id) == (InboundResult.NOTHING_TO_LEAVE, None)


@pytest.mark.parametrize(
    "headers",
    [
        ["Return-Path: <>"],
        ["Auto-Submitted: auto-replied"],
        ["Precedence: bulk"],
        ["Precedence: junk"],
        ["List-Id: <a.example>"],
    ],
)
def test_machines_unsubscribe_nobody_even_with_a_token(
    sqlite_db: Database, keyring: Keyring, now: datetime, headers: list[str]
) -> None:
    token = reader(sqlite_db, keyring, "letter")
    take(sqlite_db, keyring, now, a_mail(subject=f"unsubscribe {token}", headers=[vouched(), *headers]))
    assert (states(sqlite_db), jobs(sqlite_db)) == (["active"], [])


# (2) In plain words


def test_plain_words_of_a_proven_sender_leave_the_list_that_was_written_to(
    db: Database, keyring: Keyring, now: datetime
) -> None:
    reader(db, keyring, "letter", "agenda")
    with db.transaction() as session:
        session.execute(
            sa.update(MailingList)
            .where(MailingList.slug == "agenda")
            .values(sender_address="agenda@example.org")
        )
    mail = a_mail(
        "Désinscrire svp\n\n> Bonjour", to=f"La lettre <{LIST_ADDRESS.upper()}>", headers=[vouched()]
    )
    take(db, keyring, now, mail)
    assert states(db) == ["ended", "active"]
    take(db, keyring, now, a_mail("uitschrijven", to="info@example.org", headers=[vouched()]))
    assert states(db) == ["ended", "ended"]


def test_plain_words_of_anybody_ask_the_reader_once_a_day(
    db: Database, keyring: Keyring, now: datetime
) -> None:
    reader(db, keyring, "letter")
    for number in range(4):
        take(db, keyring, now + timedelta(minutes=number), a_mail(subject=f"Re: {number}"))
    assert states(db) == ["active"]
    assert jobs(db) == ["ask_whether_to_leave"]
    assert [item.result for item in messages(db)] == [InboundResult.ASKED, *[InboundResult.ASKED_LATELY] * 3]


def test_stranger_gets_no_answer(sqlite_db: Database, keyring: Keyring, now: datetime) -> None:
    reader(sqlite_db, keyring, "letter")
    take(sqlite_db, keyring, now, a_mail(sender="stranger@example.net"))
    assert (states(sqlite_db), jobs(sqlite_db)) == (["active"], [])


def test_quoted_link_counts_only_for_its_own_reader(
    sqlite_db: Database, keyring: Keyring, now: datetime
) -> None:
    token = reader(sqlite_db, keyring, "letter")
    quoted = f"unsubscribe\n\n> leave: {BASE_URL}/u/{token}\n"
    take(sqlite_db, keyring, now, a_mail(quoted, sender="bob@example.net"))
    assert states(sqlite_db) == ["active"]
    take(sqlite_db, keyring, now, a_mail(quoted))
    assert states(sqlite_db) == ["ended"]


def test_everything_else_is_kept_for_people(sqlite_db: Database, keyring: Keyring, now: datetime) -> None:
    reader(sqlite_db, keyring, "letter")
    text = "Merci, la lettre était belle.\n\n> Bonjour"
    take(sqlite_db, keyring, now, a_mail(text, headers=[vouched()]))
    [message] = messages(sqlite_db)
    assert (message.kind, message.state) == (InboundKind.REPLY, InboundState.FOR_PEOPLE)
    assert (message.sender, message.text) == (ANNA, "Merci, la lettre était belle.")
    assert message.raw is not None
    assert (states(sqlite_db), jobs(sqlite_db)) == (["active"], [])


# The question that is mailed


@pytest.fixture
def office(sqlite_db: Database, now: datetime) -> Iterator[SignUpOffice]:
    with an_office(sqlite_db, now) as opened:
        yield opened


def test_m9_m21_question_has_the_null_sender_and_the_link_that_leaves(office: SignUpOffice) -> None:
    a_reader_of(office, "letter", "agenda", languages=("en",))
    take(office.db, office.installation.keyring, office.now, a_mail(to="info@example.org"))
    office.work()
    [mail] = office.mails()
    head = mail.raw.split(b"\r\n\r\n", 1)[0]
    assert (mail.sender, mail.recipient) == ("", ANNA)
    assert b"\r\nAuto-Submitted: auto-replied\r\n" in head
    assert b"From: Les Jardins du Canal <newsletter@news.example.org>" in head
    assert not re.search(rb"(?im)^(list-|precedence)", head)
    assert message_of(mail)["Content-Language"] == "en"
    links = re.findall(r"/u/[\w-]{40}", text_of(mail))
    assert len(links) == 2
    for link in links:
        office.client.post(link)
    assert {state for state, _ in office.subscriptions(ANNA).values()} == {"ended"}


def test_t25_two_responders_exchange_one_message_at_most(office: SignUpOffice) -> None:
    """A responder that answers everything, with the text that it got above and without any mark of a machine."""
    a_reader_of(office, "letter")
    keyring = office.installation.keyring
    take(office.db, keyring, office.now, a_mail())
    for day in range(5):
        office.work()
        for mail in office.mails():
            answer = a_mail(
                "unsubscribe",
                subject=f"Re: {message_of(mail)['Subject']}",
                headers=[f"In-Reply-To: {message_of(mail)['Message-ID']}", f"X-Day: {day}{make_msgid()}"],
            )
            take(office.db, keyring, office.now, answer)
        office.now += timedelta(days=1, minutes=1)
    assert len(office.mails()) == 1


# T24: what cannot be read


def test_t24_poison_is_quarantined_and_the_next_mail_is_read(
    db: Database, keyring: Keyring, now: datetime
) -> None:
    token = reader(db, keyring, "letter")
    # A database of any kind refuses this text: a lone surrogate, which no encoding can write.
    poison = a_mail("x", sender="p@example.org").replace(b"charset=utf-8", b"charset=utf-7") + b"+2AA-"
    report = take(db, keyring, now, poison, a_mail(subject=f"unsubscribe {token}"))
    assert report.new == {InboundKind.UNREADABLE: 1, InboundKind.UNSUBSCRIBE: 1}
    assert states(db) == ["ended"]
    quarantined = messages(db)[0]
    assert (quarantined.state, quarantined.raw) == (InboundState.QUARANTINED, poison)
    assert take(db, keyring, now, poison).known == 1


# Bounces and complaints are not read yet, and never taken for anything else


@pytest.mark.slow
@needs_shared_data
def test_t22_no_bounce_of_the_corpus_unsubscribes_anybody_or_is_answered(
    sqlite_db: Database, keyring: Keyring, now: datetime
) -> None:
    assert SHARED_DATA is not None
    files = sorted(shared("bounces").glob("*.eml"))
    assert len(files) > 300
    addresses: set[str] = {ANNA}
    for file in files:
        found = re.findall(rb"[A-Za-z0-9._-]{1,60}@[A-Za-z0-9-]{1,60}\.[A-Za-z.]{2,20}", file.read_bytes())
        addresses |= {address.decode().lower().rstrip(".") for address in found}
    known = 0
    with sqlite_db.transaction() as session:
        mailing_list = a_list(session, "letter")
        for address in sorted(addresses):
            with suppress(AddressRefused):
                a_subscriber(session, keyring, address, lists=[mailing_list])
                known += 1
    assert known > 100
    for file in files:
        start = time.perf_counter()
        report = take(sqlite_db, keyring, now, file.read_bytes())
        assert time.perf_counter() - start < 2, file.name
        assert InboundKind.UNREADABLE not in report.new, file.name
    with sqlite_db.read() as session:
        ended = sa.select(sa.func.count()).where(Subscription.state != SubscriptionState.ACTIVE)
        assert session.scalar(ended) == 0
    assert jobs(sqlite_db) == []
    assert {item.result for item in messages(sqlite_db)} == {None}
    as_reply = [item.subject for item in messages(sqlite_db) if item.kind is InboundKind.REPLY]
    assert len(as_reply) <= 20, as_reply
