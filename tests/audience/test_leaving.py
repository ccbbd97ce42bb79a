"""Leaving: what it ends, the evidence that it leaves, and the one acknowledgement that each opt-out orders."""

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from builders_audience import SINCE, a_list, a_subscriber
from builders_jobs import waiting_work
from newsletter.audience.actions import Left, end_subscription
from newsletter.audience.consent.models import Consent, ConsentEvent
from newsletter.audience.leaving.actions import ACKNOWLEDGE, LeaveWish, leave, leave_many, say_why
from newsletter.audience.leaving.queries import LeavingCounts, leaving_counts
from newsletter.audience.merging import merge_subscribers
from newsletter.audience.models import (
    EndReason,
    LeaveReason,
    LeaveWay,
    Subscription,
    SubscriptionState,
)
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring

NAMES = {"letter": {"fr": "La lettre"}, "agenda": {"fr": "L’agenda"}, "board": {"en": "The board"}}


@pytest.fixture
def names(db: Database, keyring: Keyring) -> dict[tuple[str, str], bytes]:
    """Anna is on three lists, Bo on two: (first letter, list) -> what links call the subscription."""
    with db.transaction() as session:
        lists = [a_list(session, slug, names=names) for slug, names in NAMES.items()]
        anna = a_subscriber(session, keyring, "anna@example.org", lists=lists)
        bo = a_subscriber(session, keyring, "bo@example.org", lists=lists[:2], languages=("en",))
        return {
            (person.address[0], item.mailing_list.slug): item.public_name
            for person in (anna, bo)
            for item in person.subscriptions
        }


def ended(db: Database) -> dict[int, tuple[EndReason | None, LeaveWay | None]]:
    with db.read() as session:
        statement = sa.select(Subscription.id, Subscription.end_reason, Subscription.leave_way)
        rows = session.execute(statement.where(Subscription.state == SubscriptionState.ENDED))
        return {number: (reason, way) for number, reason, way in rows}


def ordered(db: Database) -> list[dict[str, object]]:
    return [payload for kind, payload, _ in waiting_work(db) if kind == ACKNOWLEDGE]


def test_leaving_ends_one_list_with_evidence_and_one_acknowledgement(
    db: Database, now: datetime, names: dict[tuple[str, str], bytes]
) -> None:
    with db.transaction() as session:
        left = leave(session, LeaveWish(names["a", "agenda"], LeaveWay.ONE_CLICK), now)
    assert left == Left({"fr": "L’agenda"}, ("fr",), has_changed=True)
    assert ended(db) == {2: (EndReason.UNSUBSCRIBED, LeaveWay.ONE_CLICK)}
    assert ordered(db) == [{"subscription_ids": [2], "left_at": now.isoformat()}]
    with db.read() as session:
        written = session.scalars(sa.select(Consent)).one()
        kept = (written.subscriber_id, written.list_id, written.event, written.at, written.way)
    assert kept == (1, 2, ConsentEvent.WITHDRAWN, now, "one_click")
    assert (written.ip, written.user_agent) == ("", "")


def test_leaving_again_changes_and_orders_nothing(
    db: Database, now: datetime, names: dict[tuple[str, str], bytes]
) -> None:
    wish = LeaveWish(names["a", "agenda"], LeaveWay.ONE_CLICK)
    with db.transaction() as session:
        leave(session, wish, now)
    with db.transaction() as session:
        assert leave(session, wish, now + timedelta(days=400)) == Left(
            {"fr": "L’agenda"}, ("fr",), has_changed=False
        )
        assert len(session.scalars(sa.select(Consent)).all()) == 1
        assert session.get_one(Subscription, 2).ended_at == now
    assert len(ordered(db)) == 1


@pytest.mark.parametrize("reason", [EndReason.BOUNCED, EndReason.COMPLAINED, EndReason.ERASED])
def test_what_ended_otherwise_stays_so_and_is_not_acknowledged(
    db: Database, now: datetime, names: dict[tuple[str, str], bytes], reason: EndReason
) -> None:
    with db.transaction() as session:
        end_subscription(session, names["a", "letter"], reason, now)
    with db.transaction() as session:
        left = leave(session, LeaveWish(names["a", "letter"], LeaveWay.PAGE), now)
    assert left is not None
    assert not left.has_changed
    assert ended(db) == {1: (reason, None)}
    assert ordered(db) == []


def test_leaving_everything_is_one_opt_out(
    db: Database, now: datetime, names: dict[tuple[str, str], bytes]
) -> None:
    with db.transaction() as session:
        end_subscription(session, names["a", "letter"], EndReason.UNSUBSCRIBED, now)
    with db.transaction() as session:  # by the link of a list that she left before
        left = leave(session, LeaveWish(names["a", "letter"], LeaveWay.PAGE, is_of_all=True), now)
    assert left == Left({"fr": "La lettre"}, ("fr",), has_changed=True)
    assert set(ended(db)) == {1, 2, 3}
    assert ordered(db) == [{"subscription_ids": [2, 3], "left_at": now.isoformat()}]


