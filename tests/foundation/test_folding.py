"""Words are compared without capitals and accents, alike in Python and in both databases; test_segments_selecting does more."""

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.foundation.database import Database
from newsletter.foundation.folding import fold, folded, number_in, number_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Liège", "liege"),
        ("LIE\u0300GE", "liege"),
        ("Œuvre", "œuvre"),
        ("ÅNGSTRÖM", "angstrom"),
        ("Straße", "straße"),
        ("ΑΘΉΝΑ", "αθηνα"),
        ("Ёлка", "елка"),
        ("", ""),
    ],
)
def test_folding_takes_capitals_and_accents_away(text: str, expected: str) -> None:
    assert fold(text) == expected
    assert fold(expected) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [("40", 40.0), (" -4,5 ", -4.5), ("007", 7.0), ("1.2.3", None), ("4 0", None), ("", None), ("5\n", None), ("٣", None)],
)  # fmt: skip
def test_number_is_found_in_a_text(text: str, number: float | None) -> None:
    assert number_in(text) == number


def test_databases_fold_and_read_numbers_as_python_does(db: Database) -> None:
    texts = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0", max_codepoint=0x2FFF), max_size=8
    )
    with db.read() as session:

        @settings(max_examples=200, deadline=None)
        @given(st.one_of(texts, st.text("0123456789-., \n", max_size=5)))
        def check(text: str) -> None:
            given_text = sa.literal(text, sa.Text)
            found = session.execute(sa.select(folded(given_text), number_of(given_text))).one()
            assert tuple(found) == (fold(text), number_in(text))

        check()
