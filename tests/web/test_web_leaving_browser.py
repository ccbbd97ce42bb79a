"""The pages of leaving in a real browser: without scripts, by keyboard, accessible in each language, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from browser_pages import browser as browser
from builders_web import a_list, a_reader, an_installation
from newsletter.audience.models import Subscription
from newsletter.foundation.database import Database
from newsletter.web.app import create_app
from newsletter.web.serve import running_app

pytestmark = pytest.mark.slow

AXE_OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
PHONE, DESK, WEIGHT_MAX = 390, 1200, 30_000


def findings(page: Page) -> list[str]:
    found = Axe().run(page, options=AXE_OPTIONS).response
    return [f"{item['id']}: {node['html']}" for item in found["violations"] for node in item["nodes"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("languages", "mode"),
    [(("fr",), "light"), (("fr",), "dark"), (("en",), "light"), (("en",), "dark"), (("nl",), "light"), (("de",), "dark"), ((), "light")],
    ids=lambda value: value if isinstance(value, str) else "+".join(value) or "unknown",
)  # fmt: skip
def test_pages_of_leaving_are_light_fit_a_phone_and_have_no_axe_finding(
    sqlite_db: Database, now, browser: Browser, languages: tuple[str, ...], mode: str
) -> None:
    with sqlite_db.transaction() as session:
        a_list(session, now, slug="other", list_id="other.example.org")
    reader = a_reader(sqlite_db, now, languages=languages)
    app = create_app(an_installation(sqlite_db, languages=("fr", "en", "nl", "de")), now=lambda: now)
    page = browser.new_page(color_scheme=mode, viewport={"width": PHONE, "height": 800})  # type: ignore[arg-type]
    weights: list[int] = []
    page.on("response", lambda response: weights.append(len(response.body())))
    seen: dict[str, list[str]] = {}

    def look(name: str) -> None:
        assert sum(weights) < WEIGHT_MAX, name
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE, name
        seen[name] = findings(page)
        page.set_viewport_size({"width": DESK, "height": 800})
        seen[f"{name}, wide"] = findings(page) if name == "done" else []
        page.set_viewport_size({"width": PHONE, "height": 800})
        weights.clear()

    with running_app(app) as port:
        page.goto(f"http://127.0.0.1:{port}{reader.path}")
        look("ask")
        page.locator("main button").first.click()
        page.locator(".why").first.wait_for()
        look("done")
        page.locator("input[value=too_often]").first.check()
        page.locator(".why button").first.click()
        page.locator(".why").first.wait_for(state="detached")
        look("thanks")
        page.goto(f"http://127.0.0.1:{port}{reader.path}")
        look("left")
    page.close()
    assert {name: found for name, found in seen.items() if found} == {}
    with sqlite_db.read() as session:
        kept = session.get_one(Subscription, reader.subscription_id)
    assert (kept.state.value, kept.leave_reason and kept.leave_reason.value) == ("ended", "too_often")


def test_reader_leaves_everything_by_keyboard_without_scripts(
    sqlite_db: Database, now, browser: Browser
) -> None:
    with sqlite_db.transaction() as session:
        a_list(session, now, slug="other", list_id="other.example.org")
    reader = a_reader(sqlite_db, now, languages=("en",))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    with running_app(create_app(an_installation(sqlite_db))) as port:
        page.goto(f"http://127.0.0.1:{port}{reader.path}")
        for key in ("Tab", "Space", "Tab", "Enter"):
            page.keyboard.press(key)
        page.get_by_role("heading", name="You have left all our newsletters").wait_for()
        assert context.cookies() == []
    context.close()
