import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.foundation.language import (
    NotALanguage,
    base_language,
    best_match,
    direction,
    language_name,
    lookup,
    normalise_tag,
    normalise_tags,
    own_name,
)


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("FR", "fr"),
        (" fr_be ", "fr-BE"),
        ("EN-gb", "en-GB"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
    ],
)
def test_normalise_tag_gives_the_one_spelling(typed: str, tag: str) -> None:
    assert normalise_tag(typed) == tag


@pytest.mark.parametrize(
    "typed", ["", "french", "f", "fr-", "fr--be", "fr;en", "fr\nX", "12", "fr-BE-x-private-use"]
)
def test_normalise_tag_refuses_what_is_none(typed: str) -> None:
    with pytest.raises(NotALanguage):
        normalise_tag(typed)


@given(st.text(max_size=12))
def test_normalise_tag_is_stable(text: str) -> None:
    try:
        tag = normalise_tag(text)
    except NotALanguage:
        return
    assert normalise_tag(tag) == tag


def test_normalise_tags_keeps_order_and_drops_repeats() -> None:
    assert normalise_tags(["EN", "fr", "en"]) == ("en", "fr")


@pytest.mark.parametrize(
    ("wanted", "available", "found"),
    [
        (["fr-BE"], ["fr", "en"], "fr"),
        (["fr-BE"], ["fr-CA", "en"], None),
        (["nl", "en-GB"], ["fr", "en"], "en"),
        (["fr"], ["fr-BE"], None),
        (["zh-Hant-TW"], ["zh-Hant"], "zh-Hant"),
        ([], ["fr"], None),
        (["EN"], ["en"], "en"),
    ],
)
def test_lookup_shortens_the_wanted_tag(wanted: list[str], available: list[str], found: str | None) -> None:
    assert lookup(wanted, available) == found


@pytest.mark.parametrize(
    ("wanted", "available", "found"),
    [
        (["en"], ["en-ZA", "en-AU", "en"], "en"),
        (["en"], ["fr", "en-ZA", "en-AU"], "en-ZA"),
        (["fr-BE"], ["fr-CA", "fr"], "fr"),
        (["fr-BE"], ["fr-CA", "en"], "fr-CA"),
        (["nl", "en-GB"], ["fr", "en"], "en"),
        (["nl"], ["fr", "en"], None),
    ],
)
def test_best_match_falls_back_to_another_region_in_a_fixed_order(
    wanted: list[str], available: list[str], found: str | None
) -> None:
    assert best_match(wanted, available) == found


def test_names_and_directions() -> None:
    assert language_name("en", "fr") == "anglais"
    assert language_name("fr", "en") == "French"
    assert (own_name("fr"), own_name("nl"), own_name("en")) == ("Français", "Nederlands", "English")
    assert (direction("ar"), direction("he-IL"), direction("fr-BE")) == ("rtl", "rtl", "ltr")
    assert base_language("fr-BE") == "fr"