def test_many_wishes_at_once_are_fulfilled_each_as_if_alone(
    db: Database, now: datetime, names: dict[tuple[str, str], bytes]
) -> None:
    wishes = [
        LeaveWish(names["b", "agenda"], LeaveWay.ONE_CLICK),
        LeaveWish(b"nobody's nam", LeaveWay.ONE_CLICK),
        LeaveWish(names["a", "board"], LeaveWay.PAGE),
        LeaveWish(names["a", "board"], LeaveWay.ONE_CLICK),
        LeaveWish(names["a", "agenda"], LeaveWay.PAGE, is_of_all=True),
        LeaveWish(names["a", "letter"], LeaveWay.ONE_CLICK),
    ]
    with db.transaction() as session:
        left = leave_many(session, wishes, now)
    assert [None if item is None else item.has_changed for item in left] == [
        True,
        None,
        True,
        False,
        True,
        False,
    ]
    assert left[0] == Left({"fr": "L’agenda"}, ("en",), has_changed=True)
    by = {number: way for number, (_, way) in ended(db).items()}
    assert by == {1: LeaveWay.PAGE, 2: LeaveWay.PAGE, 3: LeaveWay.PAGE, 5: LeaveWay.ONE_CLICK}
    assert [job["subscription_ids"] for job in ordered(db)] == [[5], [3], [1, 2]]


def test_many_at_once_in_several_transactions_change_each_subscription_once(
    db: Database, now: datetime, names: dict[tuple[str, str], bytes]
) -> None:
    wishes = [LeaveWish(name, LeaveWay.ONE_CLICK) for name in names.values()]
    changed: list[bool] = []
    start = threading.Barrier(4)

    def work(turn: int) -> None:
        start.wait()
        with db.transaction() as session:
            mine = wishes[turn:] + wishes[:turn]  # each in another order: nobody may wait in a circle
            changed.extend(left.has_changed for left in leave_many(session, mine, now) if left)

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(changed) == 20
    assert sum(changed) == 5
    assert sorted(job["subscription_ids"] for job in ordered(db)) == [[1], [2], [3], [4], [5]]  # type: ignore[type-var]


def test_link_of_a_merged_subscription_leaves_the_one_that_goes_on(
    db: Database, keyring: Keyring, now: datetime
) -> None:
    with db.transaction() as session:
        letter = a_list(session)
        kept = a_subscriber(session, keyring, "anna.b@gmail.com", lists=[letter])
        gone = a_subscriber(session, keyring, "annab+x@gmail.com", lists=[letter])
        old_name, kept_id = gone.subscriptions[0].public_name, kept.subscriptions[0].id
    with db.transaction() as session:
        merge_subscribers(session, "anna.b@gmail.com", "annab+x@gmail.com", SINCE)
    with db.transaction() as session:
        left = leave(session, LeaveWish(old_name, LeaveWay.ONE_CLICK), now)
        say_why(session, old_name, LeaveReason.TOO_OFTEN)
    assert left is not None
    assert left.has_changed
    assert ended(db)[kept_id] == (EndReason.UNSUBSCRIBED, LeaveWay.ONE_CLICK)
    with db.read() as session:
        assert session.get_one(Subscription, kept_id).leave_reason is LeaveReason.TOO_OFTEN


def test_reason_is_kept_of_who_left_and_of_nobody_else(
    db: Database, now: datetime, names: dict[tuple[str, str], bytes]
) -> None:
    with db.transaction() as session:
        leave(session, LeaveWish(names["a", "letter"], LeaveWay.PAGE), now)
        end_subscription(session, names["a", "agenda"], EndReason.BOUNCED, now)
        for name in names.values():
            say_why(session, name, LeaveReason.WRONG_LANGUAGE)
    with db.read() as session:
        kept = dict(session.execute(sa.select(Subscription.id, Subscription.leave_reason)).all())
    assert kept == {1: LeaveReason.WRONG_LANGUAGE, 2: None, 3: None, 4: None, 5: None}


def test_counts_tell_how_readers_left_a_list_and_why(
    db: Database, now: datetime, names: dict[tuple[str, str], bytes]
) -> None:
    with db.transaction() as session:
        leave(session, LeaveWish(names["a", "letter"], LeaveWay.PAGE), now)
        leave(session, LeaveWish(names["b", "letter"], LeaveWay.ONE_CLICK), now)
        leave(session, LeaveWish(names["a", "agenda"], LeaveWay.ONE_CLICK), now)
        say_why(session, names["a", "letter"], LeaveReason.TOO_OFTEN)
        assert leaving_counts(session, 1) == LeavingCounts(
            {LeaveWay.ONE_CLICK: 1, LeaveWay.PAGE: 1}, {LeaveReason.TOO_OFTEN: 1}
        )
        assert leaving_counts(session, 3) == LeavingCounts({}, {})
