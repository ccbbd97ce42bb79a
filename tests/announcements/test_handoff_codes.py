"""Paragraphs, protected codes, and what counts as damage: pure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.announcements.handoff.codes import CodeKind, codes_in, pieces_of, text_of
from newsletter.announcements.handoff.damage import damages
from newsletter.announcements.handoff.segments import Segmented, join_text, split_text

MARKDOWN = st.lists(
    st.sampled_from(
        [*"ab <>&\"'*_[]()!|\\\n#-", "\n\n", "\u202f", "🎉", "[[x]]", "[[first_name|a b]]", "[a](https://b.example)",
         "[[[first_name]]](https://c.example \"t\")", "https://d.example/x.", "<https://e.example>", "\x03", "\u2028", "\r"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(deadline=None)
@given(MARKDOWN | st.text(max_size=80))
def test_pieces_are_the_text(text: str) -> None:
    assert text_of(pieces_of(text)) == text


@settings(deadline=None)
@given(MARKDOWN | st.text(max_size=80))
def test_paragraphs_join_to_the_text(text: str) -> None:
    segmented = split_text(text)
    assert join_text(segmented.segments, segmented.gaps) == text
    assert all(segment == segment.strip() != "" for segment in segmented.segments)


@settings(deadline=None)
@given(MARKDOWN, st.booleans())
def test_text_is_no_damage_to_itself(text: str, is_markdown: bool) -> None:
    assert damages(text, text, is_markdown=is_markdown) == ()


def test_blank_lines_part_paragraphs_and_single_ones_do_not() -> None:
    assert split_text("\n a\nb \n \n\n  c\n") == Segmented(("a\nb", "c"), ("\n ", " \n \n\n  ", "\n"))


def test_join_refuses_gaps_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="2 segments do not fit 2 gaps"):
        join_text(["a", "b"], ["", ""])


def test_codes_are_fields_and_links_in_the_order_of_their_starts() -> None:
    text = "A [b [[first_name|c]]](https://d.example/e) <https://f.example> https://g.example/h. [[link:unsubscribe]]"
    assert [(code.kind, code.start, code.end, code.url) for code in codes_in(pieces_of(text))] == [
        (CodeKind.LINK, "[", "](https://d.example/e)", "https://d.example/e"),
        (CodeKind.FIELD, "[[first_name|", "]]", ""),
        (CodeKind.LINK, "<https://f.example>", "", "https://f.example"),
        (CodeKind.LINK, "https://g.example/h", "", "https://g.example/h"),
        (CodeKind.FIELD, "[[link:unsubscribe]]", "", ""),
    ]


@pytest.mark.parametrize(
    ("source", "target", "found"),
    [
        ("a [[name]]", "b", ("the field [[name]] is missing or damaged",)),
        ("a [[name]]", "b [[ name ]]", ("the field [[name]] is missing or damaged", "a sign of the Markdown lost its other half: [[")),
        ("a [[name]]", "b [[nom]]", ("the field [[name]] is missing or damaged", "the field [[nom]] is not in the source")),
        ("a [[name]] [[name]]", "b [[name]]", ("the field [[name]] is missing or damaged",)),
        ("a", "b [[name]]", ("the field [[name]] is not in the source",)),
        ("a [[name|vous]]", "b [[name|you]]", ()),
        ("[a](https://x.example/fr)", "[b](https://x.example/en)", ()),
        ("[a](https://x.example/fr)", "b", ("a link is lost: https://x.example/fr",)),
        ("a https://x.example/fr b", "a b", ("a link is lost: https://x.example/fr",)),
        ("[a](https://x.example/fr)", "[b] (https://x.example/fr)", ("a link is lost: https://x.example/fr", "addresses in the text: 1, the source has 0")),
        ("[a](https://x.example/fr)", "[b(https://x.example/fr)", ("a link is lost: https://x.example/fr", "addresses in the text: 1, the source has 0")),
        ("[a](https://x.example/fr)", "[b](https://x.example/ en)", ("a link is lost: https://x.example/fr", "addresses in the text: 1, the source has 0", "a sign of the Markdown lost its other half: ](")),
        ("[a](https://x.example/fr)", "[b](javascript:alert(1))", ("a link leads nowhere: javascript:alert(1)",)),
        ("[a](https://x.example/fr)", "[b]()", ("a link leads nowhere: (empty)",)),
        ("a", "[b](https://x.example)", ("links: 1, the source has 0",)),
        ("![a](https://x.example/p.png)", "b", ("there are 0 pictures, the source has 1",)),
        ("## a\n\nb", "a\n\nb", ("the headings are not those of the source (lines that begin with #)",)),
        ("## a", "### a", ("the headings are not those of the source (lines that begin with #)",)),
        ("- a\n- b", "- a b", ("there are 1 list items, the source has 2",)),
        ("> a", "a", ("the quotations are not those of the source (lines that begin with >)",)),
        ("**a** b", "**a b", ("a sign of the Markdown lost its other half: **",)),
        ("**a** b", "b *a*", ()),
    ],
)  # fmt: skip
def test_damage_is_named(source: str, target: str, found: tuple[str, ...]) -> None:
    assert damages(source, target, is_markdown=True) == found


def test_one_line_stays_one_line() -> None:
    assert damages("a", "b\nc", is_markdown=False) == ("there must be only one line",)
    assert damages("a\nb", "b\nc", is_markdown=False) == ()
