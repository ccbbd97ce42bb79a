"""What is known of a reader stays with her: answers, links, tokens and logs give nothing away (T8 T19 T20 T21 T28)."""

import io
import itertools
import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from builders_sign_up import Office, an_office, hidden
from builders_web import ADDRESS, SECRET, a_reader, every_row
from newsletter.audience.abuse.form_tokens import TokenStanding, issue_form_token, judge_form_token
from newsletter.audience.importing.apply import import_subscribers
from newsletter.audience.models import (
    EndReason,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.audience.sign_up.actions import PURPOSE
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.transport.catcher import Catcher
from web_process import web_process

PURPOSES = ("unsubscribe", "form:subscribe", "form:preferences", "suppression", "spent", "archive", "")


@pytest.fixture
def office(sqlite_db: Database, now: datetime) -> Iterator[Office]:
    with an_office(sqlite_db, now) as opened:
        yield opened


def test_t19_page_of_leaving_is_the_same_for_every_reader_of_a_list(office: Office) -> None:
    """Neither the state of the address nor what else she reads is seen by whoever has a link."""
    office.confirmed("one@example.org", lists=["letter"])
    office.confirmed("two@example.org", lists=["letter", "agenda"])
    keyring = office.installation.keyring
    with office.db.transaction() as session:
        rows = session.execute(
            sa.select(Subscription.public_name, Subscriber.address_key)
            .join(Subscriber)
            .where(Subscription.list_id == 1)
        ).all()
        session.add(Suppression(address_key=rows[0][1], reason=SuppressionReason.BOUNCED, since=office.now))
    one, two = (keyring.sign("unsubscribe", name) for name, _ in rows)

    def said(token: str, **fields: str) -> tuple[int, str, dict[str, str]]:
        path = f"/u/{token}"
        answer = office.client.post(path, data=fields) if fields else office.client.get(path)
        headers = dict(answer.headers)
        return answer.status_code, answer.text.replace(token, "TOKEN"), headers

    assert said(one) == said(two)
    assert said(one, a="b") == said(two, a="b")
    assert said(one) == said(two)
    assert said(one, a="b") == said(two, a="b")


def test_t19_unknown_links_of_a_kind_are_answered_alike(office: Office) -> None:
    office.sign_up()
    office.work()
    token = office.token()
    for path in (
        f"/fr/confirm/{'x' * 22}",
        f"/fr/confirm/{token[::-1]}",
        "/fr/confirm/x",
        f"/fr/not-me/{'y' * 22}",
    ):
        answer = office.client.get(path)
        assert answer.status_code == 404
        assert answer.text == office.client.get("/fr/confirm/unknown").text


@pytest.mark.parametrize(("signed_for", "asked_for"), list(itertools.permutations(PURPOSES, 2)))
def test_t20_no_token_is_good_for_another_purpose(signed_for: str, asked_for: str) -> None:
    keyring = Keyring("old secret", "new secret")
    assert keyring.verify(signed_for, keyring.sign(signed_for, b"twelve bytes")) == b"twelve bytes"
    assert keyring.verify(asked_for, keyring.sign(signed_for, b"twelve bytes")) is None


@pytest.mark.parametrize(
    ("signing", "verifying"),
    list(itertools.permutations([("one",), ("two",), ("one", "two"), ("two", "one")], 2)),
)
def test_t20_token_is_good_where_its_key_stands_at_its_number_and_nowhere_else(
    signing: tuple[str, ...], verifying: tuple[str, ...]
) -> None:
    token = Keyring(*signing).sign("unsubscribe", b"twelve bytes")
    number = len(signing) - 1
    is_known = len(verifying) > number and verifying[number] == signing[number]
    assert Keyring(*verifying).verify("unsubscribe", token) == (b"twelve bytes" if is_known else None)


def test_t20_no_token_opens_a_door_that_is_not_its_own(office: Office) -> None:
    office.confirmed()
    office.sign_up("yan@example.org")
    office.work()
    keyring = office.installation.keyring
    with office.db.read() as session:
        name = session.scalars(sa.select(Subscription.public_name)).first()
    assert name is not None
    tokens = {
        "u": keyring.sign("unsubscribe", name),
        "confirm": office.token(),
        "form": hidden(office.client.get("/fr/subscribe").text)["form"],
        "of the name": keyring.one_time_token(PURPOSE, name),
    }
    doors = {"u": "/u/{}", "confirm": "/fr/confirm/{}", "not-me": "/fr/not-me/{}"}
    before = every_row(office.db)
    for (kind, token), (door, path) in itertools.product(tokens.items(), doors.items()):
        if door.replace("not-me", "confirm") == kind:
            continue
        answer = office.client.post(path.format(token), data={"from": "page"})
        assert answer.status_code == 404, (kind, door)
    for kind, token in tokens.items():
        standing = judge_form_token(keyring, "subscribe", token, office.now)
        assert (standing is TokenStanding.FOREIGN) == (kind != "form")
    assert every_row(office.db) == before
    assert judge_form_token(
        keyring, "subscribe", issue_form_token(keyring, "other", office.now), office.now
    ) is (TokenStanding.FOREIGN)


def test_t20_link_of_one_list_leaves_that_list_only(office: Office) -> None:
    office.confirmed(lists=["letter", "agenda"])
    with office.db.read() as session:
        names = session.execute(sa.select(Subscription.list_id, Subscription.public_name)).all()
    token = office.installation.keyring.sign("unsubscribe", dict(tuple(row) for row in names)[1])
    office.client.post(f"/u/{token}", data={"List-Unsubscribe": "One-Click"})
    assert office.subscriptions() == {"letter": ("ended", "unsubscribed"), "agenda": ("active", None)}


def test_t21_forwarded_link_can_leave_and_can_do_and_show_nothing_else(office: Office) -> None:
    office.confirmed(name="Zoé")
    with office.db.read() as session:
        name = session.scalars(sa.select(Subscription.public_name)).one()
    token = office.installation.keyring.sign("unsubscribe", name)
    before = every_row(office.db)["subscriber"]
    fields = {"from": "page", "address": "evil@example.org", "name": "Eve", "language": "en", "erase": "yes"}
    pages = [office.client.get(f"/u/{token}").text, office.client.get(f"/u/{token}?lang=en&export=1").text]
    pages += [office.client.post(f"/u/{token}", data=fields).text]
    pages += [office.client.post(f"/u/{token}/why", data=fields | {"reason": "other"}).text]
    pages += [office.client.post(f"/u/{token}/why", data={"reason": "zoe@example.org <script>"}).text]
    for page in pages:
        assert "zoe@example.org" not in page
        assert "Zoé" not in page
        assert "<script" not in page
    assert every_row(office.db)["subscriber"] == before
    for page in ("preferences", "export", "erase"):
        assert office.client.get(f"/fr/{page}/{token}").status_code == 404


@pytest.mark.parametrize("status", ["active", "ACTIVE", "actif", "pending", "abonné", "1", "true", "=active"])
def test_t8_no_status_column_brings_anybody_back(office: Office, keyring: Keyring, status: str) -> None:
    office.confirmed()
    office.confirmed("bounced@example.org")
    with office.db.transaction() as session:
        session.execute(
            sa.update(Subscription)
            .where(Subscription.subscriber_id == 1)
            .values(state=SubscriptionState.ENDED, end_reason=EndReason.UNSUBSCRIBED, ended_at=office.now)
        )
        key = session.scalars(sa.select(Subscriber.address_key).where(Subscriber.id == 2)).one()
        session.add(Suppression(address_key=key, reason=SuppressionReason.COMPLAINED, since=office.now))
    text = "email,status\n" + "".join(f"{who}@example.org,{status}\n" for who in ("zoe", "ZOE", "bounced"))
    import_subscribers(
        office.db, office.installation.keyring, io.BytesIO(text.encode()), list_slug="letter", consent_basis="x", now=office.now, languages=("fr", "en"),
    )  # fmt: skip
    assert office.subscriptions() == {"letter": ("ended", "unsubscribed")}
    with office.db.read() as session:
        assert len(session.scalars(sa.select(Suppression)).all()) == 1


@pytest.mark.slow
def test_t28_log_of_the_web_server_and_its_worker_names_nobody_and_no_token(
    sqlite_db: Database, now: datetime, tmp_path: Path
) -> None:
    """At its most talkative, through a sign-up, a visit with rubbish, an opt-out, and a database that goes away."""
    import http.client

    reader = a_reader(sqlite_db, now)
    with Catcher() as catcher:
        settings = {
            "NEWSLETTER_SMTP_URL": f"smtp://127.0.0.1:{catcher.port}?tls=none",
            "NEWSLETTER_LOG_LEVEL": "DEBUG",
            "NEWSLETTER_SENDER": "letter@example.org",
        }
        with web_process(sqlite_db, tmp_path, **settings) as (_, port):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

            def ask(method: str, path: str, body: str = "") -> int:
                headers = {
                    "Content-Type": "application/x-www-form-urlencoded",
                    "User-Agent": "Zoé-Browser".encode(),
                }
                connection.request(method, path, body.encode(), headers)
                answer = connection.getresponse()
                answer.read()
                return answer.status

            assert ask("POST", reader.path) == 200
            assert ask("GET", f"/fr/confirm/{'s' * 22}?address={ADDRESS}") == 404
            assert ask("POST", "/fr/subscribe", f"address={ADDRESS}&name=Zo%C3%A9") in {200, 404}
            for _ in range(200):
                if catcher.mails():
                    break
                assert ask("GET", "/healthz") == 200
            with sqlite3.connect(str(sqlite_db.url.database)) as other:
                other.execute("ALTER TABLE subscription RENAME TO gone")
            assert ask("GET", reader.path) == 503
            assert ask("POST", reader.path) == 503
            connection.close()
    log = (tmp_path / "web.log").read_text()
    assert "database_not_ready" in log
    assert re.search(r"example\.org|zo[eé]|leclercq", log, re.IGNORECASE) is None
    for secret in (reader.token, reader.public_name.hex(), "s" * 22, SECRET):
        assert secret not in log
