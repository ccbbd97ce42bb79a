"""The archive in a real browser: accessible in both languages, light and dark, wide and narrow, without scripts."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from browser_pages import browser  # noqa: F401 - a fixture
from builders import a_frozen_edition
from builders_archive import an_archive
from builders_web import an_installation
from newsletter.editions.models import Edition
from newsletter.foundation.signing import readable_name
from newsletter.mailing.models import Mailing, MailingState
from newsletter.web.app import create_app
from newsletter.web.serve import running_app

pytestmark = pytest.mark.slow

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WATCH = """
window.blocked = [];
document.addEventListener('securitypolicyviolation', e => blocked.push(e.effectiveDirective + ' ' + e.blockedURI));
"""


@pytest.fixture
def site(sqlite_db, now) -> Iterator[tuple[str, str]]:
    """Where the site is, and the name of an edition that was really rendered."""
    an_archive(sqlite_db, now, count=33)
    an_archive(sqlite_db, now, "agenda", names={"fr": "L’agenda"}, variants={"fr": "L’agenda de mars"})
    _, edition_id = a_frozen_edition(sqlite_db)
    with sqlite_db.transaction() as session:
        session.add(Mailing(edition_id=edition_id, state=MailingState.FINISHED, created_at=now))
        name = readable_name(session.get_one(Edition, edition_id).public_name)
    with running_app(create_app(an_installation(sqlite_db))) as port:
        yield f"http://127.0.0.1:{port}", name


def opened(browser: Browser, **options: object) -> Page:  # noqa: F811
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(10_000)
    page.add_init_script(WATCH)
    return page


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    return [f"{item['id']}: {item['nodes'][0]['html'][:160]}" for item in found]


@pytest.mark.slow
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_archive_is_accessible_and_fits(browser, site, language, scheme, width):  # noqa: F811
    base, name = site
    page = opened(browser, color_scheme=scheme, viewport={"width": width, "height": 800})
    found = {}
    for path in ("", "/lists/canal", "/lists/canal?page=2", "/lists/agenda", f"/{name}"):
        page.goto(f"{base}/{language}/archive{path}")
        fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        found[path] = (violations(page), page.evaluate("blocked"), fits)
    assert found == dict.fromkeys(found, ([], [], True))
    page.context.close()


def test_archive_is_walked_through_without_scripts(browser, site):  # noqa: F811
    base, name = site
    page = opened(browser, java_script_enabled=False)
    page.goto(f"{base}/en/archive")
    page.get_by_role("link", name="All editions (33)").click()
    page.get_by_role("link", name="Older").click()
    page.get_by_text("Page 2 of 2").wait_for()
    page.goto(f"{base}/en/archive/{name}")
    bar = page.get_by_role("navigation", name="Archive")
    bar.get_by_role("link", name="Français").click()
    assert page.url == f"{base}/fr/archive/{name}"
    page.get_by_role("link", name="La lettre du canal\u00a0: toutes les éditions").click()
    page.get_by_role("heading", name="La lettre du canal").wait_for()
    assert page.context.cookies() == []
    page.context.close()


def test_bar_leaves_the_look_of_the_mail_alone(browser, site):  # noqa: F811
    base, name = site
    page = opened(browser, viewport={"width": 800, "height": 800})
    page.goto(f"{base}/fr/archive/{name}")
    look = "e => { const s = getComputedStyle(e); return [s.fontFamily, s.fontSize, s.color, s.lineHeight] }"
    selectors = ("h1", "h2", ".txt p", ".small a", "body")
    with_bar = [page.eval_on_selector(selector, look) for selector in selectors]
    height = page.eval_on_selector(".page", "e => e.getBoundingClientRect().height")
    page.evaluate("document.getElementById('archive-bar').remove()")
    page.eval_on_selector_all(
        "style", "all => all.filter(s => s.textContent.includes('archive-bar')).forEach(s => s.remove())"
    )
    assert [page.eval_on_selector(selector, look) for selector in selectors] == with_bar
    assert page.eval_on_selector(".page", "e => e.getBoundingClientRect().height") == height
    page.context.close()
