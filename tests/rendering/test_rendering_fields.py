"""Merge fields: which exist, and how they pass through."""

from hypothesis import given
from hypothesis import strategies as st

from newsletter.foundation.merge import Field, split_fields
from newsletter.rendering.fields import (
    almost_fields,
    clean,
    is_known,
    literal,
    put_back,
    set_aside,
    unknown_fields,
)


def test_the_fields_that_exist() -> None:
    text = "[[first_name|toi]] [[name]] [[email]] [[greeting:fr]] [[greeting:fr-BE]] [[link:unsubscribe]] [[open]]"
    assert unknown_fields(text) == []


def test_fields_that_do_not_exist_come_with_their_line() -> None:
    text = "a\n[[surname]]\n[[greeting]] [[greeting:FR]]\r\n\\[[escaped]] [[link:home]] [[first_name:x]]"
    found = [(str(field), line) for field, line in unknown_fields(clean(text))]
    assert found == [("[[surname]]", 2), ("[[greeting]]", 3), ("[[link:home]]", 4), ("[[first_name:x]]", 4)]


def test_what_only_looks_like_a_field_is_told() -> None:
    assert almost_fields("[[first_name]]\n[[First Name]] \\[[X]] [[ name ]]") == [
        ("[[First Name]]", 2),
        ("[[ name ]]", 2),
    ]


def test_a_greeting_needs_a_language_in_its_one_spelling() -> None:
    assert is_known(Field("greeting", "pt-BR"))
    assert not is_known(Field("greeting", "pt-br"))


@given(
    st.lists(
        st.sampled_from(["[", "]", "[[", "]]", "first_name", "|", "open", "\\", "x", "[[name]]"]), max_size=12
    ).map("".join)
)
def test_literal_text_comes_out_as_itself(text: str) -> None:
    assert split_fields(literal(text)) == [text]


@given(
    st.lists(st.sampled_from(["[", "]]", "\\", "x ", "[[name|a & b]]", "[[email]]"]), max_size=12).map(
        "".join
    )
)
def test_fields_that_were_set_aside_come_back(text: str) -> None:
    fields = [piece for piece in split_fields(put_back(set_aside(text))) if isinstance(piece, Field)]
    assert {str(field) for field in fields} <= {"[[name|a & b]]", "[[email]]"}
    assert len(fields) >= text.count("[[name|a & b]]") - text.count("\\") - text.count("[[[")
