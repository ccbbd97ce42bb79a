"""The pages in a real browser: accessible in both languages, light and dark, wide and narrow; hostile mails do nothing."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from builders_web import (
    Reader,
    a_caught_mail,
    a_frozen_edition,
    a_reader,
    an_installation,
    every_row,
    state_of,
)
from needed_parts import missing_part
from newsletter.audience.models import SubscriptionState
from newsletter.foundation.database import Database
from newsletter.foundation.signing import readable_name
from newsletter.web.app import create_app
from newsletter.web.inbox import inbox_routes
from newsletter.web.serve import running_app

pytestmark = pytest.mark.slow

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-sync",
]
AXE_OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
WATCH = """
window.blocked = [];
document.addEventListener('securitypolicyviolation', e => blocked.push(e.effectiveDirective + ' ' + e.blockedURI));
"""
MAIL = """<html lang="fr"><head><style>
body { background: #fff; color: #111 } @media (prefers-color-scheme: dark) { body { background: #010203; color: #fff } }
</style></head><body><p>Bonjour</p><a id="leave" href="%s">Se désinscrire</a></body></html>"""
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>'


@dataclass(frozen=True, slots=True)
class Running:
    """A site with readers, an edition and caught mails; addresses are whole."""

    base: str
    database: Database
    reader: Reader
    paths: dict[str, str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        missing_part("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def site(sqlite_db, now) -> Iterator[Running]:
    mails = []
    with ExitStack() as stack:
        # The port must be known before the app is made, as in the demo: links in mails begin with it.
        later = _Later()
        port = stack.enter_context(running_app(later))
        base = f"http://127.0.0.1:{port}"
        installation = an_installation(sqlite_db, base_url=base, website="https://example.org/")
        later.app = create_app(installation, extra_routes=inbox_routes(lambda: mails))
        french = a_reader(sqlite_db, now, languages=("fr",), address="fr@example.org")
        unknown = a_reader(sqlite_db, now, languages=(), address="unknown@example.org")
        html = MAIL % f"{base}{french.path}"
        mails.append(a_caught_mail(now, 1, html=html, base_url=base, token=french.token))
        mails.append(a_caught_mail(now, 2, languages="fr, en", subject="Deux langues"))
        hostile = a_caught_mail(
            now, 3, subject=HOSTILE, text=HOSTILE, html=f"<head></head><body>{HOSTILE}</body>"
        )
        mails.append(hostile)
        edition = readable_name(a_frozen_edition(sqlite_db, now, {"fr": html}))
        paths = {
            "ask": french.path,
            "ask in both": unknown.path,
            "not there": "/nowhere",
            "front": "/",
            "inbox": "/inbox/",
            "mail": "/inbox/1?scheme=dark&width=phone",
            "text": "/inbox/1?view=text",
            "headers": "/inbox/2?view=headers",
            "source": "/inbox/2?view=source",
            "hostile": "/inbox/3",
            "edition": f"/fr/archive/{edition}",
        }
        yield Running(base, sqlite_db, french, paths)


class _Later:
    """An app that is set once its own port is known."""

    app = None

    async def __call__(self, scope, receive, send) -> None:
        await self.app(scope, receive, send)


def opened(browser: Browser, **options: object) -> Page:
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(10_000)
    page.add_init_script(WATCH)
    return page


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=AXE_OPTIONS).response["violations"]
    return [f"{item['id']}: {item['nodes'][0]['html'][:160]}" for item in found]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_are_accessible_and_fit(browser, site, language, scheme, width):
    page = opened(browser, locale=language, color_scheme=scheme, viewport={"width": width, "height": 800})
    found = {}
    for name, path in site.paths.items():
        if name in {"hostile", "edition"}:
            continue
        page.goto(site.base + path)
        fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        found[name] = (violations(page), page.evaluate("blocked"), fits)
    assert found == dict.fromkeys(found, ([], [], True))
    assert len(found) == 9
    page.context.close()


def test_axe_would_have_found_something(browser, site):
    page = opened(browser)
    page.goto(site.base + "/")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button><input>')"
    )
    assert {text.split(":")[0] for text in violations(page)} >= {"button-name", "label"}
    page.context.close()


def test_hostile_mail_does_nothing(browser, site):
    page = opened(browser)
    said = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    for view in ("mail", "text", "headers", "source"):
        page.goto(f"{site.base}/inbox/3?view={view}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("blocked") == []
        assert page.locator("main script, main img, main svg").count() == 0
    page.goto(f"{site.base}/inbox/3/document")  # opened by itself, it is sandboxed as well
    page.wait_for_load_state("networkidle")
    assert said == []
    page.context.close()


def test_leaving_by_the_button_of_the_page_without_scripts(browser, site):
    page = opened(browser, java_script_enabled=False)
    before = every_row(site.database)
    page.goto(site.base + site.paths["ask"])
    assert every_row(site.database) == before
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Vous avez quitté").wait_for()
    assert page.context.cookies() == []
    assert state_of(site.database, site.reader) == SubscriptionState.ENDED
    page.context.close()


def test_unsubscribe_link_of_a_caught_mail_leads_to_its_page(browser, site):
    page = opened(browser)
    page.goto(f"{site.base}/inbox/1")
    with page.context.expect_page() as opening:
        page.frame_locator("iframe").locator("#leave").click()
    opening.value.get_by_role("button", name="Se désinscrire").click()
    opening.value.get_by_role("heading", name="Vous avez quitté").wait_for()
    assert state_of(site.database, site.reader) == SubscriptionState.ENDED
    page.context.close()


def test_one_click_button_of_the_inbox_does_what_a_mailbox_does(browser, site):
    page = opened(browser, locale="en")
    page.goto(f"{site.base}/inbox/1")
    with page.context.expect_page() as opening:
        page.get_by_role("button", name="One-click unsubscribe").click()
    opening.value.get_by_text("Vous avez quitté «\u00a0La lettre du canal\u00a0».").wait_for()
    assert state_of(site.database, site.reader) == SubscriptionState.ENDED
    page.context.close()


@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize(
    ("scheme", "background"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(1, 2, 3)")]
)
def test_mail_is_previewed_in_light_and_dark_whatever_the_system_is(
    browser, site, system, scheme, background
):
    page = opened(browser, color_scheme=system)
    page.goto(f"{site.base}/inbox/1?scheme={scheme}")
    page.frame_locator("iframe").locator("#leave").wait_for()
    frame = page.frames[1]
    assert frame.evaluate("getComputedStyle(document.body).backgroundColor") == background
    page.context.close()


def test_edition_in_the_browser_is_shown_with_its_styles(browser, site):
    page = opened(browser)
    page.goto(site.base + site.paths["edition"])
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(17, 17, 17)"
    assert page.evaluate("blocked") == []
    page.context.close()
