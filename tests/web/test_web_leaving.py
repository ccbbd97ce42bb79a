"""The pages of leaving: one list or all, a reason if she likes, and effective in a mailing that is under way."""

import re
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from builders import KEYRING_SECRET, NOW
from builders_mailing import ADDRESSES, LineOfAnswers, Office
from builders_web import BASE_URL, SECRET, Reader, a_list, a_reader, an_installation, every_row
from newsletter.audience.models import LeaveReason, LeaveWay, MailingList, Subscription, SubscriptionState
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.models import MailingState, SkipReason
from newsletter.mailing.queries import Counts
from newsletter.web.app import create_app


@pytest.fixture
def client(db: Database, now: datetime) -> TestClient:
    app = create_app(an_installation(db), now=lambda: now)
    return TestClient(app, base_url=BASE_URL, follow_redirects=False)


def several_lists(db: Database, now: datetime) -> None:
    with db.transaction() as session:
        a_list(session, now, slug="other", list_id="other.example.org")


def standing(db: Database, reader: Reader) -> tuple[str, str | None, str | None]:
    with db.read() as session:
        found = session.get_one(Subscription, reader.subscription_id)
    return (
        found.state.value,
        found.leave_way and found.leave_way.value,
        found.leave_reason and found.leave_reason.value,
    )


def test_page_has_one_button_and_offers_to_leave_the_others_where_there_are_any(
    db: Database, now: datetime, client: TestClient
) -> None:
    reader = a_reader(db, now)
    page = client.get(reader.path).text
    assert re.findall(r"<button[^>]*>([^<]+)", page) == ["Se désinscrire"]
    assert 'name="all"' not in page
    several_lists(db, now)
    page = client.get(reader.path).text
    assert re.findall(r"<button[^>]*>([^<]+)", page) == ["Se désinscrire"]
    assert re.findall(r'<input type="(\w+)" name="(\w+)" value="(\w+)"', page) == [
        ("hidden", "from", "page"),
        ("checkbox", "all", "yes"),
    ]
    assert "checked" not in page


def test_nobody_is_asked_why_before_she_has_left(db: Database, now: datetime, client: TestClient) -> None:
    reader = a_reader(db, now)
    assert 'name="reason"' not in client.get(reader.path).text
    done = client.post(reader.path, data={"from": "page"}).text
    assert re.findall(r'name="reason" value="(\w+)"', done) == [reason.value for reason in LeaveReason]
    assert f'action="{reader.path}/why"' in done
    assert 'name="reason"' not in client.post(reader.path, data={"from": "page"}).text


@pytest.mark.parametrize("reason", list(LeaveReason))
def test_reason_is_kept_and_thanked_for(
    db: Database, now: datetime, client: TestClient, reason: LeaveReason
) -> None:
    reader = a_reader(db, now, languages=("en",))
    client.post(reader.path, data={"from": "page"})
    answer = client.post(f"{reader.path}/why", data={"reason": reason.value})
    assert (answer.status_code, "<h1>Thank you</h1>" in answer.text) == (200, True)
    assert standing(db, reader) == ("ended", "page", reason.value)


@pytest.mark.parametrize("reason", ["", "zoe@example.org", "TOO_OFTEN", "too_often too_often"])
def test_anything_else_as_a_reason_is_not_kept(
    db: Database, now: datetime, client: TestClient, reason: str
) -> None:
    reader = a_reader(db, now)
    client.post(reader.path, data={"from": "page"})
    before = every_row(db)
    assert client.post(f"{reader.path}/why", data={"reason": reason}).status_code == 200
    assert every_row(db) == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PROPFIND"])
def test_u4_looking_at_the_address_of_the_reason_changes_nothing(
    db: Database, now: datetime, client: TestClient, method: str
) -> None:
    reader = a_reader(db, now)
    before = every_row(db)
    for slash in ("", "/"):
        answer = client.request(method, f"{reader.path}/why{slash}?reason=other", content=b"reason=other")
        assert answer.status_code == (200 if method in {"GET", "HEAD"} else 405)
    assert every_row(db) == before


def test_saying_why_does_not_leave(db: Database, now: datetime, client: TestClient) -> None:
    reader = a_reader(db, now)
    before = every_row(db)
    client.post(f"{reader.path}/why", data={"reason": "other", "from": "page", "all": "yes"})
    assert client.post("/u/forged/why", data={"reason": "other"}).status_code == 404
    assert every_row(db) == before


