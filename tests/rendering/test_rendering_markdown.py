"""Markdown to XHTML and to plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from newsletter.foundation.merge import LITERAL_OPEN
from newsletter.rendering.fields import clean, put_back, put_back_html, set_aside
from newsletter.rendering.markdown import BodyProblem, find_body_problems, is_safe_url, to_text, to_xhtml


def test_html_in_markdown_is_text() -> None:
    assert (
        to_xhtml("<b onclick='x'>a</b> & <script>", 3)
        == "<p>&lt;b onclick='x'&gt;a&lt;/b&gt; &amp; &lt;script&gt;</p>"
    )


def test_only_the_allowed_elements_come_out() -> None:
    source = "**a** *b*  \nc\n\n- d\n\n3. e\n\n> f\n\n`g` ![h](https://a.be/i.png)\n\n***\n\n    i"
    elements = {element.tag for element in etree.fromstring(f"<x>{to_xhtml(source, 3)}</x>").iter()}
    assert elements == {"x", "p", "strong", "em", "br", "ul", "ol", "li", "blockquote"}


def test_what_has_no_place_in_a_letter_comes_out_as_typed() -> None:
    assert to_text("`code`\n\n***\n\n```\nx") == "`code`\n\n***\n\n``` x"


@pytest.mark.parametrize("top", [2, 3, 4])
def test_headings_begin_below_the_item_and_skip_no_level(top: int) -> None:
    html = to_xhtml("### a\n\n# b\n\n#### c\n\n###### d\n\n## e", top)
    levels = [int(element.tag[1]) for element in etree.fromstring(f"<x>{html}</x>")]
    assert levels == [top, top, top + 1, min(top + 2, 6), top + 1]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//a.be/x",
        "/x",
        "x",
        "",
        "http:x",
    ],
)
def test_addresses_that_a_letter_must_not_link_to_are_left_out(address: str) -> None:
    assert not is_safe_url(address)
    assert to_xhtml(f"[go](<{address}>)", 3) == "<p>go</p>"
    assert to_text(f"[go](<{address}>)") == "go"


@pytest.mark.parametrize(
    "address", ["https://a.be/?x=1&y=é", "http://a.be", "mailto:a@b.be", "tel:+3225123456"]
)
def test_addresses_that_lead_somewhere_are_linked(address: str) -> None:
    assert is_safe_url(address)
    html = to_xhtml(f"[go]({address})", 3)
    assert etree.fromstring(html).xpath("string(.)") == "go"
    assert len(etree.fromstring(html).findall("a")) == 1


def test_bare_addresses_become_links_without_the_sign_after_them() -> None:
    html = to_xhtml("Voir (https://a.be/x_y?z=1&v=2), puis https://b.be/.", 3)
    hrefs = [element.get("href") for element in etree.fromstring(html).iter("a")]
    assert hrefs == ["https://a.be/x_y?z=1&v=2", "https://b.be/"]
    assert to_text("Voir https://a.be/x.") == "Voir https://a.be/x."


def test_text_writes_links_out() -> None:
    source = "[ici](https://a.be/x), <https://b.be>, [**nous**](mailto:a@b.be), [a@b.be](mailto:a@b.be)"
    assert to_text(source) == "ici (https://a.be/x), https://b.be, nous (a@b.be), a@b.be"


def test_text_keeps_lists_quotations_and_headings_apart() -> None:
    source = "# Titre\n\nLigne  \ndure\n\n- un\n- deux\n  1. a\n  2. b\n\n> cité\n\nfin"
    shown = "Titre\n=====\n\nLigne\ndure\n\n- un\n- deux\n  1. a\n  2. b\n\n> cité\n\nfin"
    assert to_text(source) == shown


def test_problems_tell_the_line_in_the_markdown() -> None:
    source = "un\n\n[a](javascript:x)\n[b](/c)\n\n- x\n- ![d](https://e.be/f.png)"
    assert find_body_problems(source) == [
        BodyProblem("unsafe", "javascript:x", 3),
        BodyProblem("relative", "/c", 4),
        BodyProblem("picture", "https://e.be/f.png", 7),
    ]


def test_nesting_without_end_is_reported_and_not_lost_in_silence() -> None:
    assert [problem.kind for problem in find_body_problems(">" * 60 + " x")] == ["deep"]
    assert find_body_problems(">" * 40 + " x") == []
    assert "x" in to_text(">" * 40 + " x")


def test_a_field_may_be_the_target_of_a_link() -> None:
    source = set_aside("[partir]([[link:unsubscribe]])")
    assert put_back_html(to_xhtml(source, 3)) == '<p><a href="[[link:unsubscribe]]">partir</a></p>'
    assert put_back(to_text(source)) == "partir ([[link:unsubscribe]])"


@pytest.mark.parametrize("address", ["[[first_name]]", "https://a.be/?x=[[email]]", "[[link:unsubscribe]]x"])
def test_what_a_reader_typed_never_decides_where_a_link_leads(address: str) -> None:
    source = set_aside(f"[go]({address})")
    assert put_back_html(to_xhtml(source, 3)) == "<p>go</p>"
    assert [problem.kind for problem in find_body_problems(source)] == ["unsafe"]


@given(st.text(alphabet=st.sampled_from("ab \n*_[]()<>#>-+1.!`\\&;:/\"'|=~é\u202f[]"), max_size=60))
def test_any_markdown_gives_well_formed_xhtml_with_the_words_of_its_text(source: str) -> None:
    prepared = set_aside(clean(source))
    html = put_back_html(to_xhtml(prepared, 3)).replace(LITERAL_OPEN, "[[")
    root = etree.fromstring(f"<x>{html}</x>")
    letters = [sign for sign in "".join(map(str, root.itertext())) if sign.isalpha()]
    assert sorted(letters) == sorted(
        sign
        for sign in _without_targets(put_back(to_text(prepared)).replace(LITERAL_OPEN, "[["), root)
        if sign.isalpha()
    )


def _without_targets(text: str, root: etree._Element) -> str:
    for link in root.iter("a"):
        if (href := str(link.get("href"))) != "".join(map(str, link.itertext())):
            text = text.replace(f"({href})", "", 1)
    return text
