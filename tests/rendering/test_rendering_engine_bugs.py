"""The engine's faults (docs/decisions/0006-mjml-pipeline.md), one by one: that the raw engine still has each, and that ours has not.

A canary that fails tells that the engine has mended a fault: the cure may then go.
"""

import re

import pytest
from lxml import html as lxml_html
from mjml import mjml2html

from newsletter.rendering.mjml.compiling import compile_mjml
from newsletter.rendering.mjml.engine import EngineRefused, engine_refusals
from newsletter.rendering.problems import Code


def a_letter(content: str, head: str = "", body: str = "") -> str:
    return (
        f"<mjml><mj-head>{head}</mj-head><mj-body{body}><mj-section><mj-column>{content}</mj-column></mj-section>"
        "</mj-body></mjml>"
    )


def ours(mjml: str) -> str:
    compiled = compile_mjml(mjml, with_webfonts=False)
    assert compiled.problems == ()
    return compiled.html


def body_of(html: str) -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(html).find("body")


SIGNS = "narrow\u202f! wide\u00a0: thin\u2009; e\u0301 🪴\ufe0f 👩\u200d🌾 \u200e \u00ad \\ \" ' < & é «»"


@pytest.mark.parametrize("sign", ["\u202f", "\u00a0", "\\", "e\u0301", "\u00ad"])
def test_bug_1_canary_attributes_are_printed_as_rust_strings(sign: str) -> None:
    raw = mjml2html(a_letter(f'<mj-image src="a.png" alt="x{sign}y" />'))
    assert f'alt="x{sign}y"' not in raw


def test_bug_1_attributes_of_components_come_out_as_written() -> None:
    written = SIGNS.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    html = ours(a_letter(f'<mj-image src="https://a.be/é\\b" title="{written}" alt="{written}" />'))
    image = body_of(html).find(".//img")
    assert (image.get("alt"), image.get("title"), image.get("src")) == (SIGNS, SIGNS, "https://a.be/é\\b")


def test_bug_1_attributes_inside_texts_come_out_as_written() -> None:
    written = SIGNS.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    html = ours(
        a_letter(
            f'<mj-text><a href="https://a.be" title="{written}" style="color:\n red;\n\tmargin: 0">x</a></mj-text>'
        )
    )
    link = body_of(html).find(".//a")
    assert link.get("title") == SIGNS
    assert re.sub(r"\s+", " ", link.get("style")) == "color: red; margin: 0"


@pytest.mark.parametrize("space", [" ", "\t", "\r\n", " \n"])
def test_bug_2_canary_space_between_tags_is_an_error(space: str) -> None:
    with pytest.raises(ValueError):
        mjml2html(f"<mjml><mj-head>{space}<mj-title>x</mj-title></mj-head><mj-body></mj-body></mjml>")


@pytest.mark.parametrize("space", [" ", "\t", "\r\n", " \n", "\r", "<!-- x -->"])
def test_bug_2_space_and_comments_may_stand_between_tags(space: str) -> None:
    tight = a_letter("<mj-text>x</mj-text>", '<mj-attributes><mj-text color="#112233" /></mj-attributes>')
    spaced = re.sub(r"(?<=>)(?=<)", space.replace("\\", r"\\"), tight)
    assert ours(spaced) == ours(tight)


def test_bug_2_the_same_letter_with_windows_line_ends_is_the_same() -> None:
    letter = a_letter("\n<mj-text>\nun\ndeux\n</mj-text>\n")
    assert ours(letter.replace("\n", "\r\n")) == ours(letter)


def test_bug_3_canary_a_line_break_between_inline_elements_is_dropped() -> None:
    assert "<b>one</b><i>two</i>" in mjml2html(a_letter("<mj-text><b>one</b>\n<i>two</i></mj-text>"))


def test_bug_3_a_line_break_between_inline_elements_is_a_space() -> None:
    html = ours(a_letter("<mj-text><b>one</b>\n<i>two</i>\n\n  <u>three</u></mj-text>"))
    assert "<b>one</b> <i>two</i> <u>three</u>" in html


def _image_width(html: str) -> str:
    return str(body_of(html).find(".//img").get("width"))


def test_bug_4_canary_a_zero_without_unit_spoils_widths() -> None:
    bare = mjml2html(a_letter('<mj-image src="a.png" alt="" padding="0 20px" />'))
    exact = mjml2html(a_letter('<mj-image src="a.png" alt="" padding="0px 20px" />'))
    assert _image_width(bare) != _image_width(exact) == "560"


