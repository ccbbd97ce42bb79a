"""Chromium for tests that look at mails: pages with pictures that need no network, and the difference of two shots."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, Route, sync_playwright

from needed_parts import missing_part
from newsletter.foundation.merge import Field, keep_blocks, split_fields

_CHROMIUM = Path("/usr/bin/chromium")
_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
_VALUES = {"greeting": "Bonjour Marie,", "link": "https://jardins.example/u/x"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not _CHROMIUM.exists():
        missing_part("Chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_CHROMIUM, args=_SWITCHES)
        yield started
        started.close()


@contextmanager
def page_of(browser: Browser, html: str, mode: str, width: int) -> Iterator[Page]:
    """The HTML in a page of that colour scheme and width, every picture answered with a small one."""
    page = browser.new_page(color_scheme=mode, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
    try:
        page.route("**/*", _answer_with_a_picture)
        page.set_content(html)
        yield page
    finally:
        page.close()


def as_mailed(html: str) -> str:
    """Compiled HTML as one reader gets it."""
    pieces = split_fields(keep_blocks(html, "mail"))
    return "".join(_VALUES[piece.name] if isinstance(piece, Field) else piece for piece in pieces)


def shot(browser: Browser, html: str, mode: str, width: int) -> Image.Image:
    """The whole letter as pixels."""
    with page_of(browser, html, mode, width) as page:
        return Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")


def difference(browser: Browser, one: str, other: str, mode: str, width: int) -> str:
    """In what two letters differ as pixels; "" where they are the same.

    What differs is looked at twice more: on a busy machine a font that stands in for another may come a frame late, and
    what really differs differs again.
    """
    found = ""
    for _ in range(3):
        pictures = [shot(browser, html, mode, width) for html in (one, other)]
        sizes = [picture.size for picture in pictures]
        box = ImageChops.difference(*pictures).getbbox() if sizes[0] == sizes[1] else None
        if sizes[0] == sizes[1] and box is None:
            return ""
        found = f"{sizes}, {box}"
    return found


def _answer_with_a_picture(route: Route) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (120, 60), "#88aa99").save(picture, "PNG")
    route.fulfill(body=picture.getvalue(), content_type="image/png")
