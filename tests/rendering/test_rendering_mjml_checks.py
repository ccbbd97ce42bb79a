"""What the checker of MJML says, and on which line."""

import pytest

from newsletter.foundation.sayings import saying
from newsletter.rendering.mjml.compiling import compile_mjml
from newsletter.rendering.mjml.schema import schema
from newsletter.rendering.mjml.source import ReadMjml, read_mjml
from newsletter.rendering.mjml.values import fits
from newsletter.rendering.problems import Code, Level, Problem


def findings(mjml: str) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.line) for problem in compile_mjml(mjml).problems]


def test_every_breach_comes_with_its_line() -> None:
    mjml = """<mjml>
<mj-head>
<mj-titel>x</mj-titel>
</mj-head>
<mj-body width="600">
<mj-text>loose</mj-text>
<mj-section paddin="1px"
  background-color="#12345">
<mj-column>words</mj-column>
</mj-section>
</mj-body>
</mjml>"""
    assert findings(mjml) == [
        (Code.MJML_UNKNOWN_ELEMENT, 3),
        (Code.MJML_BAD_VALUE, 5),
        (Code.MJML_MISPLACED_ELEMENT, 6),
        (Code.MJML_UNKNOWN_ATTRIBUTE, 8),
        (Code.MJML_BAD_VALUE, 8),
        (Code.MJML_LOOSE_TEXT, 9),
    ]


def test_lines_count_in_the_text_as_written_also_with_windows_line_ends_and_entities() -> None:
    mjml = "\ufeff<?xml version='1.0'?>\r\n<mjml>\r\n<mj-body>\r\n<!-- a\r\nb -->&nbsp;\r\n<mj-foo/></mj-body></mjml>"
    assert findings(mjml)[0] == (Code.MJML_UNKNOWN_ELEMENT, 6)


@pytest.mark.parametrize(
    ("mjml", "line"),
    [
        ("", 1),
        ("plain text", 1),
        ("<mjml>\n<mj-body>\n</mjml>", 3),
        ("<mjml>\n<mj-body>\n5 < 6</mj-body></mjml>", 3),
        ("<mjml>\n<mj-body>&unknown;</mj-body></mjml>", 2),
        ("<html></html>", 1),
        ("<mjml>\n<mj-body><mj-section></mj-column></mj-body></mjml>", 2),
        ('<!DOCTYPE x [<!ENTITY a "b">]>\n<mjml>&a;</mjml>', 1),
    ],
)
def test_what_cannot_be_read_is_one_problem_with_its_line(mjml: str, line: int) -> None:
    compiled = compile_mjml(mjml)
    assert compiled.html == ""
    assert [(problem.code, problem.level, problem.line) for problem in compiled.problems] == [
        (Code.MJML_UNREADABLE, Level.BLOCKS, line)
    ]


def test_named_entities_mean_what_they_mean_in_html() -> None:
    read = read_mjml(
        "<mjml><mj-body><mj-raw>&eacute;&nbsp;&amp;&lt;&NotEqualTilde;</mj-raw></mj-body></mjml>"
    )
    assert isinstance(read, ReadMjml)
    assert "".join(map(str, read.root.itertext())) == "é\u00a0&<\u2242\u0338"


def test_html_inside_a_text_is_not_measured_by_mjml() -> None:
    letter = (
        "<mjml><mj-body><mj-section><mj-column><mj-text><article foo='x'>y</article></mj-text>"
        "</mj-column></mj-section></mj-body></mjml>"
    )
    assert compile_mjml(letter).problems == ()


def test_a_problem_names_the_thing_and_the_place() -> None:
    compiled = compile_mjml("<mjml><mj-body>\n<mj-foo/></mj-body></mjml>")
    message = saying("<{tag}> is no MJML element.", tag="mj-foo")
    assert compiled.problems == (Problem(Code.MJML_UNKNOWN_ELEMENT, Level.BLOCKS, message, 2, "mjml"),)


@pytest.mark.parametrize(
    ("value", "kind", "is_right"),
    [
        ("10px 5%", "unit(px,%){1,4}", True),
        ("0", "unit(px,%)", True),
        ("1px 2px 3px 4px 5px", "unit(px,%){1,4}", False),
        ("10", "unit(px)", False),
        ("1.5em", "unit(px)", False),
        ("1.5", "unit(px,%,)", True),
        ("auto", "unit(px,auto)", True),
        ("-0.3px", "unitWithNegative(px,em)", True),
        ("-1px", "unit(px)", False),
        ("left", "enum(left,right)", True),
        ("middle", "enum(left,right)", False),
        ("#fff", "color", True),
        ("#ffff0", "color", False),
        ("tomato", "color", True),
        ("tomatto", "color", False),
        ("rgba(0, 0, 0, 0.5)", "color", True),
        ("transparent", "color", True),
        ("yes", "boolean", False),
        ("12", "integer", True),
        ("1.2", "integer", False),
        ("anything", "string", True),
    ],
)
def test_values_are_measured_by_their_kind(value: str, kind: str, is_right: bool) -> None:
    assert fits(value, kind) is is_right


def test_every_default_of_the_schema_is_a_value_of_its_kind() -> None:
    assert len(schema().components) > 30
    kinds = {kind for component in schema().components.values() for kind in component.attributes.values()}
    assert {kind for kind in kinds if not fits("0", kind) and kind.startswith("unit")} == set()
