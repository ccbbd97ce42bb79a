import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.errors import LanguageNotUnderstood
from newsletter.audience.models import SubscriptionState
from newsletter.audience.rules import MOVES, MOVES_BY_IMPORT, address_key, reader_languages
from newsletter.foundation.signing import Keyring


@pytest.mark.parametrize(
    ("text", "languages", "reads_both"),
    [
        ("", (), False),
        ("  ", (), False),
        ("fr", ("fr",), False),
        ("FR_be", ("fr-BE",), False),
        ("fr en", ("fr", "en"), True),
        ("en,fr-BE", ("en", "fr-BE"), True),
        ("fr+en", ("fr", "en"), True),
        ("FR/NL", ("fr", "nl"), True),
        ("fr ; nl ; en", ("fr", "nl", "en"), True),
        ("fr & en", ("fr", "en"), True),
        ("fr fr", ("fr",), False),
        ("français", ("fr",), False),
        ("FRANÇAIS", ("fr",), False),
        ("franc\u0327ais", ("fr",), False),
        ("French", ("fr",), False),
        ("Frans", ("fr",), False),
        ("anglais", ("en",), False),
        ("English", ("en",), False),
        ("Nederlands", ("nl",), False),
        ("néerlandais", ("nl",), False),
        ("Deutsch", ("de",), False),
        ("allemand", ("de",), False),
        ("eng", ("en",), False),
        ("français et anglais", ("fr", "en"), True),
        ("English and French", ("en", "fr"), True),
        ("et", ("et",), False),
        ("zh-hant", ("zh-Hant",), False),
        ("both", ("fr", "nl"), True),
        ("Les deux", ("fr", "nl"), True),
        ("bilingue", ("fr", "nl"), True),
    ],
)
def test_language_column_is_read(text: str, languages: tuple[str, ...], reads_both: bool) -> None:
    assert reader_languages(text, ("fr", "nl", "en")) == (languages, reads_both)


@pytest.mark.parametrize("text", ["klingon", "xx", "f", "fr en de nl es it", "12", "+", "fr?", "fr\x00"])
def test_language_column_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(LanguageNotUnderstood, match="is not understood"):
        reader_languages(text)


def test_both_languages_of_an_installation_with_one_are_refused() -> None:
    with pytest.raises(LanguageNotUnderstood):
        reader_languages("both", ("fr",))


@given(st.text(max_size=40))
def test_any_text_is_languages_or_refused(text: str) -> None:
    try:
        languages, reads_both = reader_languages(text, ("fr", "en"))
    except LanguageNotUnderstood:
        return
    assert reads_both == (len(languages) > 1)
    assert len(set(languages)) == len(languages) <= 5


def test_address_key_is_one_for_all_spellings_and_tells_nothing(keyring: Keyring) -> None:
    key = address_key(keyring, "anna.b+x@gmail.com")
    assert key == address_key(keyring, "AnnaB@googlemail.com")
    assert len(key) == 16
    assert key != address_key(keyring, "other@gmail.com")
    assert key != address_key(Keyring("another secret of another installation"), "anna.b+x@gmail.com")


def test_moves_name_every_state_and_imports_make_only_some_of_them() -> None:
    assert set(MOVES) == set(MOVES_BY_IMPORT) == set(SubscriptionState)
    assert all(MOVES_BY_IMPORT[state] <= MOVES[state] for state in SubscriptionState)
    reached_by_import = frozenset().union(*MOVES_BY_IMPORT.values())
    assert reached_by_import == {SubscriptionState.ENDED}