@pytest.mark.parametrize("padding", ["0 20px", "0px 20px", "0 20px 0 20px"])
def test_bug_4_a_zero_without_unit_counts_as_zero_pixels(padding: str) -> None:
    assert _image_width(ours(a_letter(f'<mj-image src="a.png" alt="" padding="{padding}" />'))) == "560"


INLINE = '<mj-style inline="inline">.x p { color: #112233 } .x &gt; div { margin: 0 }</mj-style>'


def test_bug_5_canary_inline_styles_stay_a_style_sheet() -> None:
    raw = mjml2html(a_letter('<mj-text css-class="x"><p>a</p></mj-text>', INLINE))
    assert body_of(raw).find(".//p").get("style") is None


def test_bug_5_inline_styles_are_written_into_elements() -> None:
    html = ours(a_letter('<mj-text css-class="x"><p>a</p></mj-text>', INLINE))
    assert body_of(html).find(".//p").get("style") == "color:#112233"
    assert ".x p" not in html


HTML_ATTRIBUTES = (
    '<mj-html-attributes><mj-selector path=".x img"><mj-html-attribute name="height">120</mj-html-attribute>'
    '<mj-html-attribute name="data-note">a &amp; "b" [[x]] é</mj-html-attribute></mj-selector></mj-html-attributes>'
)


def test_bug_6_canary_html_attributes_are_an_error() -> None:
    with pytest.raises(ValueError):
        mjml2html(a_letter('<mj-image css-class="x" src="a.png" alt="" />', HTML_ATTRIBUTES))


def test_bug_6_html_attributes_are_set_and_nothing_else_changes() -> None:
    content = '<mj-image css-class="x" src="a.png" alt="" /><mj-image src="b.png" alt="" />'
    html = ours(a_letter(content, HTML_ATTRIBUTES))
    first, second = body_of(html).findall(".//img")
    assert (first.get("height"), first.get("data-note")) == ("120", 'a & "b" [[x]] é')
    assert (second.get("height"), second.get("data-note")) == ("auto", None)
    assert "--newsletter" not in html
    assert _declarations(first) == _declarations(second)


def _declarations(element: lxml_html.HtmlElement) -> list[str]:
    return [part.replace(" ", "") for part in str(element.get("style")).split(";") if part.strip()]


CLASSES = (
    '<mj-attributes><mj-class name="a" color="#111111" css-class="one"><mj-text font-size="31px" /></mj-class>'
    '<mj-class name="b" color="#222222" css-class="two" /></mj-attributes>'
)


def test_bug_7_canary_the_first_class_wins() -> None:
    head = CLASSES.replace('<mj-text font-size="31px" />', "")
    assert "#111111" in mjml2html(a_letter('<mj-text mj-class="a b">x</mj-text>', head))


def test_bug_7_the_last_class_wins_and_css_classes_add_up() -> None:
    html = ours(a_letter('<mj-text mj-class="a b">x</mj-text>', CLASSES))
    cell = body_of(html).find_class("one")[0]
    assert cell.get("class") == "one two"
    assert "color:#222222" in cell.find("div").get("style").replace(" ", "")


def test_bug_7_a_class_may_speak_of_its_children() -> None:
    letter = a_letter("<mj-text>x</mj-text>", CLASSES).replace("<mj-column>", '<mj-column mj-class="a">')
    head = CLASSES.replace('color="#111111" ', "").replace('color="#222222" ', "")
    assert "font-size:31px" in ours(letter.replace(CLASSES, head))


def test_bug_8_canary_defaults_of_the_body_are_ignored() -> None:
    head = '<mj-attributes><mj-body background-color="#abcdef" /></mj-attributes>'
    assert "#abcdef" not in mjml2html(a_letter("<mj-text>x</mj-text>", head))


def test_bug_8_defaults_reach_every_element() -> None:
    head = (
        '<mj-attributes><mj-body background-color="#abcdef" /><mj-divider align="left" width="40px" />'
        '<mj-social-element color="#123456" /></mj-attributes>'
    )
    social = '<mj-social><mj-social-element src="i.png" href="https://a.be">A</mj-social-element></mj-social>'
    html = ours(a_letter(f"<mj-divider />{social}", head))
    assert "background-color:#abcdef" in html
    assert "margin:0px;width:40px" in html
    assert "color:#123456" in html


