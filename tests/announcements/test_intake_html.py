import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from newsletter.announcements.intake.html import FoundPicture, to_markdown
from newsletter.announcements.remark_kinds import RemarkCode
from newsletter.foundation.merge import fields_with_lines, guard_literals
from newsletter.rendering.markdown import to_xhtml

SITE = "https://jardins.example/fr/"
AT = "https://jardins.example"


def markdown(html: str) -> str:
    return to_markdown(html, SITE).markdown


def findings(html: str) -> list[tuple[RemarkCode, str]]:
    return list(to_markdown(html, SITE).findings)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>Un <b>mot </b>fort,<i> et</i> un.</p>", "Un **mot** fort, _et_ un."),
        ("<p>dé<strong>but</strong>é et <em>mi</em>lieu</p>", "dé**but**é et *mi*lieu"),
        ("<strong>Attention :</strong>venez", "**Attention** :venez"),
        ("<b>a<i>b</i></b> <i><b>c</b></i>", "**ab** **_c_**"),
        ("<strong>a<p>b</p></strong>", "**a**\n\n**b**"),
        ("<h1>Un</h1><h3>Deux #</h3>", "## Un\n\n### Deux \\#"),
        (
            'Voir <a href="/a b(c)?x=1&amp;copy;=2"> ici </a>!',
            f"Voir [ici]({AT}/a%20b\\(c\\)?x=1\\&copy;=2) !",
        ),
        ("https://x.example/a_b. Fin", "<https://x.example/a_b>. Fin"),
        ('<a href="https://x.example/">https://x.example/</a>', "<https://x.example/>"),
        ('<a href="mailto:a@x.example">écrire</a>', "[écrire](mailto:a@x.example)"),
        ('<a href="/x"><h3>Titre</h3><p>Texte</p></a>', f"### [Titre]({AT}/x)\n\n[Texte]({AT}/x)"),
        ('<a href="/x"><img src="/i.png" alt="Voir la carte"></a>', f"[Voir la carte]({AT}/x)"),
        ("Hé!<a href='https://x.example/'>lien</a>", "Hé\\![lien](https://x.example/)"),
        ("a<br>b<br><br>c", "a\\\nb\n\nc"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ('<ol start="3"><li>a</li><li><p>b</p><p>c</p></li></ol>', "3. a\n\n4. b\n\n   c"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b"),
        ("<ul><ul><li>a</li></ul></ul>", "- - a"),
        ("<blockquote><p>a<br>b</p><p>c</p></blockquote>", "> a\\\n> b\n>\n> c"),
        ("<pre>a\n  b</pre>", "a\\\nb"),
        ("<p>- a<br>1. b<br># c<br>&gt; d</p>", "\\- a\\\n1\\. b\\\n\\# c\\\n\\> d"),
        ("2 * 3 _a_ a_b `x` [y] &amp;amp; &lt;b&gt;", "2 \\* 3 \\_a\\_ a_b \\`x\\` \\[y\\] \\&amp; \\<b>"),
        ("m<sup>2</sup>, 1<sup>er</sup>", "m², 1er"),
        ("<script>x()</script><style>p{}</style><!-- x --><p>a</p>", "a"),
        ("", ""),
    ],
)
def test_html_becomes_markdown(html: str, expected: str) -> None:
    assert markdown(html) == expected


def test_table_becomes_a_list_and_is_remarked_on() -> None:
    table = "<table><tr><th>Jour</th><th>Heure</th></tr><tr><td>Lundi</td><td>9 h</td></tr></table>"
    assert markdown(table) == "- **Jour** — **Heure**\n- Lundi — 9 h"
    assert findings(table) == [(RemarkCode.TABLE_AS_TEXT, "Jour Heure Lundi 9 h")]


def test_table_that_lays_out_is_taken_apart() -> None:
    layout = "<table><tr><td><h2>Titre</h2><p>Un</p></td></tr><tr><td>Deux</td></tr></table>"
    assert (markdown(layout), findings(layout)) == ("## Titre\n\nUn\n\nDeux", [])


def test_what_is_embedded_is_told() -> None:
    html = '<p>a</p><iframe src="https://video.example/1"></iframe><p>b</p>'
    told = [(RemarkCode.EMBED_LEFT_OUT, "https://video.example/1")]
    assert (markdown(html), findings(html)) == ("a\n\nb", told)


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "java\nscript:x"],
)
def test_link_that_runs_something_loses_its_target_and_is_told(href: str) -> None:
    html = f'<a href="{href}">ici</a>'
    assert markdown(html) == "ici"
    assert [code for code, _ in findings(html)] == [RemarkCode.LINK_LEFT_OUT]


