"""The mail of one reader, on the raw bytes: a lenient parser would hide what a receiver cannot read."""

import email
import email.policy
import re
from email.message import EmailMessage

import dkim
import pytest

from builders import NOW, a_frozen_edition, a_reader
from newsletter.audience.models import MailingList
from newsletter.editions.queries import rendered_variants
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.compose import Composer, greeting, sender_of
from newsletter.mailing.ledger import ClaimedDelivery
from newsletter.transport.dkim import new_key, open_signer
from newsletter.transport.octets import whole

BASE_URL = "https://news.canal.example"


@pytest.fixture
def composer(sqlite_db: Database, keyring: Keyring) -> Composer:
    list_id, edition_id = a_frozen_edition(
        sqlite_db, intros={"fr": "Chère [[first_name|amie]], voici.", "en": "Hi."}
    )
    with sqlite_db.transaction() as session:
        mailing_list = session.get_one(MailingList, list_id)
        mailing_list.reply_to = "desk@canal.example"
        a_reader(session, keyring, mailing_list)
    with sqlite_db.read() as session:
        sender = sender_of(session.get_one(MailingList, list_id), "", BASE_URL, keyring)
        return Composer(sender, rendered_variants(session, edition_id), "m1")


def a_claim(variant: str, first_name: str = "Zoé", name: str = "Zoé Über-Lang") -> ClaimedDelivery:
    return ClaimedDelivery(7, variant, "zoe@example.org", name, first_name, b"twelve bytes", 1)


def raw(composer: Composer, claim: ClaimedDelivery) -> bytes:
    return whole(composer.makers([claim], NOW)[0]())


def header_lines(message: bytes) -> dict[bytes, bytes]:
    """Unfolded header lines by lower-case name; a name that comes twice fails."""
    head = message.split(b"\r\n\r\n", 1)[0]
    lines = re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n")
    names = [line.split(b":", 1)[0].lower() for line in lines]
    assert len(names) == len(set(names))
    return {line.split(b":", 1)[0].lower(): line for line in lines}


def parsed(message: bytes) -> EmailMessage:
    found = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_m1_m2_m5_m6_m9_m16_headers_stand_on_the_wire_as_receivers_read_them(
    composer: Composer, keyring: Keyring
) -> None:
    """M1, M2, M5, M6, M9, M16 of the requirements: RFC 8058 section 3.1, RFC 2369, RFC 2919, RFC 3282."""
    message = raw(composer, a_claim("fr"))
    token = keyring.sign("unsubscribe", b"twelve bytes").encode()
    assert (
        b"\r\nList-Unsubscribe: <https://news.canal.example/u/" + token + b">, "
        b"<mailto:desk@canal.example?subject=unsubscribe%20" + token + b">\r\n"
    ) in message
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in message
    assert b"\r\nList-Id: La lettre du canal <letter.canal.example>\r\n" in message
    assert b"\r\nContent-Language: fr\r\n" in message
    assert b"\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n" in message
    assert b"\r\nReply-To: desk@canal.example\r\n" in message
    assert re.search(rb"\r\nMessage-ID: <m1\.[0-9a-f]{24}@canal\.example>\r\n", message)
    lines = header_lines(message)
    assert lines[b"from"] == b"From: La lettre du canal <letter@canal.example>"
    assert b"auto-submitted" not in lines
    assert all(len(line) <= 998 for line in message.split(b"\r\n"))
    assert message.isascii()


def test_m7_list_headers_say_who_owns_the_list_and_where_its_editions_stand(composer: Composer) -> None:
    lines = header_lines(raw(composer, a_claim("en+fr")))
    assert lines[b"list-post"] == b"List-Post: NO"
    assert lines[b"list-help"] == b"List-Help: <https://news.canal.example/en/>"
    assert lines[b"list-owner"] == b"List-Owner: <mailto:desk@canal.example>"
    assert lines[b"list-archive"] == b"List-Archive: <https://news.canal.example/en/archive/lists/letter>"
    assert lines[b"x-auto-response-suppress"] == b"X-Auto-Response-Suppress: OOF, AutoReply"


def test_m7_private_list_names_no_archive(sqlite_db: Database, keyring: Keyring) -> None:
    list_id, edition_id = a_frozen_edition(sqlite_db)
    with sqlite_db.transaction() as session:
        session.get_one(MailingList, list_id).is_public = False
    with sqlite_db.read() as session:
        sender = sender_of(session.get_one(MailingList, list_id), "", BASE_URL, keyring)
        composer = Composer(sender, rendered_variants(session, edition_id), "m1")
    lines = header_lines(raw(composer, a_claim("fr")))
    assert b"list-archive" not in lines
    assert lines[b"list-help"] == b"List-Help: <https://news.canal.example/fr/>"


def test_m11_feedback_id_groups_without_naming_a_reader(composer: Composer) -> None:
    lines = {variant: header_lines(raw(composer, a_claim(variant))) for variant in ("fr", "fr+en")}
    assert lines["fr"][b"feedback-id"] == b"Feedback-ID: m1:fr:letter:canal.example"
    assert lines["fr+en"][b"feedback-id"] == b"Feedback-ID: m1:fr-en:letter:canal.example"
    other = ClaimedDelivery(8, "fr", "max@example.org", "Max", "Max", b"other reader", 1)
    assert header_lines(raw(composer, other))[b"feedback-id"] == lines["fr"][b"feedback-id"]


