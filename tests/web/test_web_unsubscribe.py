"""Leaving a list: RFC 8058 to the letter, and nothing changes by looking."""

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from builders_web import ADDRESS, BASE_URL, SECRET, a_reader, an_installation, every_row, state_of
from newsletter.audience.models import MailingList, Subscriber, Subscription, SubscriptionState
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring, random_name
from newsletter.web.app import create_app

ONE_CLICK = b"List-Unsubscribe=One-Click"
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=xx"}
MULTIPART_BODY = (
    b'--xx\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--xx--\r\n'
)
LOOKS = ["GET", "HEAD", "OPTIONS", "PROPFIND", "PUT", "DELETE", "PATCH", "TRACE", "POSTS"]


@pytest.fixture
def client(db, now) -> TestClient:
    app = create_app(an_installation(db), now=lambda: now)
    return TestClient(app, base_url=BASE_URL, follow_redirects=False)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (URLENCODED, ONE_CLICK),
        (MULTIPART, MULTIPART_BODY),
        (MULTIPART, b"--broken"),
        ({}, b""),
        (URLENCODED, b""),
        ({b"Content-Type": b"text/\xff"}, b"\xff\xfe=\x00"),
    ],
    ids=["urlencoded", "multipart", "broken multipart", "no body", "empty form", "rubbish"],
)
def test_u1_post_unsubscribes_at_once(db, now, client, headers, body):
    reader = a_reader(db, now)
    answer = client.post(reader.path, content=body, headers=headers)
    assert (answer.status_code, answer.text) == (200, "Vous avez quitté «\u00a0La lettre du canal\u00a0».\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    with db.read() as session:
        subscription = session.get(Subscription, reader.subscription_id)
    assert (subscription.state, subscription.ended_at) == (SubscriptionState.ENDED, now)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("language", [None, "fr", "en-GB", "*", "de;q=x,,", "zh-Hant"])
@pytest.mark.parametrize("host", ["news.example.org", "NEWS.Example.ORG", "evil.example", "127.0.0.1:8000"])
def test_u2_u3_post_never_redirects_nor_sets_a_cookie(sqlite_db, now, slash, language, host):
    client = TestClient(create_app(an_installation(sqlite_db)), follow_redirects=False)
    reader = a_reader(sqlite_db, now)
    headers = {"Host": host} | ({"Accept-Language": language} if language else {})
    answer = client.post(reader.path + slash, content=ONE_CLICK, headers=URLENCODED | headers)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    assert state_of(sqlite_db, reader) == SubscriptionState.ENDED


def test_u3_t13_post_from_another_site_acts_too(db, now, client):
    reader = a_reader(db, now)
    headers = URLENCODED | {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site", "Cookie": "a=b"}
    assert client.post(reader.path, content=ONE_CLICK, headers=headers).status_code == 200
    assert state_of(db, reader) == SubscriptionState.ENDED


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("method", LOOKS)
def test_u4_any_other_method_changes_nothing(db, now, client, method, slash):
    reader = a_reader(db, now)
    before = every_row(db)
    answer = client.request(method, reader.path + slash, content=ONE_CLICK, headers=URLENCODED)
    assert answer.status_code == (200 if method in {"GET", "HEAD"} else 405)
    if answer.status_code == 405:
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert "set-cookie" not in answer.headers
    assert every_row(db) == before


def test_get_with_the_one_click_words_in_the_query_changes_nothing(db, now, client):
    reader = a_reader(db, now)
    before = every_row(db)
    assert client.get(f"{reader.path}?List-Unsubscribe=One-Click&from=page&jo=1").status_code == 200
    assert every_row(db) == before


def test_u6_old_token_verifies_after_the_key_was_changed(db, now):
    reader = a_reader(db, now)
    newer = create_app(an_installation(db, secret=f"{SECRET},another secret that came later"))
    assert TestClient(newer).post(reader.path, content=ONE_CLICK).status_code == 200
    assert state_of(db, reader) == SubscriptionState.ENDED


def test_u7_post_after_the_reader_and_the_list_are_gone_is_a_plain_yes(db, now, client):
    reader = a_reader(db, now)
    with db.transaction() as session:
        for table in (Subscription, Subscriber, MailingList):
            session.execute(table.__table__.delete())
    before = every_row(db)
    answer = client.post(reader.path, content=ONE_CLICK, headers=URLENCODED)
    assert (answer.status_code, answer.text) == (
        200,
        "Votre abonnement a pris fin.\nYou are not subscribed any more.\n",
    )
    assert client.get(reader.path).status_code == 200
    assert every_row(db) == before


def test_u8_many_posts_from_one_address_all_succeed(sqlite_db, now):
    client = TestClient(create_app(an_installation(sqlite_db)))
    readers = [a_reader(sqlite_db, now, address=f"r{number}@example.org") for number in range(100)]
    assert {client.post(reader.path, content=ONE_CLICK).status_code for reader in readers} == {200}
    assert {state_of(sqlite_db, reader) for reader in readers} == {SubscriptionState.ENDED}


def test_post_twice_answers_kindly_and_keeps_the_first_moment(db, now, client):
    reader = a_reader(db, now)
    client.post(reader.path, content=ONE_CLICK)
    before = every_row(db)
    answer = client.post(reader.path, content=ONE_CLICK)
    assert (answer.status_code, answer.text) == (
        200,
        "Vous ne recevez plus «\u00a0La lettre du canal\u00a0».\n",
    )
    assert every_row(db) == before


def test_huge_body_neither_acts_nor_crashes(db, now, client):
    reader = a_reader(db, now)
    before = every_row(db)
    answer = client.post(reader.path, content=ONE_CLICK + b"&x=" + b"y" * 200_000, headers=URLENCODED)
    assert answer.status_code == 413
    assert every_row(db) == before
    assert client.post(reader.path, content=ONE_CLICK).status_code == 200


@pytest.mark.parametrize(
    ("languages", "heading", "button"),
    [
        (("fr-BE", "en"), "Quitter «\u00a0La lettre du canal\u00a0»\u202f?", "Se désinscrire"),
        (("en",), "Leave “The Canal Letter”?", "Unsubscribe"),
        (("de", "en"), "Leave “The Canal Letter”?", "Unsubscribe"),
    ],
)
def test_page_speaks_the_readers_language(db, now, client, languages, heading, button):
    reader = a_reader(db, now, languages=languages)
    page = client.get(reader.path, headers={"Accept-Language": "nl, fr;q=0.5, en;q=0.4"}).text
    assert page.count("<h1>") == 1
    assert f"<h1>{heading}</h1>" in page
    assert page.count("<button>") == 1
    assert f"<button>{button}</button>" in page
    assert page.startswith(
        f'<!doctype html>\n<html lang="{"fr" if heading.startswith("Quitter") else "en"}" dir="ltr">'
    )


@pytest.mark.parametrize("languages", [(), ("de",)])
def test_page_for_a_reader_without_known_language_speaks_both(db, now, client, languages):
    reader = a_reader(db, now, languages=languages)
    answer = client.get(reader.path, headers={"Accept-Language": "en"})
    assert answer.headers["content-language"] == "en, fr"
    assert answer.text.count("<button>") == 2
    assert answer.text.index("Leave “") < answer.text.index("Quitter «")
    assert client.get(reader.path).headers["content-language"] == "fr, en"


def test_button_of_the_page_answers_with_a_page(db, now, client):
    reader = a_reader(db, now, languages=("en",))
    answer = client.post(reader.path, data={"from": "page"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>You have left “The Canal Letter”</h1>" in answer.text
    assert "<button>" not in answer.text
    assert state_of(db, reader) == SubscriptionState.ENDED
    assert "<h1>You are not subscribed to “The Canal Letter” any more</h1>" in client.get(reader.path).text


def test_list_without_a_name_in_her_language_shows_another_marked(db, now, client):
    reader = a_reader(db, now, languages=("en",), names={"fr": "Le <b>canal</b> & l’été"})
    page = client.get(reader.path).text
    assert '<h1>Leave “<bdi lang="fr">Le &lt;b&gt;canal&lt;/b&gt; &amp; l’été</bdi>”?</h1>' in page
    assert client.post(reader.path).text == "You have left “Le <b>canal</b> & l’été”.\n"


def test_t21_answers_never_show_the_address(db, now, client):
    reader = a_reader(db, now)
    answers = [
        client.get(reader.path),
        client.head(reader.path),
        client.post(reader.path, data={"from": "page"}),
    ]
    answers += [client.post(reader.path), client.get(reader.path), client.put(reader.path)]
    for answer in answers:
        seen = answer.text + str(answer.headers)
        assert ADDRESS not in seen
        assert "Zoé" not in seen
        assert "zoe" not in seen.lower()


def test_answers_are_private_and_locked_down(db, now, client):
    reader = a_reader(db, now)
    for answer in (
        client.get(reader.path),
        client.post(reader.path),
        client.get("/u/forged"),
        client.put(reader.path),
    ):
        chosen = {
            name: answer.headers[name]
            for name in (
                "referrer-policy",
                "cache-control",
                "x-robots-tag",
                "x-content-type-options",
                "content-security-policy",
            )
        }
        assert chosen == {
            "referrer-policy": "no-referrer",
            "cache-control": "no-store",
            "x-robots-tag": "noindex",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'",
        }


def test_forged_tokens_get_one_and_the_same_page(db, now, client):
    a_reader(db, now)
    before = every_row(db)
    stranger = Keyring("another installation").sign("unsubscribe", random_name())
    pages = set()
    for path in (
        "/u/forged",
        "/u/forged/",
        f"/u/{stranger}",
        "/u/" + "A" * 40,
        "/u/" + "A" * 4000,
        "/u/é",
        "/u/..%2F",
    ):
        for answer in (client.get(path), client.post(path, content=ONE_CLICK)):
            assert answer.status_code == 404
            pages.add(answer.text)
    assert len(pages) == 1
    assert every_row(db) == before


@pytest.mark.parametrize("purpose", ["archive", "confirm", "preferences", "suppression", "Unsubscribe", ""])
def test_t20_token_of_another_purpose_is_refused(db, now, client, purpose):
    reader = a_reader(db, now)
    assert client.post(f"/u/{Keyring(SECRET).sign(purpose, reader.public_name)}").status_code == 404
    assert state_of(db, reader) == SubscriptionState.ACTIVE


def test_m4_t20_token_with_any_bit_flipped_changes_nothing(sqlite_db: Database, now):  # T20
    client = TestClient(create_app(an_installation(sqlite_db)))
    reader = a_reader(sqlite_db, now)
    raw = base64.urlsafe_b64decode(reader.token)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, len(raw) * 8 - 1))
    def flip(bit: int) -> None:
        forged = bytearray(raw)
        forged[bit // 8] ^= 1 << bit % 8
        token = base64.urlsafe_b64encode(bytes(forged)).decode()
        assert client.post(f"/u/{token}").status_code == 404

    flip()
    assert state_of(sqlite_db, reader) == SubscriptionState.ACTIVE


def test_t30_host_header_is_never_used_for_links(db, now, client):
    reader = a_reader(db, now)
    for path in (reader.path, "/", "/fr/", "/nowhere"):
        answer = client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
        assert "evil.example" not in answer.text + str(answer.headers)
