"""The mails that answer a sign-up, on their octets, and how few of them there are."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from builders_jobs import waiting_work
from builders_sign_up import BASE_URL, Office, an_office, message_of, text_of
from builders_web import every_row
from newsletter.audience.abuse.budgets import Budgets
from newsletter.audience.actions import suppress
from newsletter.audience.models import MailingList, OptIn, Subscription, SuppressionReason
from newsletter.audience.sign_up.considering import consider
from newsletter.foundation.database import Database
from newsletter.transport.catcher import Catcher

ZOE = "zoe@example.org"
DAY = timedelta(days=1)


@pytest.fixture
def office(db: Database, now: datetime) -> Iterator[Office]:
    with an_office(db, now) as opened:
        yield opened


@pytest.fixture
def small(sqlite_db: Database, now: datetime) -> Iterator[Office]:
    with an_office(sqlite_db, now) as opened:
        yield opened


def headers_of(raw: bytes) -> list[bytes]:
    return raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n")


def attempts_of(office: Office, kind: str) -> list[int]:
    """Of each job of that kind that waits, how often it was tried."""
    return [attempts for found, _, attempts in waiting_work(office.db) if found == kind]


def change_lists(office: Office, **values: object) -> None:
    with office.db.transaction() as session:
        session.execute(sa.update(MailingList).values(**values))


def test_m8_m9_confirmation_is_a_machines_mail_with_nothing_to_leave(small: Office) -> None:
    small.sign_up(lists=["letter", "agenda"])
    small.work()
    [mail] = small.mails()
    head = headers_of(mail.raw)
    assert b"Auto-Submitted: auto-generated" in head
    assert b"Content-Language: fr" in head
    assert b"Subject: Veuillez confirmer votre inscription" in head
    assert b"From: Les Jardins du Canal <newsletter@news.example.org>" in head
    assert [line for line in head if line.lower().startswith((b"list-", b"precedence", b"feedback-id"))] == []
    assert max(map(len, mail.raw.split(b"\r\n"))) <= 998


def test_confirmation_about_one_list_comes_from_the_list(small: Office) -> None:
    change_lists(small, sender_name="L’équipe de la lettre", sender_address="lettre@canal.example")
    small.sign_up()
    small.work()
    sender = message_of(small.mails()[0])["From"]
    assert sender == "L’équipe de la lettre <lettre@canal.example>"


def test_confirmation_states_lists_and_time_and_both_ways_to_answer(small: Office) -> None:
    small.sign_up(lists=["letter", "agenda"])
    small.work()
    text = text_of(small.mails()[0])
    token = small.token()
    assert "Le lundi 23\u00a0novembre 2026 à 10\u00a0h\u00a000 (fuseau horaire\u00a0: Bruxelles)" in text
    assert "«\u00a0La lettre\u00a0» et «\u00a0L’agenda\u00a0»" in text
    assert re.findall(r"https?://\S+", text) == [
        f"{BASE_URL}/fr/confirm/{token}",
        f"{BASE_URL}/fr/not-me/{token}",
    ]


def test_t4_confirmation_quotes_nothing_that_was_typed(small: Office) -> None:
    small.sign_up(
        name="Cheap Pills", headers={"User-Agent": "Cheap Pills/1", "Referer": "https://pills.example/"}
    )
    small.work()
    [mail] = small.mails()
    assert b"ills" not in mail.raw
    assert ZOE.encode() not in mail.raw.split(b"\r\n\r\n", 1)[1]


@pytest.mark.parametrize(
    ("path", "language", "tags", "subject"),
    [
        ("/en/subscribe", "en", "en", "Please confirm your subscription"),
        ("/fr/subscribe", "en", "en", "Please confirm your subscription"),
        ("/en/subscribe", "both", "en", "Please confirm your subscription"),
    ],
)
def test_confirmation_speaks_the_readers_language(
    small: Office, path: str, language: str, tags: str, subject: str
) -> None:
    small.sign_up(path=path, language=language)
    small.work()
    message = message_of(small.mails()[0])
    assert (message["Content-Language"], message["Subject"]) == (tags, subject)


def test_confirmation_to_a_reader_of_a_language_that_the_system_lacks_is_in_all_of_its_own(
    sqlite_db: Database, now: datetime
) -> None:
    with an_office(sqlite_db, now, languages=("fr", "en", "ar")) as office:
        office.sign_up(language="ar")
        office.work()
        message = message_of(office.mails()[0])
        assert message["Content-Language"] == "fr, en"
        assert message["Subject"] == "Veuillez confirmer votre inscription | Please confirm your subscription"
        text = text_of(office.mails()[0])
        assert [tag in text for tag in ("/fr/confirm/", "/en/confirm/", "/fr/not-me/", "/en/not-me/")] == [
            True
        ] * 4


# T16: one victim


def test_t16_one_victim_gets_one_mail_a_day_and_three_in_all(office: Office) -> None:
    spellings = [
        "v.i.c.tim@gmail.com",
        "Victim+news@gmail.com",
        "victim+2@googlemail.com",
        "VICTIM@gmail.com",
    ]
    mailed_on = []
    for _ in range(6):
        for number, address in enumerate(spellings):
            language = ("fr", "en")[number % 2]
            office.sign_up(
                address, path=f"/{language}/subscribe", lists=["letter", "agenda"][: number % 2 + 1]
            )
        before = len(office.mails())
        office.work()
        mailed_on.append(len(office.mails()) - before)
        office.now += DAY
    assert mailed_on == [1, 1, 1, 0, 0, 0]


def test_t16_a_reader_who_is_subscribed_already_is_told_so_once_a_day(office: Office) -> None:
    office.confirmed(language="en", path="/en/subscribe")
    before = len(office.mails())
    for _ in range(3):
        office.sign_up()
    office.work()
    [mail] = office.mails()[before:]
    text = text_of(mail)
    assert message_of(mail)["Subject"] == "You are subscribed already"
    assert re.findall(r"https?://\S+", text) == [f"{BASE_URL}/en/preferences"]
    assert office.subscriptions() == {"letter": ("active", None)}


@pytest.mark.parametrize("reason", [SuppressionReason.REQUESTED, SuppressionReason.COMPLAINED])
def test_who_asked_never_to_be_mailed_gets_nothing(office: Office, reason: SuppressionReason) -> None:
    with office.db.transaction() as session:
        suppress(session, office.installation.keyring, "zoe+x@gmail.com", reason, office.now)
    office.sign_up("Z.O.E@gmail.com")
    office.work()
    assert (office.mails(), office.subscriptions("Z.O.E@gmail.com")) == ([], {})


def test_two_workers_considering_two_forms_for_one_mailbox_send_one_mail(office: Office) -> None:
    office.sign_up("zoe+a@example.org")
    office.sign_up("zoe+b@example.org")
    keyring, first, second = office.installation.keyring, *office.sign_ups()
    with office.db.transaction() as session:
        one = consider(session, keyring, Budgets(), first.id, office.now)
    with office.db.transaction() as session:
        other = consider(session, keyring, Budgets(), second.id, office.now)
    assert one is not None
    assert other is None


def test_mail_that_the_relay_could_not_take_goes_out_later_with_the_same_identity(
    sqlite_db: Database, now: datetime
) -> None:
    with an_office(sqlite_db, now) as office:
        office.sign_up()
        port = office.catcher.port
        office.catcher.stop()
        office.work()
        assert (attempts_of(office, "consider_sign_up"), office.sign_ups()[0].message_id) == ([1], "")
        with Catcher(port) as back:
            office.now += timedelta(minutes=1)
            office.work()
            [mail] = back.mails()
        assert attempts_of(office, "consider_sign_up") == []
        assert f"Message-ID: {office.sign_ups()[0].message_id}".encode() in mail.raw


def test_job_that_is_done_twice_sends_one_mail(office: Office) -> None:
    office.sign_up()
    office.work()
    with office.db.transaction() as session:
        again = consider(session, office.installation.keyring, Budgets(), office.sign_ups()[0].id, office.now)
    assert again is None


def test_refused_mailbox_ends_the_matter(small: Office) -> None:
    small.sign_up("refused@example.org")
    small.work()
    assert attempts_of(small, "consider_sign_up") == []
    assert small.sign_ups()[0].message_id == ""


def test_t28_log_names_nobody(small: Office) -> None:
    with capture_logs() as events:
        small.sign_up("refused@example.org")
        small.work()
    assert [event["event"] for event in events] == ["sign_up_answer_refused"]
    assert "refused@example.org" not in repr(events)


# Budgets of mails


def test_mails_over_the_budget_of_a_domain_wait_for_the_next_hour(db: Database, now: datetime) -> None:
    with an_office(db, now, confirmations_per_domain_per_hour=2) as office:
        for number in range(5):
            office.sign_up(f"r{number}@example.org")
        office.sign_up("r@other.example")
        sent = []
        for _ in range(4):
            office.work()
            sent.append(len(office.mails()))
            office.now += timedelta(hours=1)
        assert sent == [3, 5, 6, 6]


def test_mails_over_the_budget_of_all_wait_a_day_at_most(sqlite_db: Database, now: datetime) -> None:
    with an_office(sqlite_db, now, confirmations_per_hour=1, forms_per_network_per_hour=100) as office:
        for number in range(30):
            office.sign_up(f"r{number}@d{number}.example", seconds=3)
        for _ in range(40):
            office.work()
            office.now += timedelta(hours=1)
        asked = [mail for mail in office.mails() if mail.recipient != "newsletter@news.example.org"]
        assert len(asked) == 25  # now, and in each hour of the day that follows
        assert attempts_of(office, "consider_sign_up") == []


# T17: many victims, slowly


@pytest.mark.slow
def test_t17_slow_bombing_of_ever_new_victims_raises_the_alarm_once(office: Office, now: datetime) -> None:
    with capture_logs() as events:
        for hour in range(72):
            office.sign_up(f"victim{hour}@d{hour}.example")
            office.work()
            office.now = now + timedelta(hours=hour + 1)
    alarms = office.mails("newsletter@news.example.org")
    assert [message_of(mail)["Subject"] for mail in alarms] == [
        "Peu d’inscriptions sont confirmées\u202f: abuse-t-on du formulaire\u202f?".replace(
            "\u202f:", "\u00a0:"
        )
    ]
    assert b"victim" not in alarms[0].raw
    told = [event for event in events if event["event"] == "sign_ups_unconfirmed"]
    assert [event["log_level"] for event in told] == ["error", "error"]  # daily, once there are twenty
    assert told[0]["confirmed"] == 0


@pytest.mark.slow
def test_alarm_stays_silent_where_one_in_four_confirms(office: Office, now: datetime) -> None:
    for number in range(60):
        address = f"r{number}@d{number}.example"
        office.sign_up(address) if number % 4 else office.confirmed(address)
        office.work()
        office.now = now + timedelta(hours=number + 1)
    assert office.mails("newsletter@news.example.org") == []


# Welcome


def test_welcome_is_off_by_default(small: Office) -> None:
    small.confirmed()
    assert len(small.mails()) == 1


def test_welcome_tells_what_comes_and_how_to_leave(office: Office) -> None:
    change_lists(office, sends_welcome=True, cadences={"fr": "Chaque mois", "en": "Every month"})
    office.confirmed(path="/en/subscribe", language="en", name="Zoé")
    mail = office.mails()[-1]
    head = headers_of(mail.raw)
    assert b"Auto-Submitted: auto-generated" in head
    assert [line for line in head if line.lower().startswith(b"list-")] == []
    text = text_of(mail)
    assert message_of(mail)["Subject"] == "Welcome to “The letter”"
    assert "Every month" in text
    [leave] = re.findall(r"/u/[\w-]{40}", text)
    assert office.client.post(leave).status_code == 200
    assert office.subscriptions() == {"letter": ("ended", "unsubscribed")}


def test_welcome_of_a_single_opt_in_list_comes_by_the_form_alone(office: Office) -> None:
    change_lists(office, sends_welcome=True, opt_in=OptIn.SINGLE)
    office.sign_up(name="Cheap Pills")
    office.work()
    [mail] = office.mails()
    assert message_of(mail)["Subject"] == "Bienvenue dans «\u00a0La lettre\u00a0»"
    assert b"ills" not in mail.raw


def test_welcome_is_not_sent_to_who_left_meanwhile(office: Office) -> None:
    change_lists(office, sends_welcome=True)
    office.sign_up()
    office.work()
    office.client.post(f"/fr/confirm/{office.token()}")
    with office.db.transaction() as session:
        session.execute(sa.update(Subscription).values(state="ended", end_reason="unsubscribed"))
    office.work()
    assert len(office.mails()) == 1


# Addresses of the whole world


def test_m14_domain_of_another_script_is_written_in_plain_letters(office: Office) -> None:
    office.sign_up("zoe@bücher.example")
    office.work()
    [mail] = office.mails()
    assert mail.recipient == "zoe@xn--bcher-kva.example"
    assert b"To: zoe@xn--bcher-kva.example" in headers_of(mail.raw)


def test_m14_name_of_another_script_goes_to_a_relay_that_takes_it(small: Office) -> None:
    small.sign_up("zoé@example.org")
    small.work()
    [mail] = small.mails()
    assert mail.recipient == "zoé@example.org"
    assert small.sign_ups()[0].message_id != ""


def test_m15_longest_address_that_mail_allows_is_mailed(small: Office) -> None:
    address = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"  # 64 + 1 + 190: 254 at most
    address = address.replace("b", "", 1)
    assert len(address) == 254
    assert small.sign_up(address).status_code == 200
    small.work()
    assert [mail.recipient for mail in small.mails()] == [address]


def test_expired_request_is_not_mailed(office: Office) -> None:
    office.sign_up()
    office.now += timedelta(days=7)
    before = every_row(office.db)["sign_up"]
    office.work()
    assert office.mails() == []
    assert every_row(office.db)["sign_up"] == before
