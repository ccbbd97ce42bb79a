"""What people type stays what they typed: no template, no command, no other site, no other door (T1 T2 T4 T5 T10 T14)."""

import email
import email.policy
import re
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa
from starlette.routing import Route
from starlette.testclient import TestClient

from builders import NOW, a_list, a_masthead, a_reader, an_announcement, an_edition
from builders_archive import an_archive
from builders_sign_up import Office, an_office, message_of
from builders_web import BASE_URL, an_installation, every_row
from newsletter.audience.models import MailingList, Subscriber
from newsletter.editions.freezing import freeze_now
from newsletter.editions.queries import rendered_variants
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.claiming import ClaimedDelivery
from newsletter.mailing.compose import Composer, sender_of
from newsletter.transport.content import FINAL_DOT, data_pieces
from newsletter.transport.octets import whole
from newsletter.web.app import create_app
from newsletter.web.routes import PUBLIC_ROUTES

TEMPLATE_ATTACKS = (
    "{{1111*1111}}",
    "{% include '/etc/passwd' %}",
    "{{cycler.__init__.__globals__.os.popen('id').read()}}",
    "${1111*1111}",
    "#{1111*1111}",
    "<%= 1111*1111 %>",
    '{{ env "NEWSLETTER_SECRET" }}',
)


def mailed(db: Database, keyring: Keyring, attack: str) -> tuple[bytes, list[str]]:
    """The octets of a mail whose every text is the attack, and its subject and bodies as a receiver reads them."""
    with db.transaction() as session:
        mailing_list = a_list(session, names={"fr": attack, "en": attack})
        item = an_announcement(session, ["fr"], title=attack)
        item.translations[0].body = f"Bonjour.\n\n`{attack}`"
        item.translations[0].summary = attack
        a_reader(session, keyring, mailing_list, first_name=attack, name=attack)
        texts = {"fr": attack}
        edition = an_edition(session, mailing_list, [item], languages=["fr"], subjects=texts, intros=texts)
        edition_id, masthead = edition.id, a_masthead(mailing_list)
    freeze_now(db, edition_id, masthead, NOW)
    with db.read() as session:
        mailing_list = session.scalars(sa.select(MailingList)).one()
        composer = Composer(
            sender_of(mailing_list, "", BASE_URL, keyring), rendered_variants(session, edition_id), "m1"
        )
    raw = whole(
        composer.makers(
            [ClaimedDelivery(1, "fr", "zoe@example.org", attack, attack, b"twelve bytes", 1)], NOW
        )[0]()
    )
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return raw, [str(message["Subject"]), *(part.get_content() for part in message.iter_parts())]  # type: ignore[attr-defined]


@pytest.mark.parametrize("attack", TEMPLATE_ATTACKS)
def test_t1_template_in_any_text_comes_out_as_typed(
    sqlite_db: Database, keyring: Keyring, attack: str
) -> None:
    _, read = mailed(sqlite_db, keyring, attack)
    subject, text, html = read
    assert only_signs(attack) in only_signs(subject)
    assert only_signs(text).count(only_signs(attack)) >= 4
    for part in (subject, text, html):
        assert "1234321" not in part
        assert "uid=" not in part
        assert "root:" not in part


def only_signs(text: str) -> str:
    """Without spaces and quotation marks, which French typography sets."""
    return re.sub(r"[\s'’\"“”«»]", "", text)


def test_t2_template_that_would_never_end_is_text_and_takes_no_time(
    sqlite_db: Database, keyring: Keyring
) -> None:
    attack = "{% for a in range(10**9) %}{% for b in range(10**9) %}x{% endfor %}{% endfor %}"
    begin = time.perf_counter()
    _, (subject, text, _) = mailed(sqlite_db, keyring, attack)
    assert time.perf_counter() - begin < 20
    assert "{% for a in range(10**9) %}" in subject
    assert "{% for a in range(10**9) %}" in text


@pytest.mark.parametrize(
    "attack",
    ["a\r\n.\r\nMAIL FROM:<x@evil.example>\r\n", "a\n.\nQUIT\n", "a\r.\rQUIT", "a\x00b", "a\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029b"],
    ids=["crlf dot", "lf dot", "cr dot", "nul", "odd line ends"],
)  # fmt: skip
def test_t4_t5_nothing_typed_ends_the_message_or_adds_a_header(
    sqlite_db: Database, keyring: Keyring, attack: str
) -> None:
    raw, _ = mailed(sqlite_db, keyring, attack)
    wire = b"".join((*data_pieces(raw), FINAL_DOT))
    assert wire.endswith(b"\r\n.\r\n")
    assert b"\r\n.\r\n" not in wire[:-5]
    assert re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", wire) is None
    names = [
        line.split(b":")[0].lower()
        for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n")
        if line[:1] not in b" \t"
    ]
    assert len(names) == len(set(names))
    assert b"mail from" not in names