def test_pictures_are_found_and_trackers_are_not() -> None:
    html = """<img src="a.png" alt=" Un  jardin "><img src="/pixel.gif" width="1" height="1">
    <img src="data:image/png;base64,x"><img data-src="/b.jpg" src="/wait.gif"><img src="a.png">"""
    assert list(to_markdown(html, SITE).pictures) == [
        FoundPicture("https://jardins.example/fr/a.png", "Un jardin"),
        FoundPicture("https://jardins.example/b.jpg", ""),
    ]


def test_nothing_from_outside_becomes_a_merge_field() -> None:
    text = markdown("<p>Bonjour [[first_name]] [[link:unsubscribe]]</p>")
    assert fields_with_lines(guard_literals(text)) == []
    assert to_xhtml(text, 2) == "<p>Bonjour [[first_name]] [[link:unsubscribe]]</p>"


@pytest.mark.parametrize("tag", ["div", "blockquote", "ul><li", "b", "span", "table><tr><td", "a href='/x'"])
def test_deep_nesting_keeps_the_words(tag: str) -> None:
    assert "mot" in markdown(f"<{tag}>" * 2000 + "mot")


# What a site may write: words, marks that Markdown knows, and elements within elements.
_WORDS = st.text(alphabet="abcé12*_`[]()<>&#!.-+:~\\|«» \n", max_size=12).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
)
_LINK = '<a href="https://x.example/{}">{}</a>'


def _list(tag: str, items: list[str]) -> str:
    return f"<{tag}>" + "".join(f"<li>{item}</li>" for item in items) + f"</{tag}>"


_INLINE = st.recursive(
    _WORDS,
    lambda inner: st.one_of(
        st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["strong", "em", "b", "i", "span"]), inner),
        st.builds(_LINK.format, st.sampled_from(["a_b", "c(d)", "?e=1&amp;f=2", "g*h", "i~j"]), _WORDS),
        st.lists(inner, max_size=4).map("".join),
        inner.map(lambda text: f"{text}<br>"),
    ),
    max_leaves=8,
)
_BLOCK = st.recursive(
    st.one_of(_INLINE, _INLINE.map(lambda t: f"<p>{t}</p>"), _INLINE.map(lambda t: f"<h3>{t}</h3>")),
    lambda inner: st.one_of(
        st.builds(_list, st.sampled_from(["ul", "ol"]), st.lists(inner, min_size=1, max_size=3)),
        inner.map(lambda text: f"<blockquote>{text}</blockquote>"),
        inner.map(lambda text: f"<div>{text}</div>"),
        st.lists(inner, max_size=3).map("".join),
    ),
    max_leaves=6,
)


def _texts(html: str) -> str:
    tree = lxml_html.fragment_fromstring(html, create_parent="div")
    return "".join("".join(tree.itertext()).split())


def _targets(html: str) -> set[str]:
    tree = lxml_html.fragment_fromstring(html, create_parent="div")
    return {str(a.get("href")) for a in tree.iter("a") if a.get("href") and "".join(a.itertext()).strip()}


@given(_BLOCK)
def test_rendering_the_markdown_gives_the_same_words_and_links(html: str) -> None:
    again = to_xhtml(to_markdown(html).markdown, 2)
    assert _texts(again) == _texts(html)
    assert _targets(html) <= _targets(again)


_SENTENCE = st.lists(st.sampled_from(["mot", "été", "a-b", "l’eau", "14 h"]), min_size=1, max_size=3).map(
    " ".join
)
_PIECES = st.lists(st.tuples(st.sampled_from(["", "strong", "em"]), _SENTENCE), min_size=1, max_size=5)


@given(_PIECES)
def test_emphasis_and_strong_text_come_back(pieces: list[tuple[str, str]]) -> None:
    html = " ".join(f"<{tag}>{words}</{tag}>" if tag else words for tag, words in pieces)
    again = to_xhtml(to_markdown(html).markdown, 2)
    for tag in ("strong", "em"):
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", again)
        assert " ".join(found) == " ".join(words for name, words in pieces if name == tag)


@given(st.recursive(st.just("mot"), lambda inner: st.lists(inner, min_size=1, max_size=3), max_leaves=8))
def test_items_of_nested_lists_come_back(nested: object) -> None:
    def written(value: object) -> str:
        if isinstance(value, str):
            return f"<li>{value}</li>"
        assert isinstance(value, list)
        return "<li>item<ul>" + "".join(map(written, value)) + "</ul></li>"

    html = f"<ul>{written(nested)}</ul>"
    assert to_xhtml(to_markdown(html).markdown, 2).count("<li>") == html.count("<li>")
