"""The theme in a browser: axe finds nothing, in each variant, light and dark, wide and narrow."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Route, sync_playwright

from builders_rendering import a_branding, a_content
from newsletter.foundation.merge import Field, keep_blocks, split_fields
from newsletter.rendering.render import render_edition
from newsletter.rendering.themes import load_theme

CHROMIUM = Path("/usr/bin/chromium")
# A mail lies inside the page of a mail program, which has the landmarks.
RULES = {"rules": {"landmark-one-main": {"enabled": False}, "region": {"enabled": False}}}
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
VALUES = {"greeting": "Bonjour Marie,", "link": "https://jardins.example/u/x"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not CHROMIUM.exists() and os.environ.get("CI") != "true", reason=f"there is no browser at {CHROMIUM}"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield started
        started.close()


def as_mailed(html: str) -> str:
    pieces = split_fields(keep_blocks(html, "mail"))
    return "".join(VALUES[piece.name] if isinstance(piece, Field) else piece for piece in pieces)


def answer_with_a_picture(route: Route) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (120, 60), "#88aa99").save(picture, "PNG")
    route.fulfill(body=picture.getvalue(), content_type="image/png")


@pytest.mark.parametrize("accent", ["#14539a", "#ffdd00"])
@pytest.mark.parametrize("width", [600, 390])
@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("variant", ["fr", "en", "fr+en", "en+fr"])
def test_axe_finds_nothing(browser: Browser, variant: str, mode: str, width: int, accent: str) -> None:
    html = as_mailed(
        render_edition(a_content(variant, branding=a_branding(accent=accent)), load_theme("letter")).html
    )
    page = browser.new_page(color_scheme=mode, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
    try:
        page.route("**/*", answer_with_a_picture)
        page.set_content(html)
        result = Axe().run(page, options=RULES)
        found = [
            (violation["id"], node["html"][:120], node["failureSummary"])
            for violation in result.response["violations"]
            for node in violation["nodes"]
        ]
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (
            "the letter is wider than the screen"
        )
    finally:
        page.close()
