from hypothesis import given
from hypothesis import strategies as st

from newsletter.foundation.merge import Field, fields_with_lines, guard_literals, keep_blocks, split_fields

TYPED = st.text(alphabet=st.sampled_from("[]|:ab_\\ \né{}"), max_size=40)


def test_split_fields_finds_names_arguments_and_defaults() -> None:
    assert split_fields("Bonjour [[first_name|à vous]], [[link:unsubscribe]].") == [
        "Bonjour ",
        Field("first_name", "", "à vous"),
        ", ",
        Field("link", "unsubscribe"),
        ".",
    ]


def test_split_fields_resolves_the_literal_brackets() -> None:
    assert split_fields("a [[open]]b]] [[name]]") == ["a [[b]] ", Field("name"), ""]


def test_what_only_looks_like_a_field_stays_text() -> None:
    text = "[[ name ]] [[Name]] [[a b]] [[]] [[x|[y]]]"
    assert split_fields(guard_literals(text)) == [text]


def test_backslash_makes_a_field_literal() -> None:
    assert split_fields(guard_literals(r"write \[[first_name]]")) == ["write [[first_name]]"]


@given(TYPED)
def test_guarded_text_comes_out_as_typed_but_for_its_fields(text: str) -> None:
    pieces = split_fields(guard_literals(text))
    rebuilt = "".join(str(piece) for piece in pieces)
    assert rebuilt.replace("\\", "").replace("|]]", "]]") == text.replace("\\", "").replace("|]]", "]]")


def test_fields_with_lines_counts_from_one() -> None:
    assert fields_with_lines("[[a]]\n\n x [[b:c]]") == [(Field("a"), 1), (Field("b", "c"), 3)]


def test_keep_blocks_opens_those_of_the_audience_and_drops_the_others() -> None:
    html = "<p>1</p><!--@only mail--><p>2</p><!--@end--><!--@only web--><p>3</p>\n<!--@end-->"
    assert keep_blocks(html, "mail") == "<p>1</p><p>2</p>"
    assert keep_blocks(html, "web") == "<p>1</p><p>3</p>\n"