def test_bug_9_canary_an_image_without_alt_stays_without() -> None:
    assert body_of(mjml2html(a_letter('<mj-image src="a.png" />'))).find(".//img").get("alt") is None


def test_bug_9_every_image_has_an_alt() -> None:
    social = '<mj-social><mj-social-element src="i.png" href="https://a.be">A</mj-social-element></mj-social>'
    images = body_of(ours(a_letter(f'<mj-image src="a.png" />{social}'))).findall(".//img")
    assert [image.get("alt") for image in images] == ["", ""]


def _sections(full_width: str) -> str:
    section = f'<mj-section{full_width} background-color="#123456"><mj-column><mj-text>x</mj-text></mj-column></mj-section>'
    return f"<mjml><mj-body>{section}</mj-body></mjml>"


def test_bug_10_canary_any_full_width_means_full() -> None:
    assert mjml2html(_sections(' full-width="false"')) == mjml2html(_sections(' full-width="full-width"'))


def test_bug_10_full_width_false_is_not_full() -> None:
    assert (
        ours(_sections(' full-width="false"'))
        == ours(_sections(""))
        != ours(_sections(' full-width="full-width"'))
    )


@pytest.mark.parametrize(
    "content",
    [
        '<mj-carousel><mj-carousel-image src="a.png" alt="" /></mj-carousel>',
        '<mj-navbar><mj-navbar-link href="https://a.be">x</mj-navbar-link></mj-navbar>',
        '<mj-social icon-position="right"></mj-social>',
    ],
)
def test_bug_11_what_has_no_cure_is_refused(content: str) -> None:
    problems = compile_mjml(a_letter(f"\n\n{content}")).problems
    assert {(problem.code, problem.line) for problem in problems} == {(Code.MJML_NOT_USED_HERE, 3)}


def test_bug_12_canary_a_third_partys_font_is_linked() -> None:
    assert "fonts.googleapis.com" in mjml2html(a_letter("<mj-text>x</mj-text>"))


def test_bug_12_no_font_of_a_third_party_is_linked_or_named() -> None:
    social = '<mj-social><mj-social-element src="i.png" href="https://a.be">A</mj-social-element></mj-social>'
    html = ours(a_letter(f'<mj-text>x</mj-text><mj-button href="https://a.be">x</mj-button>{social}'))
    assert re.findall(r"(?i)googleapis|ubuntu|mailjet|imgur", html) == []


@pytest.mark.parametrize("depth", [200, 20_000])
def test_nesting_that_would_end_the_process_is_a_problem(depth: int) -> None:
    compiled = compile_mjml(a_letter(f"<mj-text>{'<div>' * depth}{'</div>' * depth}</mj-text>"))
    assert [problem.code for problem in compiled.problems] == [Code.MJML_UNREADABLE]
    assert compiled.html == ""


def test_a_panic_of_the_engine_cannot_escape() -> None:
    panics = '<mjml><mj-head><mj-include path="a" type="html" /></mj-head><mj-body /></mjml>'
    with pytest.raises(EngineRefused, match="not yet implemented"), engine_refusals():
        mjml2html(panics, include_loader=lambda path: "<p>x</p>")


def test_an_interrupt_is_not_taken_for_a_panic() -> None:
    with pytest.raises(KeyboardInterrupt), engine_refusals():
        raise KeyboardInterrupt


def test_broken_inline_styles_are_a_problem() -> None:
    head = '<mj-style inline="inline">.x { color: red }</mj-style>'
    compiled = compile_mjml(a_letter('<mj-text><p class="x" style="color: blue;; z">y</p></mj-text>', head))
    assert [problem.code for problem in compiled.problems] == [Code.MJML_NOT_COMPILED]


CONDITIONS = "<!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></td></tr></table><![endif]-->"


def test_bug_13_canary_what_outlook_reads_is_parsed() -> None:
    with pytest.raises(ValueError):
        mjml2html(a_letter("<mj-text>a<!--[if mso]><table><![endif]--></mj-text>"))


def test_bug_13_what_outlook_reads_comes_out_as_written() -> None:
    alone = "a<!--[if mso]><table><![endif]-->"
    html = ours(a_letter(f"<mj-text>{CONDITIONS}</mj-text><mj-text>{alone}</mj-text>"))
    assert (CONDITIONS in html, alone in html) == (True, True)