@pytest.fixture
def office(sqlite_db: Database, now: datetime) -> Iterator[Office]:
    with an_office(sqlite_db, now) as opened:
        yield opened


def every_path(office: Office) -> list[str]:
    """Each public path, with values that exist."""
    [edition] = an_archive(office.db, office.now, "gazette")
    office.confirmed()
    values = {
        "language": "fr",
        "slug": "letter",
        "token": office.token(office.mails()[0]),
        "name": edition,
        "sha256": "0" * 64,
        "extension": "png",
        "address": "web.css",
    }
    return sorted(
        {
            re.sub(r"{(\w+)}", lambda match: values[match[1]], route.path)
            for route in PUBLIC_ROUTES
            if isinstance(route, Route)
        }
    )


def test_t10_no_page_ever_leads_to_another_site(office: Office) -> None:
    away = "https://evil.example/"
    names = ("next", "url", "u", "return", "redirect", "redirect_uri", "lang", "lists", "page", "from")
    query = "&".join(f"{name}={away}" for name in names)
    for path in [
        *every_path(office),
        "//evil.example/",
        "/%2f%2fevil.example",
        "/\\evil.example",
        "/fr//evil.example",
    ]:
        for method in ("GET", "POST"):
            answer = office.client.request(method, f"{path}?{query}", headers={"Referer": away})
            assert not 300 <= answer.status_code < 400, (method, path)
            assert "location" not in answer.headers
            assert "refresh" not in answer.headers
            assert 'http-equiv="refresh"' not in answer.text
            assert "evil.example" not in re.sub(r'value="[^"]*"', "", answer.text), (method, path)


@pytest.mark.parametrize(
    "path",
    [
        "/fr/subscribe/board", "/fr/subscribe/board/", "/fr/subscribe//board", "/fr/subscribe/BOARD", "/fr/subscribe/board%2f",
        "/fr/subscribe/./board", "/fr/subscribe/letter/../board", "/fr/subscribe/%62oard", "/fr/subscribe/board;x", "/fr/subscribe/board%00",
        "/fr/archive/lists/board", "/fr/archive/lists/board/", "/fr/archive/lists/BOARD", "/fr/archive/lists//board",
        "/fr/archive/lists/board/atom.xml", "/FR/archive/lists/board", "/fr/archive/lists/%62oard", "//fr/archive/lists/board",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_t14_private_list_is_behind_no_spelling_of_its_path(office: Office, path: str, method: str) -> None:
    before = every_row(office.db)
    answer = office.client.request(method, path, content=b"address=zoe@example.org")
    assert answer.status_code in {404, 405}, answer.text
    assert "canal" not in answer.text.replace("Jardins du Canal", "")
    assert every_row(office.db) == before


def test_t30_mails_link_to_our_own_address_whoever_the_request_said_we_are(office: Office) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "javascript"}
    office.sign_up(headers=headers)
    office.work()
    token = office.token()
    office.client.post(f"/fr/confirm/{token}", data={"from": "page"}, headers=headers)
    with office.db.read() as session:
        [reader] = session.scalars(sa.select(Subscriber))
        name = session.execute(sa.text("SELECT public_name FROM subscription")).scalar_one()
    assert reader.address == "zoe@example.org"
    link = office.installation.keyring.sign("unsubscribe", name)
    office.client.post(f"/u/{link}", headers=headers)
    office.work()
    assert len(office.mails()) == 2
    for mail in office.mails():
        bodies = "".join(part.get_content() for part in message_of(mail).iter_parts())
        urls = re.findall(r"https?://[^\s\"'<>)]+", bodies)
        assert urls
        assert {url.split("/")[2] for url in urls if "w3.org" not in url} == {"news.example.org"}


def test_t14_every_other_method_is_refused_at_every_path(office: Office) -> None:
    client = TestClient(create_app(an_installation(office.db)), follow_redirects=False)
    paths = every_path(office)
    before = every_row(office.db)
    for path in paths:
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "CONNECT"):
            assert client.request(method, path).status_code in {404, 405}, (method, path)
    assert every_row(office.db) == before
