"""The language of filters: what it understands, where it says no, and that what it prints is what it reads."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.segments.errors import FilterRefused
from newsletter.audience.segments.filters import (
    ORDERED,
    Ago,
    And,
    Attribute,
    Comparison,
    Filter,
    Moment,
    Not,
    NumberIs,
    OnDay,
    Or,
    Part,
    Paused,
    Reads,
    ReadsBoth,
    Standing,
    Stands,
    TextIs,
    Unit,
    in_words,
)
from newsletter.audience.segments.parsing import parse_filter

CITY, AGE = Attribute("city"), Attribute("age")


def is_(of: Part | Attribute, *values: str) -> TextIs:
    return TextIs(of, Comparison.EQUAL, values)


@pytest.mark.parametrize(
    ("text", "filter_"),
    [
        ("language = fr", Reads("fr")),
        ("langue = français", Reads("fr")),
        ("LANGUAGE=FR_be", Reads("fr-BE")),
        ("language = unknown", Reads("")),
        ("language != nl", Not(Reads("nl"))),
        ("language in (fr, en)", Or((Reads("fr"), Reads("en")))),
        ("reads both", ReadsBoth()),
        ("lit les deux", ReadsBoth()),
        ("reads de", Reads("de")),
        ("on letter", Stands(Standing.ON, "letter")),
        ("sur Letter", Stands(Standing.ON, "letter")),
        ("quitté city-letter", Stands(Standing.LEFT, "city-letter")),
        ('pending "2026-letter"', Stands(Standing.PENDING, "2026-letter")),
        ("paused", Paused()),
        ("en pause", Paused()),
        ("since >= 2026-01-01", OnDay(Moment.SINCE, Comparison.AT_LEAST, date(2026, 1, 1))),
        ("depuis ≠ 2026-01-01", Not(OnDay(Moment.SINCE, Comparison.EQUAL, date(2026, 1, 1)))),
        ("subscribed < 30 days ago", Ago(Moment.SUBSCRIBED, Comparison.LESS, 30, Unit.DAYS)),
        ("inscrit < il y a 2 semaines", Ago(Moment.SUBSCRIBED, Comparison.LESS, 2, Unit.WEEKS)),
        ('city = "Liège"', is_(CITY, "Liège")),
        ("city in (Liège, « La Louvière »)", is_(CITY, "Liège", "La Louvière")),
        ("city not in (Namur)", Not(is_(CITY, "Namur"))),
        ("city contient ‘", None),
        ("city contains 'o''", None),
        ("age > 40", NumberIs(AGE, Comparison.MORE, 40)),
        ("age ≤ -4.5", NumberIs(AGE, Comparison.AT_MOST, -4.5)),
        ("age = 40", is_(AGE, "40")),
        ('attribute "code (x)" = 1', is_(Attribute("code (x)"), "1")),
        ("domain = example.org", is_(Part.DOMAIN, "example.org")),
        ("adresse contient zoe", TextIs(Part.ADDRESS, Comparison.CONTAINS, ("zoe",))),
        (r'name = "a \"b\" \\ c"', is_(Part.NAME, 'a "b" \\ c')),
        ("not not paused", Not(Not(Paused()))),
        (
            "paused or reads both and not (on a ou on b)",
            Or((Paused(), And((ReadsBoth(), Not(Or((Stands(Standing.ON, "a"), Stands(Standing.ON, "b")))))))),
        ),
    ],
)
def test_filter_is_understood(text: str, filter_: Filter | None) -> None:
    if filter_ is None:
        with pytest.raises(FilterRefused):
            parse_filter(text)
        return
    assert parse_filter(text) == filter_


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column 1: expected a condition, such as language = fr, on letter or city = \"Liège\"; found the end"),
        ("language fr", "column 10: expected a comparison: =, !=, in; found “fr”"),
        ("city ~ x", "column 6: expected a word, a value or a comparison; found “~”"),
        ("on", "column 3: expected a list's short name; found the end"),
        ("(language = fr", "column 15: expected “)”; found the end"),
        ("language = fr)", "column 14: expected and, or, or the end; found “)”"),
        ("language = klingon", "column 12: expected a language, such as fr, en or unknown; found “klingon”"),
        ("since > 2026-02-30", "column 9: expected a day of the calendar; found “2026-02-30”"),
        ("since = 3 days", "column 9: expected <, <=, > or >= before a span; found “=”"),
        ("since > 3 years", "column 11: expected days or weeks; found “years”"),
        ("age > forty", "column 7: expected a number; found “forty”"),
        ('city = "Liège', "column 8: expected a quotation mark \" that closes this one; found the end"),
        ("city = a b", "column 10: expected and, or, or the end; found “b”"),
        ("city = \x00", "column 8: expected a sign that can be written; found a control character"),
        ("city = \udc80", "column 8: expected a sign that can be written; found a control character"),
        ('attribute "a\\"b" = 1', "column 11: expected the name of an attribute, without quotation marks in it; found “a\"b”"),
        ("(" * 60 + "paused" + ")" * 60, "column 42: expected at most 40 parentheses within each other; found “(”"),
        ("not " * 60 + "paused", "column 165: expected at most 40 parentheses within each other; found “not”"),
        ("x = " + "y" * 2000, "column 2001: expected at most 2000 signs; found more"),
        ("x = 1; DROP TABLE subscriber", "column 6: expected a word, a value or a comparison; found “;”"),
    ],
)  # fmt: skip
def test_filter_that_is_not_understood_says_where_and_what_was_expected(text: str, message: str) -> None:
    with pytest.raises(FilterRefused) as refused:
        parse_filter(text)
    assert str(refused.value) == f"The filter, {message}."


_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
_NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\'), min_size=1, max_size=8
)
_OF = st.one_of(
    st.sampled_from(list(Part)),
    _NAMES.map(str.lower)
    .filter(lambda name: unicodedata.is_normalized("NFC", name))
    .filter(lambda name: name == name.lower())
    .map(Attribute),
)
_NUMBERS = st.decimals(-(10**14), 10**14, places=3).map(float)
_MOMENTS, _ORDERED = st.sampled_from(list(Moment)), st.sampled_from(sorted(ORDERED))
CONDITIONS = st.one_of(
    st.sampled_from(["", "fr", "fr-BE", "en"]).map(Reads),
    st.just(ReadsBoth()),
    st.just(Paused()),
    st.builds(Stands, st.sampled_from(list(Standing)), st.sampled_from(["letter", "a-1", "2026"])),
    st.builds(OnDay, _MOMENTS, st.sampled_from([*sorted(ORDERED), Comparison.EQUAL]), st.dates(date(1000, 1, 1))),
    st.builds(Ago, _MOMENTS, _ORDERED, st.integers(0, 9999), st.sampled_from(list(Unit))),
    st.builds(lambda of, values: is_(of, *values), _OF, st.lists(_TEXTS, min_size=1, max_size=3, unique=True)),
    st.builds(lambda of, value: TextIs(of, Comparison.CONTAINS, (value,)), _OF, _TEXTS),
    st.builds(lambda of, *more: NumberIs(of, *more), _OF.filter(lambda of: isinstance(of, Attribute)), _ORDERED, _NUMBERS),
)  # fmt: skip


def trees(conditions: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        conditions,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(tuple).map(And),
            st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or),
        ),
        max_leaves=8,
    )


@given(trees(CONDITIONS).filter(lambda found: len(in_words(found)) <= 2000))
def test_what_is_printed_is_read_as_the_same(found: Filter) -> None:
    assert parse_filter(in_words(found)) == found


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_refused_with_its_column(text: str) -> None:
    column = 0
    try:
        printed = in_words(parse_filter(text))
    except FilterRefused as refused:
        column = refused.column
    else:
        assert parse_filter(printed) == parse_filter(text)
    assert 0 <= column <= len(text) + 1
