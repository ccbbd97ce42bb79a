import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from builders_audience import a_list, a_subscriber
from newsletter.audience.actions import Left, end_subscription, suppress
from newsletter.audience.errors import ListExists, ListRefused
from newsletter.audience.models import (
    EndReason,
    MailingList,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.audience.rules import address_key
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring


def test_list_gets_its_list_id_from_short_name_and_senders_domain(db: Database, now: datetime) -> None:
    with db.transaction() as session:
        a_list(
            session,
            "ville",
            sender_address="lettre@ville.exämple.org",
            names={"FR": " La  lettre\r\n "},
            now=now,
        )
    with db.read() as session:
        made = session.scalars(sa.select(MailingList)).one()
    assert made.list_id == "ville.ville.xn--exmple-cua.org"
    assert made.names == {"fr": "La lettre"}
    assert made.created_at == now


def test_list_may_be_sent_from_a_host_without_a_dot(db: Database) -> None:
    with db.transaction() as session:
        made = a_list(session, sender_address="newsletter@localhost")
    assert (made.sender_address, made.list_id) == ("newsletter@localhost", "letter.localhost")


def test_list_keeps_a_list_id_of_its_own_in_lower_case(db: Database) -> None:
    with db.transaction() as session:
        assert a_list(session, list_id="News.Example.ORG").list_id == "news.example.org"


@pytest.mark.parametrize("slug", ["", "Letter", "a b", "a--b", "-a", "été", "x" * 61, "a\n"])
def test_list_with_a_wrong_short_name_is_refused(sqlite_db: Database, slug: str) -> None:
    with sqlite_db.transaction() as session:
        if slug.strip() == "a":  # white space around it is cut off
            assert a_list(session, slug).slug == "a"
        else:
            with pytest.raises(ListRefused, match="short name"):
                a_list(session, slug)


@pytest.mark.parametrize(
    "list_id",
    ["letter", "a b.example.org", "é.example.org", "a..b", "x" * 244 + ".example.org", "a.b>", "a.b\r\nX: y"],
)
def test_list_with_a_wrong_list_id_is_refused(sqlite_db: Database, list_id: str) -> None:
    with sqlite_db.transaction() as session, pytest.raises(ListRefused, match="List-Id"):
        a_list(session, list_id=list_id)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sender_address", "nobody"),
        ("sender_address", "a b@localhost"),
        ("reply_to", "x\r\nBcc: y@example.org"),
        ("sender_name", "n" * 201),
    ],
)
def test_list_with_a_wrong_sender_is_refused(sqlite_db: Database, field: str, value: str) -> None:
    with sqlite_db.transaction() as session, pytest.raises(ListRefused):
        a_list(session, **{field: value})


def test_list_without_a_name_is_refused(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session, pytest.raises(ListRefused, match="name"):
        a_list(session, names={"fr": " \n"})


def test_second_list_of_the_same_name_or_list_id_is_refused(db: Database) -> None:
    with db.transaction() as session:
        a_list(session)
        with pytest.raises(ListExists):
            a_list(session, list_id="other.example.org")
        with pytest.raises(ListExists):
            a_list(session, "other", list_id="LETTER.example.org")
    with db.read() as session:
        assert session.scalars(sa.select(MailingList.slug)).all() == ["letter"]


def test_suppressing_again_keeps_the_first_reason(db: Database, keyring: Keyring, now: datetime) -> None:
    with db.transaction() as session:
        assert suppress(session, keyring, "Anna.B+x@gmail.com", SuppressionReason.COMPLAINED, now) is True
    with db.transaction() as session:
        later = now + timedelta(days=1)
        assert suppress(session, keyring, "annab@googlemail.com", SuppressionReason.BOUNCED, later) is False
    with db.read() as session:
        row = session.scalars(sa.select(Suppression)).one()
        assert (row.address_key, row.reason, row.since) == (
            address_key(keyring, "annab@gmail.com"),
            SuppressionReason.COMPLAINED,
            now,
        )


def test_end_subscription_ends_once_and_one_list_only(db: Database, keyring: Keyring, now: datetime) -> None:
    with db.transaction() as session:
        lists = [a_list(session), a_list(session, "agenda", names={"fr": "L’agenda"})]
        subscriber = a_subscriber(session, keyring, lists=lists, languages=("fr-BE", "en"))
        name = subscriber.subscriptions[1].public_name
    with db.transaction() as session:
        first = end_subscription(session, name, EndReason.UNSUBSCRIBED, now)
    with db.transaction() as session:
        second = end_subscription(session, name, EndReason.COMPLAINED, now + timedelta(days=1))
    assert first == Left({"fr": "L’agenda"}, ("fr-BE", "en"), has_changed=True)
    assert second == Left({"fr": "L’agenda"}, ("fr-BE", "en"), has_changed=False)
    with db.read() as session:
        rows = session.execute(
            sa.select(Subscription.state, Subscription.end_reason, Subscription.ended_at).order_by(
                Subscription.id
            )
        ).all()
    assert [tuple(row) for row in rows] == [
        (SubscriptionState.ACTIVE, None, None),
        (SubscriptionState.ENDED, EndReason.UNSUBSCRIBED, now),
    ]


def test_end_subscription_of_a_pending_one_changes_it(db: Database, keyring: Keyring, now: datetime) -> None:
    with db.transaction() as session:
        subscriber = a_subscriber(session, keyring, lists=[a_list(session)], state=SubscriptionState.PENDING)
        left = end_subscription(session, subscriber.subscriptions[0].public_name, EndReason.UNSUBSCRIBED, now)
    assert left is not None
    assert left.has_changed


def test_end_subscription_of_an_unknown_name_is_none(db: Database, now: datetime) -> None:
    with db.transaction() as session:
        assert end_subscription(session, b"x" * 12, EndReason.UNSUBSCRIBED, now) is None


def test_end_subscription_by_many_at_once_changes_for_exactly_one(
    db: Database, keyring: Keyring, now: datetime
) -> None:
    with db.transaction() as session:
        subscriber = a_subscriber(session, keyring, lists=[a_list(session)])
        name = subscriber.subscriptions[0].public_name
    answers: list[Left | None] = []
    start = threading.Barrier(4)

    def leave() -> None:
        start.wait()
        with db.transaction() as session:
            answers.append(end_subscription(session, name, EndReason.UNSUBSCRIBED, now))

    threads = [threading.Thread(target=leave) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(left.has_changed for left in answers if left) == [False, False, False, True]
