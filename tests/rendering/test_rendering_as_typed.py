"""Whatever an editor types comes out as itself: in the HTML as a reader's program parses it, and in the text."""

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from builders_rendering import a_content, a_lead
from newsletter.foundation.merge import split_fields
from newsletter.rendering.fields import clean
from newsletter.rendering.render import RenderedBodies, render_edition
from newsletter.rendering.themes import load_theme
from newsletter.rendering.typography import typeset

LETTER = load_theme("letter")
NASTY = st.sampled_from(
    [
        *(
            "[[",
            "[[first_name]]",
            "[[open]]",
            "]]",
            "[",
            "{{ 7*7 }}",
            "{% raw %}",
            "\\",
            "\\[[",
            '"',
            "'",
            "<",
            ">",
            "&",
        ),
        *(
            "<b>",
            "</mj-text>",
            "<!--",
            "-->",
            "<![CDATA[",
            "&amp;",
            "&nbsp;",
            "🪴",
            "👩\u200d🌾",
            "\u202f!",
            "\u00a0:",
            "\r\n",
            "\r",
        ),
        *(
            "\n",
            "\t",
            " ",
            "é",
            "e\u0301",
            "\ufdd0",
            "\x0b",
            "\x85",
            "\ud800",
            "<script>",
            "${x}",
            "%s",
            "{0}",
            "`",
            "*",
            "_",
            "#",
        ),
        *("א", "\u200f", "<!--@only mail-->", "<!--@end-->", "\\u{a0}", "https://", "]]>", "{#", "x", "1."),
    ]
)
TYPED = st.one_of(st.lists(NASTY, min_size=1, max_size=12).map("".join), st.text(min_size=1, max_size=30))
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def delivered(compiled: str) -> str:
    """Compiled text as it is once literal brackets are resolved; fails where a field came about."""
    pieces = split_fields(compiled)
    fields = {str(piece) for piece in pieces if not isinstance(piece, str)}
    assert fields <= {"[[greeting:fr]]", "[[greeting:en]]", "[[link:unsubscribe]]"}
    return "".join(piece if isinstance(piece, str) else "" for piece in pieces)


def folded(text: str) -> str:
    return re.sub(r"[ \t\n\u00a0\u202f\u2009]+", "", text).translate(dict.fromkeys(map(ord, "'’\"«»")))


def rendered(title: str, body: str) -> RenderedBodies:
    return render_edition(a_content("fr", a_lead("fr", title=title, body=body)), LETTER)


def body_text(bodies: RenderedBodies) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(delivered(bodies.html))


@FEW
@given(TYPED)
def test_a_title_comes_out_as_typed(typed: str) -> None:
    title = f"A{typed}Z"
    bodies = rendered(title, "x")
    expected = typeset(" ".join(clean(title).replace("\t", " ").replace("\n", " ").split(" ")), "fr")
    assert [folded(heading.text_content()) for heading in body_text(bodies).find_class("lead")] == [
        folded(expected)
    ]
    assert folded(expected) in folded(delivered(bodies.text))


@FEW
@given(TYPED)
def test_a_body_with_its_signs_escaped_comes_out_as_typed(typed: str) -> None:
    escaped = re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", typed)
    bodies = rendered("x", f"A{escaped}Z")
    whole = folded(body_text(bodies).text_content())
    expected = folded(clean(f"A{typed}Z"))
    assert expected in whole
    assert expected in folded(delivered(bodies.text))


@FEW
@given(TYPED)
def test_no_text_breaks_the_letter_or_opens_a_block(typed: str) -> None:
    bodies = rendered(typed + "x", typed + "x")
    assert bodies.html.count("<!--@only mail-->") == bodies.html.count("<!--@end-->") == 4
    assert [problem.code for problem in bodies.problems if problem.where == "mjml"] == []
    assert lxml_html.document_fromstring(bodies.html).findall(".//script") == []


@pytest.mark.parametrize("variant", ["fr", "en", "fr+en", "en+fr"])
def test_plain_words_come_out_in_every_variant(variant: str) -> None:
    typed = "5 < 6 && “x” [[first_name]] {{ y }} \\ 🪴"
    bodies = render_edition(a_content(variant, replace(a_lead("en"), title=typed)), LETTER)
    shown = [heading.text_content() for heading in body_text(bodies).find_class("lead")]
    assert shown == [typed] * (1 + variant.count("+"))
    assert delivered(bodies.text).count(typed) == len(shown)
