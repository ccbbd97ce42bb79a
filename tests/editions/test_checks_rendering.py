"""Each code that rendering gives: what brings it about, and the close text or theme that does not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from builders_rendering import a_branding, a_content, a_lead, a_summary
from newsletter.rendering.content import Item, Picture
from newsletter.rendering.mjml.compiling import compile_mjml
from newsletter.rendering.problems import Code
from newsletter.rendering.render import render_edition
from newsletter.rendering.themes import load_theme

LETTER = load_theme("letter")
GREENHOUSE = "https://jardins.example/serre"


def letter(*items: Item, **changes: object) -> list[str]:
    """The codes for a letter with these items."""
    return [problem.code for problem in render_edition(a_content("fr", *items, **changes), LETTER).problems]


def body(text: str) -> list[str]:
    return letter(a_lead(body=text))


def alt(words: str) -> list[str]:
    return letter(a_lead(picture=Picture(f"{GREENHOUSE}.jpg", words, 1200, 600)))


def accent(colour: str) -> list[str]:
    return letter(branding=a_branding(accent=colour))


def mjml(document: str) -> list[str]:
    """The codes for an MJML document."""
    return [problem.code for problem in compile_mjml(document).problems]


def column(content: str, head: str = "") -> list[str]:
    section = f"<mj-section><mj-column>{content}</mj-column></mj-section>"
    return mjml(f"<mjml><mj-head>{head}</mj-head><mj-body>{section}</mj-body></mjml>")


INLINED = '<mj-style inline="inline">.x { color: red }</mj-style>'
CASES: dict[str, tuple[Callable[[], list[str]], Callable[[], list[str]]]] = {
    Code.UNKNOWN_FIELD: (lambda: body("[[prenom]]"), lambda: body("[[first_name]], \\[[prenom]]")),
    Code.LOOKS_LIKE_FIELD: (lambda: body("[[Prénom]]"), lambda: body("[Prénom]")),
    Code.UNSAFE_LINK: (
        lambda: body("[plan](javascript:alert(1))"),
        lambda: body(f"[plan]({GREENHOUSE}), [mail](mailto:a@jardins.example), [tel](tel:+3225123456)"),
    ),
    Code.RELATIVE_LINK: (lambda: body("[plan](/plan)"), lambda: body(f"[plan]({GREENHOUSE}/plan)")),
    Code.PICTURE_IN_BODY: (lambda: body(f"![x]({GREENHOUSE}.png)"), lambda: body(f"[x]({GREENHOUSE}.png)")),
    Code.PICTURE_WITHOUT_ALT: (lambda: alt(""), lambda: alt("Une serre")),
    Code.TOO_DEEP: (lambda: body(f"{'> ' * 60}x"), lambda: body(f"{'> ' * 10}x")),
    Code.TITLE_MISSING: (lambda: letter(a_lead(title=" ")), lambda: letter(a_lead(title="x"))),
    Code.LINK_MISSING: (
        lambda: letter(a_summary("fr", read_url="")),
        lambda: letter(a_summary("fr", read_url=GREENHOUSE)),
    ),
    Code.BAD_ACCENT: (lambda: accent("bleuâtre"), lambda: accent("#14539a")),
    Code.ACCENT_ADJUSTED: (lambda: accent("#f2c200"), lambda: accent("#0b6e4f")),
    Code.TOO_LARGE: (lambda: body("Des mots. " * 9_000), lambda: body("Des mots. " * 3_000)),
    Code.MJML_UNREADABLE: (
        lambda: mjml("<mjml><mj-body><mj-section></mj-body></mjml>"),
        lambda: mjml("<mjml><mj-body><mj-section></mj-section></mj-body></mjml>"),
    ),
    Code.MJML_MENDED: (
        lambda: column("<mj-text align=center>x</mj-text>"),
        lambda: column('<mj-text align="center">x</mj-text>'),
    ),
    Code.MJML_NOT_INCLUDED: (
        lambda: column('<mj-include path="foot.mjml" />'),
        lambda: column("<mj-text>foot.mjml</mj-text>"),
    ),
    Code.MJML_UNKNOWN_ELEMENT: (lambda: column("<mj-txt>x</mj-txt>"), lambda: column("<mj-text>x</mj-text>")),
    Code.MJML_MISPLACED_ELEMENT: (
        lambda: mjml("<mjml><mj-body><mj-column></mj-column></mj-body></mjml>"),
        lambda: column(""),
    ),
    Code.MJML_UNKNOWN_ATTRIBUTE: (
        lambda: column('<mj-text colour="red">x</mj-text>'),
        lambda: column('<mj-text color="red"><a data-x="y">x</a></mj-text>'),
    ),
    Code.MJML_BAD_VALUE: (
        lambda: column('<mj-text padding="a lot">x</mj-text>'),
        lambda: column('<mj-text padding="0 20px">x</mj-text>'),
    ),
    Code.MJML_NOT_USED_HERE: (
        lambda: column('<mj-social icon-position="right"></mj-social>'),
        lambda: column('<mj-social mode="horizontal"></mj-social>'),
    ),
    Code.MJML_LOOSE_TEXT: (lambda: column("words"), lambda: column("<mj-text>words</mj-text>")),
    Code.MJML_NOT_COMPILED: (
        lambda: column('<mj-text><p class="x" style="color: blue;; z">y</p></mj-text>', INLINED),
        lambda: column('<mj-text><p class="x" style="color: blue">y</p></mj-text>', INLINED),
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_rendering_tells_what_it_is_for(code: str) -> None:
    assert dict.fromkeys(CASES[code][0]()) == {code: None}


@pytest.mark.parametrize("code", CASES)
def test_rendering_leaves_what_is_close_alone(code: str) -> None:
    assert CASES[code][1]() == []


def test_a_second_half_is_looked_at_like_the_first() -> None:
    content = a_content("fr+en")
    parts = (content.parts[0], replace(content.parts[1], intro="[[prenom]]"))
    found = render_edition(replace(content, parts=parts), LETTER).problems
    assert [(problem.code, problem.language) for problem in found] == [(Code.UNKNOWN_FIELD, "en")]
