"""A real browser: a scanner that runs scripts follows every link of a mail; hostile text is shown and does nothing (T3 T18)."""

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from browser_pages import browser as browser
from builders import a_frozen_edition
from builders import a_reader as a_subscription
from builders_archive import an_issue
from builders_sign_up import an_office
from builders_web import SECRET, an_installation, every_row
from newsletter.audience.models import MailingList, Subscription, SubscriptionState
from newsletter.editions.queries import rendered_variants
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.compose import Composer, sender_of
from newsletter.mailing.ledger import ClaimedDelivery
from newsletter.transport.octets import whole
from newsletter.web.app import create_app
from newsletter.web.serve import running_app

pytestmark = pytest.mark.slow

SITE = "https://news.canal.example"
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>'-alert(4)-'"
WATCH = """
window.blocked = [];
document.addEventListener('securitypolicyviolation', e => blocked.push(e.effectiveDirective + ' ' + e.blockedURI));
"""


def links_of_a_mail(db: Database) -> list[str]:
    """Every web address in the headers and bodies of one reader's edition."""
    keyring = Keyring(SECRET)
    list_id, edition_id = a_frozen_edition(db)
    with db.transaction() as session:
        mailing_list = session.get_one(MailingList, list_id)
        name = a_subscription(session, keyring, mailing_list, "zoe@example.org").public_name
        composer = Composer(
            sender_of(mailing_list, "", SITE, keyring), rendered_variants(session, edition_id), "m1"
        )
    claim = ClaimedDelivery(1, "fr", "zoe@example.org", "Zoé", "Zoé", name, 1)
    raw = whole(composer.makers([claim], datetime(2026, 11, 23, 9, 0).astimezone())[0]())
    message = email.message_from_bytes(raw, policy=email.policy.default)
    said = "\n".join(str(value) for value in message.values())
    said += "".join(part.get_content() for part in message.iter_parts())  # type: ignore[attr-defined]
    return sorted(set(re.findall(rf"{SITE}[^\s\"'<>)]*", said)))


@pytest.mark.slow
def test_t18_scanner_with_a_browser_that_opens_every_link_of_an_edition_changes_nothing(
    sqlite_db: Database, browser: Browser
) -> None:
    links = links_of_a_mail(sqlite_db)
    assert sum("/u/" in link for link in links) == 1
    assert len(links) >= 4, links
    with running_app(create_app(an_installation(sqlite_db))) as port:
        before = every_row(sqlite_db)
        for link in links:
            page = browser.new_page()
            for method in ("HEAD", "GET"):  # as the filters of mail providers do, for headers too
                page.request.fetch(link.replace(SITE, f"http://127.0.0.1:{port}"), method=method)
            page.goto(link.replace(SITE, f"http://127.0.0.1:{port}"), wait_until="networkidle")
            page.evaluate("window.dispatchEvent(new Event('load'))")
            page.mouse.move(100, 300)
            page.mouse.wheel(0, 400)
            page.wait_for_timeout(100)
            page.close()
        assert every_row(sqlite_db) == before
    with sqlite_db.read() as session:
        assert session.scalars(sa.select(Subscription.state)).one() is SubscriptionState.ACTIVE


@pytest.fixture
def hostile_site(sqlite_db: Database, now: datetime) -> Iterator[tuple[str, list[str]]]:
    """A site whose every text is hostile, and its pages."""
    with an_office(sqlite_db, now, organisation=HOSTILE, accent_colour="#115599") as office:
        with sqlite_db.transaction() as session:
            for item in session.scalars(sa.select(MailingList)):
                item.names = {"fr": HOSTILE, "en": HOSTILE}
                item.descriptions = item.cadences = item.consent_texts = {"fr": HOSTILE, "en": HOSTILE}
            letter = session.scalars(sa.select(MailingList).where(MailingList.slug == "letter")).one()
            edition = an_issue(session, letter, 1, now, variants={"fr": HOSTILE})
        headers = {"User-Agent": HOSTILE, "Referer": HOSTILE}
        office.sign_up("zoe@example.org", name="Zoé", headers=headers)
        office.work()
        token = office.token()
        office.client.post(f"/fr/confirm/{token}", data={"from": "page"}, headers=headers)
        with sqlite_db.read() as session:
            name = session.scalars(sa.select(Subscription.public_name)).one()
        paths = [
            "/fr/", "/fr/subscribe", "/fr/subscribe/letter", "/fr/archive", "/fr/archive/lists/letter", f"/fr/archive/{edition}",
            f"/fr/confirm/{token}", f"/fr/not-me/{token}", f"/u/{Keyring(SECRET).sign('unsubscribe', name)}", "/fr/nowhere",
        ]  # fmt: skip
        office.now += timedelta(minutes=1)
        with running_app(create_app(office.installation, now=lambda: office.now)) as port:
            yield f"http://127.0.0.1:{port}", paths


def test_t3_hostile_names_agents_and_typed_texts_are_shown_and_do_nothing(
    hostile_site: tuple[str, list[str]], browser: Browser
) -> None:
    base, paths = hostile_site
    context = browser.new_context(user_agent=HOSTILE, extra_http_headers={"Referer": HOSTILE})
    page = context.new_page()
    page.add_init_script(WATCH)
    said: list[str] = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    shown = 0
    for path in paths:
        answer = page.goto(base + path, wait_until="networkidle")
        assert answer is not None
        assert answer.status in {200, 404}
        assert page.locator("script, img[onerror], svg[onload]").count() == 0, path
        assert page.evaluate("blocked") == [], path
        shown += "<script>alert(1)</script>" in page.inner_text("body")
    assert shown >= 7
    page.goto(f"{base}/fr/subscribe")
    page.locator("#address").fill(HOSTILE)
    page.locator("#name").fill(HOSTILE)
    page.locator("form button").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("#name").input_value() == HOSTILE[:100]
    assert page.locator("script, img, svg[onload]").count() == 0
    assert said == []
    context.close()
