"""Signing up in a real browser: the whole way from the form to the list, what a mail filter's browser does, and axe."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from browser_pages import browser as browser
from builders_sign_up import Office, an_office, message_of
from builders_web import every_row
from newsletter.audience.models import MailingList
from newsletter.foundation.database import Database
from newsletter.web.app import create_app
from newsletter.web.embedded_form import embedded_form
from newsletter.web.serve import running_app

pytestmark = pytest.mark.slow

AXE_OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
PHONE, DESK = 390, 1200


@pytest.fixture
def office(sqlite_db: Database, now: datetime) -> Iterator[tuple[Office, str]]:
    """An office that is served on this machine, and where."""
    with an_office(sqlite_db, now) as opened:
        with sqlite_db.transaction() as session:
            for item in session.query(MailingList):
                item.cadences = {"fr": "Chaque mois", "en": "Every month"}
                item.descriptions = {"fr": "Des nouvelles du canal.", "en": "News from the canal."}
        app = create_app(opened.installation, now=lambda: opened.now)
        with running_app(app) as port:
            yield opened, f"http://127.0.0.1:{port}"


def axe_findings(page: Page) -> list[str]:
    found = Axe().run(page, options=AXE_OPTIONS).response
    return [f"{item['id']}: {node['html']}" for item in found["violations"] for node in item["nodes"]]


def test_person_signs_up_on_another_site_and_confirms_from_her_mail(
    office: tuple[Office, str],
    browser: Browser,
) -> None:
    opened, base = office
    with opened.db.read() as session:
        html = embedded_form(base, session.query(MailingList).filter_by(slug="letter").one(), "fr")
    page = browser.new_page()
    page.route(
        "http://school.example/",
        lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8"),
    )
    page.goto("http://school.example/")
    page.get_by_label("Adresse e-mail").fill("zoe@example.org")
    page.get_by_role("button", name="S’abonner").click()
    page.get_by_label("Prénom").fill("Zoé")
    page.get_by_label("Les deux").check()
    opened.now += timedelta(seconds=4)
    page.get_by_role("button", name="Oui, je m’abonne").click()
    assert page.get_by_role("heading").inner_text() == "Ouvrez maintenant votre boîte mail"
    opened.work()
    letter = message_of(opened.mails("zoe@example.org")[0]).get_body(("html",))
    assert letter is not None
    mail = browser.new_page()
    mail.set_content(letter.get_content())
    link = mail.get_by_role("link", name="Confirmer mon inscription").get_attribute("href")
    page.goto(str(link).replace("https://news.example.org", base))
    page.get_by_role("button", name="Oui, je m’abonne").click()
    assert page.get_by_role("heading").inner_text() == "Merci, votre inscription est faite"
    assert opened.subscriptions() == {"letter": ("active", None)}
    zoe = opened.subscriber()
    assert zoe is not None
    assert (zoe.first_name, zoe.languages, zoe.reads_both) == ("Zoé", ("fr", "en"), True)
    page.close()
    mail.close()


def test_t18_filter_with_a_browser_that_runs_scripts_and_waits_confirms_nothing(
    office: tuple[Office, str],
    browser: Browser,
) -> None:
    opened, base = office
    opened.sign_up(lists=["letter", "agenda"])
    opened.work()
    raw = message_of(opened.mails()[0])
    bodies = "".join(part.get_content() for part in raw.iter_parts())
    links = set(re.findall(r"https://news\.example\.org/[^\s\"<]+", bodies))
    assert {link.split("/")[4] for link in links} == {"confirm", "not-me"}
    before = every_row(opened.db)
    for link in links:
        page = browser.new_page()
        answer = page.goto(link.replace("https://news.example.org", base), wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200
        page.evaluate(
            "document.dispatchEvent(new Event('DOMContentLoaded')); window.dispatchEvent(new Event('load'))"
        )
        page.mouse.move(200, 300)
        page.wait_for_timeout(300)
        assert page.locator("script").count() == 0
        page.close()
    assert every_row(opened.db) == before


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_of_signing_up_have_no_axe_finding_and_fit_a_phone(
    office: tuple[Office, str],
    browser: Browser,
    language: str,
    mode: str,
) -> None:
    opened, base = office
    opened.sign_up(path=f"/{language}/subscribe", language=language, lists=["letter", "agenda"])
    opened.work()
    token = opened.token()
    page = browser.new_page(color_scheme=mode, viewport={"width": PHONE, "height": 800})
    weights: list[int] = []
    page.on("response", lambda response: weights.append(len(response.body())))
    findings: dict[str, list[str]] = {}

    def look(name: str) -> None:
        findings[name] = axe_findings(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, name
        page.set_viewport_size({"width": DESK, "height": 800})
        findings[f"{name}, wide"] = axe_findings(page)
        page.set_viewport_size({"width": PHONE, "height": 800})

    def visit(path: str) -> None:
        weights.clear()
        page.goto(f"{base}/{language}/{path}")
        look(path)
        assert sum(weights) < 30_000, path

    for path in ("subscribe", "subscribe/letter", f"confirm/{token}", f"not-me/{token}", "confirm/unknown"):
        visit(path)
    visit("subscribe")
    opened.now += timedelta(seconds=5)
    page.locator("#address").fill("zoe@")
    page.locator("#name").fill("www.example")
    page.locator("form button").click()
    look("with problems")
    assert page.evaluate("document.activeElement.name") == "lists"
    page.locator("#address").fill("yan@example.org")
    page.locator("#name").fill("Yan")
    page.locator("#list-1").check()
    page.locator("form button").click()
    look("look into your mailbox")
    page.goto(f"{base}/{language}/confirm/{token}")
    page.locator("form button").click()
    look("confirmed")
    page.close()
    assert {name: found for name, found in findings.items() if found} == {}


def test_hidden_field_is_out_of_the_way_of_people(
    office: tuple[Office, str],
    browser: Browser,
) -> None:
    _, base = office
    page = browser.new_page()
    page.goto(f"{base}/fr/subscribe/letter")
    order = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.name || document.activeElement.tagName"))
    assert "comment" not in order
    assert order[:4] == ["address", "name", "language", "BUTTON"]
    assert page.get_by_role("textbox").count() == 2
    page.close()


def test_page_in_a_language_written_from_right_to_left_holds_together(
    sqlite_db: Database,
    now: datetime,
    browser: Browser,
) -> None:
    with an_office(sqlite_db, now, languages=("ar", "fr")) as opened:
        app = create_app(opened.installation, now=lambda: opened.now)
        # The system has no Arabic words yet; the page is laid out as it would be with them.
        app.state.site = replace(app.state.site, languages=("ar", "fr"))
        with running_app(app) as port:
            page = browser.new_page(viewport={"width": PHONE, "height": 800})
            page.goto(f"http://127.0.0.1:{port}/ar/subscribe")
            assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
            box = page.locator("#list-1").bounding_box()
            label = page.locator("label[for=list-1]").bounding_box()
            assert box is not None
            assert label is not None
            assert box["x"] > label["x"]
            assert axe_findings(page) == []
            page.close()


def test_browser_solves_the_puzzle_while_the_person_types(
    sqlite_db: Database,
    now: datetime,
    browser: Browser,
) -> None:
    with an_office(sqlite_db, now, proof_of_work=True) as opened:
        app = create_app(opened.installation, now=lambda: opened.now)
        with running_app(app) as port:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{port}/fr/subscribe/letter")
            assert axe_findings(page) == []
            page.locator("#address").fill("zoe@example.org")
            opened.now += timedelta(seconds=5)
            page.locator("form button").click()  # solved or not: the script sends it when it is
            page.get_by_role("heading", name="Ouvrez maintenant").wait_for()
            page.close()
        assert [item.address for item in opened.sign_ups()] == ["zoe@example.org"]