def test_m3_mail_of_a_list_is_signed_by_its_domain(sqlite_db: Database, keyring: Keyring) -> None:
    signer = open_signer("canal.example", "s2026", new_key(is_rsa=False))
    list_id, edition_id = a_frozen_edition(sqlite_db)
    with sqlite_db.read() as session:
        sender = sender_of(session.get_one(MailingList, list_id), "", BASE_URL, keyring, signer.sign)
        composer = Composer(sender, rendered_variants(session, edition_id), "m1")
    message = raw(composer, a_claim("fr+en"))
    record = signer.dns_value.encode()
    assert dkim.verify(message, dnsfunc=lambda _name, **_: record)
    assert not dkim.verify(message.replace(b"/u/", b"/v/", 1), dnsfunc=lambda _name, **_: record)


def test_to_and_subject_survive_accents(composer: Composer) -> None:
    message = parsed(raw(composer, a_claim("fr")))
    assert message["To"] == "Zoé Über-Lang <zoe@example.org>"
    assert message["Subject"] == "La lettre du canal, n°\u00a01\u00a0: Le café répare-tout ouvre"
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("variant", "hello", "content_language"),
    [
        ("fr", ["Bonjour Zoé,"], "fr"),
        ("en", ["Hello Zoé,"], "en"),
        ("fr+en", ["Bonjour Zoé,", "Hello Zoé,"], "fr, en"),
        ("en+fr", ["Hello Zoé,", "Bonjour Zoé,"], "en, fr"),
    ],
)
def test_each_variant_greets_in_its_languages_in_both_bodies(
    composer: Composer, variant: str, hello: list[str], content_language: str
) -> None:
    message = parsed(raw(composer, a_claim(variant)))
    assert message["Content-Language"] == content_language
    for part in message.iter_parts():
        body = part.get_content()
        assert re.findall("Bonjour Zoé,|Hello Zoé,", body) == hello
        assert "[[" not in body


def test_reader_without_a_name_is_greeted_without_one(composer: Composer) -> None:
    assert (greeting("fr", ""), greeting("en", "")) == ("Bonjour,", "Hello,")
    message = parsed(raw(composer, a_claim("fr", first_name="", name="")))
    assert message["To"] == "zoe@example.org"
    for part in message.iter_parts():
        assert "Bonjour," in part.get_content()
        assert "Chère amie, voici." in part.get_content()


@pytest.mark.parametrize(("variant", "leave"), [("fr", "désinscrire"), ("en", "nsubscribe")])
def test_m20_unsubscribe_link_and_postal_address_stand_in_both_bodies_in_the_readers_language(
    composer: Composer, keyring: Keyring, variant: str, leave: str
) -> None:
    url = f"{BASE_URL}/u/{keyring.sign('unsubscribe', b'twelve bytes')}"
    text, html = (part.get_content() for part in parsed(raw(composer, a_claim(variant))).iter_parts())
    assert url in text
    assert f'href="{url}"' in html
    for body in (text, html):
        assert leave in body.replace("désabonner", "désinscrire")
        assert "Canal Gardens" in body
        assert "Quai du Hainaut 23" in body


@pytest.mark.parametrize(
    ("variant", "tags"), [("fr", ["fr"]), ("en", ["en"]), ("fr+en", ["fr", "en"]), ("en+fr", ["en", "fr"])]
)
def test_m16_each_variant_names_its_languages_in_header_and_html(
    composer: Composer, variant: str, tags: list[str]
) -> None:
    message = raw(composer, a_claim(variant))
    assert header_lines(message)[b"content-language"] == f"Content-Language: {', '.join(tags)}".encode()
    _, html = (part.get_content() for part in parsed(message).iter_parts())
    assert re.search(rf'<html[^>]* lang="{tags[0]}"', html)
    assert set(re.findall(r'<div[^>]* lang="(\w+)"', html)) >= set(
        tags
    )  # what stands in for a missing text is marked, too


def test_m6_list_id_is_the_same_in_every_language_of_a_list(composer: Composer) -> None:
    ids = {
        header_lines(raw(composer, a_claim(variant)))[b"list-id"].rpartition(b"<")[2]
        for variant in ("fr", "en", "fr+en", "en+fr")
    }
    assert ids == {b"letter.canal.example>"}
    assert len(ids.pop()) <= 255


def test_m5_unsubscribe_header_has_no_space_within_its_brackets_and_https_before_mailto(
    composer: Composer,
) -> None:
    value = header_lines(raw(composer, a_claim("fr")))[b"list-unsubscribe"].partition(b": ")[2]
    assert [uri.split(b":")[0] for uri in re.findall(rb"<([^>\s]+)>", value)] == [b"https", b"mailto"]
    assert re.sub(rb"<[^>\s]+>", b"<>", value) == b"<>, <>"


@pytest.mark.parametrize(
    "name",
    ["Eve\r\nBcc: victim@example.org", "Eve\x00", 'Eve" <evil@example.org>, "', "=?utf-8?q?x?=", "\u2028Eve"],
)
def test_t4_name_can_never_add_a_header_or_a_recipient(composer: Composer, name: str) -> None:
    """T4: header injection."""
    message = raw(composer, a_claim("fr", first_name=name, name=name))
    lines = header_lines(message)
    assert b"bcc" not in lines
    to = parsed(message)["To"]
    assert [address.addr_spec for address in to.addresses] == ["zoe@example.org"]


def test_t1_t3_name_is_text_in_the_html_and_no_markup(composer: Composer) -> None:
    message = parsed(raw(composer, a_claim("fr", first_name="<script>alert(1)</script> & [[email]] {{7*7}}")))
    text, html = (part.get_content() for part in message.iter_parts())
    assert "Bonjour <script>alert(1)</script> & [[email]] {{7*7}}," in text
    assert "Bonjour &lt;script&gt;alert(1)&lt;/script&gt; &amp; [[email]] {{7*7}}," in html
    assert "<script" not in html
