"""What the engine leaves out of single elements and we write in: each element gets its own, and no mark stays."""

import re

import pytest
from lxml import html as lxml_html
from mjml import mjml2html

from foreign_mjml import FOREIGN, a_column, a_document
from newsletter.rendering.mjml.compiling import compile_mjml

PICTURES = '<mj-image src="a.png" {}/><mj-image src="b.png" alt="" />'
TABLE = "<mj-table {}><tr><td>x</td></tr></mj-table>"
SOCIAL = '<mj-social><mj-social-element name="web" {}></mj-social-element><mj-social-element name="github"></mj-social-element></mj-social>'


def tags(source: str, tag: str) -> list[dict[str, str]]:
    """The attributes of every such tag."""
    html = compile_mjml(source).html
    return [dict(element.attrib) for element in lxml_html.document_fromstring(html).iter(tag)]


@pytest.mark.parametrize(
    ("content", "tag", "attribute", "values"),
    [
        (PICTURES.format('sizes="50vw &quot;&gt;"'), "img", "sizes", ['50vw ">', None]),
        (PICTURES.format('href="#" title="t"'), "a", "title", ["t"]),
        ('<mj-button href="#" title="t">x</mj-button>', "a", "title", ["t"]),
        (SOCIAL.format('srcset="c.png 2x"'), "img", "srcset", ["c.png 2x", None]),
    ],
)
def test_an_attribute_that_the_engine_ignores_is_written_where_it_belongs(
    content: str, tag: str, attribute: str, values: list[str | None]
) -> None:
    source = a_column(content)
    assert [found.get(attribute) for found in tags(source, tag)] == values


def test_canary_the_engine_ignores_them() -> None:
    raw = mjml2html(
        '<mjml><mj-body><mj-section><mj-column><mj-image src="a.png" sizes="50vw" border-top="1px solid red" />'
        "</mj-column></mj-section></mj-body></mjml>"
    )
    assert ("sizes" in raw, "border-top" in raw) == (False, False)


def test_one_sided_borders_stand_on_the_picture() -> None:
    first, second = tags(a_column(PICTURES.format('border-top="1px solid red"')), "img")
    assert ("border-top:1px solid red;" in first["style"], "border-top" in second["style"]) == (True, False)


@pytest.mark.parametrize(
    ("attributes", "role", "is_apart"),
    [
        ('role="none"', "none", False),
        ('cellspacing="2"', None, True),
        ('border="1px solid red"', None, False),
    ],
)
def test_a_table_is_as_it_says(attributes: str, role: str | None, is_apart: bool) -> None:
    table = tags(a_column(TABLE.format(attributes)), "table")[-1]
    assert (table.get("role"), "border-collapse:separate" in table["style"]) == (role, is_apart)


def test_a_fluid_hero_is_held_open_by_two_cells() -> None:
    html = compile_mjml(FOREIGN["fluid hero"]).html
    spacer = '<td style="width:0.01%;padding-bottom:67%;mso-padding-bottom-alt:0;"></td>'
    assert html.count(spacer) == 2
    cells = lxml_html.document_fromstring(html).xpath(
        "//div[table//div[@class='mj-hero-content']]/table/tbody/tr/td"
    )
    assert [cell.get("height") for cell in cells] == [None, None, None]


def test_a_hero_without_measures_is_drawn_all_the_same() -> None:
    compiled = compile_mjml(a_document('<mj-hero mode="fluid-height" background-width="0"></mj-hero>'))
    assert "padding-bottom:NaN%" in compiled.html  # as npm's MJML writes it: mail programs skip it


def test_padding_in_percent_counts_when_widths_are_computed_and_comes_out_as_written() -> None:
    source = a_column('<mj-image src="a.png" padding="0 10%" /><mj-text>0030px and 30%</mj-text>')
    assert tags(source, "img")[0]["width"] == "580"
    html = compile_mjml(source).html
    assert ("padding:0px 10%;" in html, "30%" in html) == (True, True)


@pytest.mark.parametrize("name", FOREIGN)
def test_no_mark_of_ours_stays(name: str) -> None:
    html = compile_mjml(FOREIGN[name]).html
    assert re.findall(r"newsletter-|_-colon-_|@sealed|@loose|\b00\d+px", html) == []


def test_every_css_class_has_its_name_in_outlook() -> None:
    html = compile_mjml(FOREIGN["two classes"]).html
    assert set(re.findall(r'class="([^"]*-outlook)"', html)) == {
        "one-outlook two-outlook",
        "three-outlook four-outlook",
    }


def test_what_css_made_important_is_not_so_inline() -> None:
    assert "color:red" in compile_mjml(FOREIGN["important"]).html
    assert "color:red !important" not in compile_mjml(FOREIGN["important"]).html


def test_loose_text_of_templates_stays_between_the_rows() -> None:
    html = compile_mjml(FOREIGN["loose text"]).html
    assert re.search(r"<tbody>\s*{{#each items}}\s*<tr>", html)
    assert "{{/each}} &#233; &amp; &#60;" in html
