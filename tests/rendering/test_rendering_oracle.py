"""npm's official MJML as a witness: same pixels for our letters, nothing to say against our MJML, the same tokens for foreign MJML."""

import pytest
from playwright.sync_api import Browser

from browser_pages import as_mailed, browser, difference
from builders_rendering import a_rich_content
from foreign_mjml import FOREIGN, OTHERWISE_IN_5
from html_tokens import differences
from newsletter.rendering.mjml.compiling import compile_mjml
from newsletter.rendering.render import render_edition
from newsletter.rendering.themes import load_theme, theme_names
from npm_mjml import needs_npm_mjml, render_with_npm
from varied_mjml import varied_mjml

__all__ = ["browser"]  # the fixture
pytestmark = pytest.mark.slow
VARIANTS = ("fr", "en", "fr+en", "ar")
# What still comes out otherwise than npm's MJML 4.18 has it. The last is its own slip: it writes "undefined" into a link.
OTHERWISE = {
    "mj-carousel.tb-width",
    "mj-column.inner-border-radius",
    "mj-hero.height",
    "mj-social-element.icon-position",
    "mj-navbar.base-url",
}


@pytest.fixture(autouse=True)
def _oracle() -> None:
    needs_npm_mjml()


@pytest.mark.slow
@pytest.mark.parametrize("theme", theme_names())
def test_the_official_validator_has_nothing_to_say(theme: str) -> None:
    letters = [render_edition(a_rich_content(variant), load_theme(theme)).mjml for variant in VARIANTS]
    assert [rendered.errors for rendered in render_with_npm(letters)] == [()] * len(VARIANTS)


@pytest.mark.slow
@pytest.mark.parametrize("theme", theme_names())
def test_the_official_mjml_gives_the_same_pixels(browser: Browser, theme: str) -> None:
    for variant in ("fr", "ar"):
        bodies = render_edition(a_rich_content(variant), load_theme(theme))
        [official] = render_with_npm([bodies.mjml])
        for width in (600, 375):
            for mode in ("light", "dark"):
                ours, theirs = as_mailed(bodies.html), as_mailed(official.html)
                found = difference(browser, ours, theirs, mode, width)
                assert found == "", f"{variant}, {width} px, {mode}"


@pytest.mark.parametrize("version", ["4", "5"])
def test_foreign_documents_come_out_as_the_official_mjml_has_them(version: str) -> None:
    sources = {
        name: source for name, source in FOREIGN.items() if version == "4" or name not in OTHERWISE_IN_5
    }
    rendered = render_with_npm(list(sources.values()), version)
    found = {
        name: differences(compile_mjml(source).html, official.html)
        for (name, source), official in zip(sources.items(), rendered, strict=True)
    }
    assert {name: differing for name, differing in found.items() if differing} == {}


def test_attributes_come_out_as_the_official_mjml_has_them() -> None:
    documents = [
        (name, source)
        for name, source in varied_mjml()
        if name.endswith((".own", ".class")) and ".1." in name
    ]
    rendered = render_with_npm([source for _, source in documents], "4")
    found = {
        name.partition(".1.")[0]
        for (name, source), official in zip(documents, rendered, strict=True)
        if differences(compile_mjml(source).html, official.html)
    }
    assert len(documents) > 700
    assert found <= OTHERWISE
