"""Every theme in a browser: axe finds nothing, in each variant, light and dark, wide and narrow."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from browser_pages import as_mailed, browser, page_of
from builders_rendering import a_branding, a_content, a_rich_content
from newsletter.rendering.content import EditionContent
from newsletter.rendering.render import render_edition
from newsletter.rendering.themes import load_theme, theme_names

# A mail lies inside the page of a mail program, which has the landmarks.
RULES = {"rules": {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}}
PALE = "#ffdd00"
LOOKS: tuple[tuple[Literal["light", "dark"], int], ...] = (
    ("light", 600),
    ("light", 390),
    ("dark", 600),
    ("dark", 390),
)

__all__ = ["browser"]  # the fixture
pytestmark = pytest.mark.slow


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["fr", "en", "fr+en", "en+fr", "ar", "ar+fr", "fr+ar"])
@pytest.mark.parametrize("theme", theme_names())
def test_axe_finds_nothing_light_or_dark_wide_or_narrow(browser: Browser, theme: str, variant: str) -> None:
    check(browser, a_rich_content(variant), theme)


@pytest.mark.slow
@pytest.mark.parametrize("theme", theme_names())
def test_axe_finds_nothing_where_the_accent_is_pale(browser: Browser, theme: str) -> None:
    check(browser, a_content("fr", branding=a_branding(accent=PALE)), theme)


def check(browser: Browser, content: EditionContent, theme: str) -> None:
    html = as_mailed(render_edition(content, load_theme(theme)).html)
    with page_of(browser, html, "light", 600) as page:
        Axe().run(page, options=RULES)  # leaves axe in the page
        for mode, width in LOOKS:
            page.emulate_media(color_scheme=mode)
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") is (mode == "dark")
            result = page.evaluate("options => axe.run(document, options)", RULES)
            found = [
                (violation["id"], node["html"][:120], node["failureSummary"])
                for violation in result["violations"]
                for node in violation["nodes"]
            ]
            assert (mode, width, found) == (mode, width, [])
            assert page.evaluate("document.documentElement.scrollWidth") <= width, "wider than the screen"
