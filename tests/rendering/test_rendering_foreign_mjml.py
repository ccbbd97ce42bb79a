"""The compiler on any MJML: what is not well-formed is mended, nothing is raised, includes are read where asked."""

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from foreign_mjml import FOREIGN, a_column, a_document
from newsletter.foundation.errors import NewsletterError
from newsletter.rendering.mjml.compiling import Compiled, compile_mjml
from newsletter.rendering.problems import Code, Level

TOLD = {"pictures": {Code.MJML_BAD_VALUE}, "unknown": {Code.MJML_UNKNOWN_ELEMENT}}


def codes(compiled: Compiled) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.line) for problem in compiled.problems]


def text_of(compiled: Compiled) -> str:
    return " ".join(lxml_html.document_fromstring(compiled.html).find("body").text_content().split())


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_document_compiles(name: str) -> None:
    compiled = compile_mjml(FOREIGN[name])
    assert compiled.html.count("</html>") == 1
    blocking = [problem.code for problem in compiled.problems if problem.level is Level.BLOCKS]
    assert set(blocking) <= {Code.MJML_NOT_USED_HERE, *TOLD.get(name, ())}


def test_what_is_mended_is_told_once_with_its_line() -> None:
    compiled = compile_mjml(a_column("<mj-text>a<br>b</mj-text>\n<mj-text>c<br>d</mj-text>"))
    assert codes(compiled) == [(Code.MJML_MENDED, 6)]
    assert compiled.problems[0].level is Level.NOTES
    assert text_of(compiled) == "abcd"


