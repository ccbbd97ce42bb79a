"""Form tokens, budgets and allowances: what keeps forms from being turned against people."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from newsletter.audience.abuse.allowance import restore_allowance, take_allowance
from newsletter.audience.abuse.budgets import count_one, counted, network_of, next_hour
from newsletter.audience.abuse.form_tokens import (
    TokenStanding,
    issue_form_token,
    judge_form_token,
    spend_form_token,
)
from newsletter.audience.abuse.models import FormCount, SpentToken
from newsletter.audience.abuse.sweeping import sweep_abuse
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("age", "standing"),
    [
        (timedelta(seconds=-5), TokenStanding.TOO_YOUNG),
        (timedelta(seconds=2), TokenStanding.TOO_YOUNG),
        (timedelta(seconds=3), TokenStanding.GOOD),
        (HOUR, TokenStanding.GOOD),
        (HOUR + timedelta(seconds=1), TokenStanding.TOO_OLD),
    ],
)
def test_form_token_is_good_from_three_seconds_to_an_hour(
    keyring: Keyring, now: datetime, age: timedelta, standing: TokenStanding
) -> None:
    token = issue_form_token(keyring, "subscribe", now)
    assert judge_form_token(keyring, "subscribe", token, now + age) is standing


def test_t20_token_of_another_form_purpose_or_key_is_foreign(keyring: Keyring, now: datetime) -> None:
    name = issue_form_token(keyring, "subscribe", now)
    foreign = [
        "",
        "x" * 40,
        name[:-1] + ("A" if name[-1] != "A" else "B"),
        issue_form_token(keyring, "preferences", now),
        issue_form_token(Keyring("somebody else's secret"), "subscribe", now),
        *(keyring.sign(purpose, b"x" * 12) for purpose in ("unsubscribe", "form", "sign-up", "bounce")),
    ]
    later = now + timedelta(minutes=1)
    standings = {judge_form_token(keyring, "subscribe", token, later) for token in foreign}
    assert standings == {TokenStanding.FOREIGN}
    assert keyring.verify("unsubscribe", name) is None


def test_form_token_is_spent_once(db: Database, keyring: Keyring, now: datetime) -> None:
    token, other = (issue_form_token(keyring, "subscribe", now) for _ in range(2))
    with db.transaction() as session:
        spent = [spend_form_token(session, keyring, text, now) for text in (token, token, other)]
    with db.transaction() as session:
        assert [*spent, spend_form_token(session, keyring, token, now)] == [True, False, True, False]


def test_budget_counts_by_the_hour_and_place(db: Database, keyring: Keyring, now: datetime) -> None:
    with db.transaction() as session:
        counts = [count_one(session, keyring, place, now) for place in ("a", "a", "b", "a")]
        assert counts == [1, 2, 1, 3]
        assert count_one(session, keyring, "a", next_hour(now)) == 1
        assert counted(session, keyring, "a", now + timedelta(minutes=59)) == 3
        assert counted(session, keyring, "c", now) == 0


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("93.184.216.34", "93.184.216.0/24"),
        ("::ffff:93.184.216.34", "93.184.216.0/24"),
        ("2a00:1450:400c:c05::1a", "2a00:1450:400c:c05::/64"),
        ("127.0.0.1", None),
        ("10.1.2.3", None),
        ("::1", None),
        ("fe80::1%eth0", None),
        ("", None),
        ("testclient", None),
    ],
)
def test_network_is_what_one_customer_has_and_none_of_our_own(ip: str, network: str | None) -> None:
    assert network_of(ip) == network


def test_t16_mailbox_gets_one_mail_a_day_in_whatever_spelling(
    db: Database, keyring: Keyring, now: datetime
) -> None:
    spellings = ["zoe.leclercq@gmail.com", "Zoe.Leclercq+a@gmail.com", "zoeleclercq+b@googlemail.com"]
    with db.transaction() as session:
        assert [take_allowance(session, keyring, item, now) for item in spellings] == [True, False, False]
        assert take_allowance(session, keyring, "zoe.leclercq@example.org", now)
        assert not take_allowance(session, keyring, spellings[2], now + DAY - timedelta(seconds=1))
        assert take_allowance(session, keyring, spellings[2], now + DAY)


def test_t16_mailbox_gets_three_mails_until_its_owner_answers(
    db: Database, keyring: Keyring, now: datetime
) -> None:
    address = "zoe@example.org"
    with db.transaction() as session:
        days = [take_allowance(session, keyring, address, now + number * 2 * DAY) for number in range(6)]
        assert days == [True, True, True, False, False, False]
        assert take_allowance(session, keyring, address, now + timedelta(days=400))
        restore_allowance(session, keyring, address)
        assert take_allowance(session, keyring, address, now + timedelta(days=400, seconds=1))


def test_tables_of_abuse_hold_keyed_hashes_only_and_are_swept(
    db: Database, keyring: Keyring, now: datetime
) -> None:
    with db.transaction() as session:
        take_allowance(session, keyring, "zoe@example.org", now)
        spend_form_token(session, keyring, issue_form_token(keyring, "subscribe", now), now)
        count_one(session, keyring, "forms from 93.184.216.0/24", now)
        assert {len(row.hash) for row in session.scalars(sa.select(SpentToken))} == {16}
        assert {len(row.key) for row in session.scalars(sa.select(FormCount))} == {16}
        assert sweep_abuse(session, now) == 0
        assert sweep_abuse(session, now + 3 * DAY) == 3  # the count, the form token, the mail of the day
        assert sweep_abuse(session, now + timedelta(days=366)) == 1