def test_leaving_all_by_the_tick_and_afterwards(db: Database, now: datetime, client: TestClient) -> None:
    several_lists(db, now)
    for way in ("tick", "afterwards"):
        reader = a_reader(db, now, languages=("en",), address=f"{way}@example.org")
        with db.transaction() as session:
            subscriber = session.get_one(Subscription, reader.subscription_id).subscriber_id
            other = session.scalars(sa.select(MailingList.id).where(MailingList.slug == "other")).one()
            second = Subscription(list_id=other, subscriber_id=subscriber, state="active", since=now)
            session.add(second)
        if way == "tick":
            answer = client.post(reader.path, data={"from": "page", "all": "yes"})
        else:
            first = client.post(reader.path, data={"from": "page"}).text
            assert "Leave all our other newsletters, too</button>" in first
            answer = client.post(reader.path, data={"from": "page", "all": "yes"})
        assert "<h1>You have left all our newsletters</h1>" in answer.text
        with db.read() as session:
            ended = session.get_one(Subscription, second.id)
        assert (ended.state, ended.leave_way) == (SubscriptionState.ENDED, LeaveWay.PAGE)
        again = client.post(reader.path, data={"from": "page", "all": "yes"}).text
        assert "<h1>You are not subscribed to any of our newsletters any more</h1>" in again
        assert "<button" not in again


def test_one_click_leaves_one_list_whatever_else_is_in_the_body(
    db: Database, now: datetime, client: TestClient
) -> None:
    reader = a_reader(db, now)
    with db.transaction() as session:
        other = a_list(session, now, slug="other", list_id="other.example.org")
        subscriber = session.get_one(Subscription, reader.subscription_id).subscriber_id
        session.add(Subscription(list_id=other.id, subscriber_id=subscriber, state="active", since=now))
    client.post(reader.path, data={"List-Unsubscribe": "One-Click", "all": "yes"})
    with db.read() as session:
        states = session.scalars(sa.select(Subscription.state).order_by(Subscription.id)).all()
    assert states == [SubscriptionState.ENDED, SubscriptionState.ACTIVE]


def test_u6_token_of_five_years_ago_works_after_its_key_was_changed_twice(
    db: Database, now: datetime
) -> None:
    reader = a_reader(db, now - timedelta(days=5 * 365))
    later = an_installation(db, secret=f"{SECRET},of 2024,of 2026")
    client = TestClient(create_app(later, now=lambda: now))
    assert client.post(reader.path).text.startswith("Vous avez quitté")
    assert standing(db, reader)[0] == "ended"


def test_u7_post_after_erasure_answers_as_to_anybody_who_left_and_changes_nothing(
    db: Database, now: datetime, client: TestClient
) -> None:
    erased = a_reader(db, now, languages=(), address="erased@example.org")
    left = a_reader(db, now, languages=(), address="left@example.org")
    client.post(left.path)
    with db.transaction() as session:  # what an erasure leaves (docs/decisions/0016)
        session.execute(
            sa.text("UPDATE subscriber SET address = '', address_lower = 'erased-1' WHERE id = 1")
        )
        session.execute(
            sa.text("UPDATE subscription SET state = 'ended', end_reason = 'erased' WHERE id = 1")
        )
    before = every_row(db)
    for fields in ({}, {"from": "page"}, {"from": "page", "all": "yes"}):
        answers = [client.post(reader.path, data=fields) for reader in (erased, left)]
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text.replace(left.token, erased.token) for answer in answers}) == 1
    assert every_row(db) == before


@pytest.mark.parametrize(
    ("hers", "asked", "accepted", "spoken"),
    [
        (("fr",), "en", "en", "fr"),
        ((), "en", "fr", "en"),
        ((), "xx", "fr", "fr, en"),
        (("de",), "en", "fr", "en"),
        ((), "", "en", "en, fr"),
    ],
)
def test_language_is_hers_then_what_is_asked_then_the_browsers(
    db: Database,
    now: datetime,
    client: TestClient,
    hers: tuple[str, ...],
    asked: str,
    accepted: str,
    spoken: str,
) -> None:
    reader = a_reader(db, now, languages=hers)
    answer = client.get(f"{reader.path}?lang={asked}", headers={"Accept-Language": accepted})
    assert answer.headers["content-language"] == spoken


def test_u5_one_click_in_the_middle_of_a_mailing_holds_for_every_message_not_yet_handed_over(
    db: Database, keyring: Keyring, tmp_path: Path
) -> None:
    office, line = Office(db, keyring, tmp_path), LineOfAnswers()
    client = TestClient(create_app(an_installation(db, secret=KEYRING_SECRET), now=lambda: NOW))

    def leave(recipient: str) -> None:
        if recipient == ADDRESSES[1]:  # the messages were claimed and are with the line
            for address in ADDRESSES[2:4]:
                link = f"/u/{keyring.sign('unsubscribe', office.names[address])}"
                assert client.post(link, data={"List-Unsubscribe": "One-Click"}).text.startswith("Vous avez")
            time.sleep(0.5)

    line.at_each = leave
    office.run(line)
    assert line.handed == [ADDRESSES[0], ADDRESSES[1], ADDRESSES[4]]
    assert office.state() is MailingState.FINISHED
    assert office.counts() == Counts(planned=5, accepted=3, skipped={SkipReason.UNSUBSCRIBED: 2})