@pytest.mark.parametrize(
    ("content", "inside"),
    [
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("<ul><li>a<li>b</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("5 < 6 & 7 &copy; &unknown; &", "5 &lt; 6 &amp; 7 © &amp;unknown; &amp;"),
        ("<b><i>a</b></i>", "<b><i>a</i></b>"),
        ("<BR>a", "<br>a"),
        ("<a href=b?c=1&d=2 HREF='e' disabled>x</a>", '<a href="b?c=1&amp;d=2" disabled="">x</a>'),
        ("</p>a<!-- x -- y --->", "a<!-- x -- y --->"),
        ("<p title='a \"b\" < c'>x", '<p title="a &quot;b&quot; &lt; c">x</p>'),
        ("&#233;&#xe9;<br>", "éé<br>"),
        ("a<![endif]>b<br>", "ab<br>"),
        ("a<![if x]>b<![y z]>c<![CDATA[d<br>]]>e<![f<br>", "abcef<br>"),
    ],
)
def test_html_in_a_text_is_mended_as_browsers_read_it(content: str, inside: str) -> None:
    compiled = compile_mjml(a_column(f"<mj-text>{content}</mj-text>"))
    assert [code for code, _ in codes(compiled)] == [Code.MJML_MENDED]
    given, wanted = (
        lxml_html.fragment_fromstring(html, create_parent="div") for html in (_told(compiled.html), inside)
    )
    assert lxml_html.tostring(given, encoding="unicode") == lxml_html.tostring(wanted, encoding="unicode")


def _told(html: str) -> str:
    return html.split("text-align:left;color:#000000;", 1)[1].split(">", 1)[1].split("</div>")[0]


def test_lines_stay_where_they_are_when_something_is_mended() -> None:
    source = a_column("<mj-text\n a='1'\n a='2'>x<br\n>y\n<p\n class=z>\n</mj-text>\n<mj-foo />")
    line = source[: source.index("<mj-foo")].count("\n") + 1
    assert (Code.MJML_UNKNOWN_ELEMENT, line) in codes(compile_mjml(source))


def test_of_an_attribute_that_stands_twice_the_first_counts() -> None:
    compiled = compile_mjml(a_column('<mj-text color="#111111" color="#222222">x</mj-text>'))
    assert ("#111111" in compiled.html, "#222222" in compiled.html) == (True, False)


@pytest.mark.parametrize(
    "source",
    [
        a_column("<mj-text>never closed"),
        a_column("<mj-text>a<mj-text>b</mj-text>"),
        "<mjml><mj-body><mj-section></mj-body></mjml>",
        "<mjml>",
        "no MJML",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><mjml>&a;</mjml>",
    ],
)
def test_what_cannot_be_mended_is_refused(source: str) -> None:
    compiled = compile_mjml(source)
    assert (compiled.html, [problem.code for problem in compiled.problems]) == ("", [Code.MJML_UNREADABLE])


@pytest.mark.parametrize("tag", ["div", "mj-section", "b"])
def test_twenty_thousand_nested_tags_end_no_process(tag: str) -> None:
    nested = f"<{tag}>" * 20_000
    for source in (
        a_document(nested + f"</{tag}>" * 20_000),
        a_column(f"<mj-text>{nested}</mj-text>"),
        a_document(nested),
    ):
        assert [problem.code for problem in compile_mjml(source).problems] == [Code.MJML_UNREADABLE]


@pytest.mark.parametrize("piece", ["<mj-text>", "<!--", '<mj-text a="', "<mj-text a= ", "&a", "<"])
def test_long_nonsense_is_refused_or_mended_in_no_time(piece: str) -> None:
    for source in (f"<mjml>{piece * 20_000}", f"<mjml><mj-text>{piece * 20_000}</mj-text></mjml>"):
        begin = time.process_time()
        assert compile_mjml(source).problems != ()
        assert time.process_time() - begin < 3


PIECES = st.sampled_from(
    [
        *("<mj-section>", "</mj-section>", "<mj-column>", "</mj-column>", "<mj-text>", "</mj-text>", "<mj-raw>", "</mj-raw>"),
        *("<p>", "</p>", "<br>", "<!--", "-->", "<![CDATA[", "]]>", "<", ">", "&", "&amp;", '"', "'", "=", "\n", " a='b'", "é\u202f"),
        *("<mj-image src=x>", "<mj-include path='x' />", "<mj-style inline='inline'>", "</mj-style>", "[[x]]", "{{ x }}", "\x00", "<?x ?>"),
    ]
)  # fmt: skip

LENIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # other work on the machine


@LENIENT
@given(st.lists(PIECES, max_size=25).map("".join))
def test_nothing_that_stands_in_a_document_is_raised(inside: str) -> None:
    for source in (a_document(inside), a_column(f"<mj-text>{inside}</mj-text>"), inside):
        compiled = compile_mjml(source)
        assert compiled.html or compiled.problems


VALUES = st.sampled_from(
    [
        *(
            "",
            "0",
            "-1",
            "NaN",
            "1e99",
            "9" * 30,
            "%",
            "px",
            "0030px",
            "10px 1% 2 3px 4px",
            "fluid-height",
            "full-width",
        ),
        "x" * 50_000,
    ]
)
SHARDS = st.sampled_from(
    [
        *("\x00", "\ud800", "\ue000", "<", ">", "&", '"', "<!--", "-->", "]]>", "<![CDATA[", "&#0;", "<o:p>", "_-colon-_"),
        *("<!--@sealed ff-->", "<!--@sealed 4-->", "<!--@loose ff-->", "newsletter-redraw-0", "<div>" * 200),
        *("<mj-selector path='['><mj-html-attribute name='a b'>1</mj-html-attribute></mj-selector>", "<mj-raw>", "</mj-raw>"),
    ]
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A foreign document, cut off, with a tag or an attribute less, with a strange value or a shard in it."""
    source = FOREIGN[draw(st.sampled_from(sorted(FOREIGN)))]
    for pattern in draw(
        st.lists(st.sampled_from([r'="[^"]*"', r"</?[\w-]+[^>]*>", r"\s[\w-]+=", ""]), max_size=3)
    ):
        places = list(re.finditer(pattern, source)) if pattern else []
        if places:
            place = draw(st.sampled_from(places))
            value = f'="{draw(VALUES)}"' if pattern.startswith("=") else ""
            source = source[: place.start()] + value + source[place.end() :]
        else:
            at = draw(st.integers(0, len(source)))
            source = source[:at] + draw(SHARDS) + source[at:]
    return source[: draw(st.integers(0, len(source)))] if draw(st.booleans()) else source


@LENIENT
@given(damaged())
def test_a_damaged_document_is_compiled_or_told(source: str) -> None:
    compiled = compile_mjml(source)
    assert compiled.html or compiled.problems


@LENIENT
@given(st.text(max_size=200))
def test_nothing_is_raised_for_any_text(source: str) -> None:
    assert compile_mjml(source).problems != ()


def test_fonts_of_third_parties_are_linked_only_where_named_and_allowed() -> None:
    source = a_column('<mj-text font-family="Lato, Arial">x</mj-text>')
    assert (
        compile_mjml(source).html.count("family=Lato") == 2
    )  # the link, and the import for those who drop links
    assert "Ubuntu" not in compile_mjml(source).html
    assert "googleapis" not in compile_mjml(source, with_webfonts=False).html


def test_without_a_reader_includes_are_left_out_and_told() -> None:
    compiled = compile_mjml(a_document('<mj-include path="a.mjml" />\n' + "<mj-raw>x</mj-raw>"))
    assert codes(compiled) == [(Code.MJML_NOT_INCLUDED, 4)]
    assert text_of(compiled) == "x"


FILES = {
    "header.mjml": "<mj-section><mj-column><mj-text>head</mj-text></mj-column></mj-section>",
    "whole.mjml": "<mjml><mj-head><mj-title>T</mj-title></mj-head><mj-body><mj-raw>whole</mj-raw></mj-body></mjml>",
    "outer.mjml": '<mj-include path="header.mjml" /><mj-raw>outer</mj-raw>',
    "style.css": ".x div { letter-spacing: 3px }",
    "raw.html": "<p>raw<br>html",
    "round.mjml": '<mj-include path="round.mjml" />',
    "broken.mjml": "<mj-section>",
    "head.mjml": '<mj-attributes><mj-text color="#abcdef" /></mj-attributes>',
}


@pytest.mark.parametrize(
    ("include", "words"),
    [
        ('<mj-include path="header.mjml" />', "head"),
        ('<mj-include path="whole.mjml" />', "whole"),
        ('<mj-include path="outer.mjml" />', "headouter"),
        ('<mj-include path="raw.html" type="html" />', "rawhtml"),
    ],
)
def test_includes_are_read_with_what_the_caller_gives(include: str, words: str) -> None:
    compiled = compile_mjml(a_document(include), loader=FILES.__getitem__)
    assert (codes(compiled), text_of(compiled)) == ([], words)


def test_an_included_head_joins_the_documents_own() -> None:
    head = '<mj-include path="head.mjml" /><mj-include path="style.css" type="css" css-inline="inline" />'
    compiled = compile_mjml(a_column('<mj-text css-class="x">a</mj-text>', head), loader=FILES.__getitem__)
    assert codes(compiled) == []
    assert "letter-spacing:3px" in compiled.html
    titled = compile_mjml(a_document('<mj-include path="whole.mjml" />'), loader=FILES.__getitem__)
    assert "<title>T</title>" in titled.html


def _out_of_reach(path: str) -> str:
    raise OSError(f"{path} is out of reach")


def _refused(path: str) -> str:
    raise NewsletterError(f"{path} is not for you")


@pytest.mark.parametrize(
    ("path", "loader", "count"),
    [
        ("nothing.mjml", FILES.__getitem__, 1),
        ("broken.mjml", FILES.__getitem__, 1),
        ("round.mjml", FILES.__getitem__, 1),
        ("x", _out_of_reach, 1),
        ("x", _refused, 1),
    ],
)
def test_what_cannot_be_included_is_told_with_the_line(
    path: str, loader: Callable[[str], str], count: int
) -> None:
    compiled = compile_mjml(a_document(f'\n<mj-include path="{path}" /><mj-raw>x</mj-raw>'), loader=loader)
    assert codes(compiled) == [(Code.MJML_NOT_INCLUDED, 5)] * count
    assert text_of(compiled) == "x"
