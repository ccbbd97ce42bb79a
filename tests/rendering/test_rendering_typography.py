"""French typography."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.fields import set_aside
from newsletter.rendering.typography import typeset

PIECES = st.sampled_from(
    [
        *"ab 1\n'\"«»;:!?%€[]()*_\\&<>#",
        "\u00a0",
        "\u202f",
        "l'",
        "10:30",
        "84 000",
        "17 h 30",
        "10 mai ",
        "https://a.be/x?y;z ",
        "[[first_name]]",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=25).map("".join))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Bonjour!", "Bonjour\u202f!"),
        ("Bonjour  ! Ça va?", "Bonjour\u202f! Ça va\u202f?"),
        ("Quoi ?!", "Quoi\u202f?!"),
        ("Note: oui ; non", "Note\u00a0: oui\u202f; non"),
        ("**Gras** : x", "**Gras**\u00a0: x"),
        ("« oui » et «non»", "«\u00a0oui\u00a0» et «\u00a0non\u00a0»"),
        ('Elle dit "l\'été" (et "oui").', "Elle dit «\u00a0l’été\u00a0» (et «\u00a0oui\u00a0»)."),
        ("l'*été* et l'[école](x)", "l’*été* et l’[école](x)"),
        ("de 84 000 € à 50 %", "de 84\u202f000\u00a0€ à 50\u202f%"),
        ("[[first_name|toi !]] !", "[[first_name|toi !]]\u202f!"),
        ("de 14 h à 17 h 30, 3 hommes", "de 14\u00a0h à 17\u00a0h\u00a030, 3 hommes"),
        ("le 10 octobre, le 1er mai, 4 maisons", "le 10\u00a0octobre, le 1er\u00a0mai, 4 maisons"),
    ],
)
def test_french_gets_its_spaces_and_quotation_marks(typed: str, shown: str) -> None:
    assert typeset(typed, "fr") == shown
    assert typeset(typed, "fr-BE") == shown


@pytest.mark.parametrize(
    "typed",
    [
        "à 10:30",
        "https://jardins.example/a?b=c;d!e",
        '[texte](https://jardins.example/l\'a?b;c "titre: x")',
        "<https://jardins.example/a?b;c>",
        "bonjour@jardins.example",
        "&eacute; &#233;",
        "[[first_name|à vous !]]",
        "[renvoi]: https://jardins.example/?x ; y",
        r"\" \! \[[name]]",
        "!",
        ":-)",
    ],
)
def test_links_fields_entities_and_times_stay_as_they_are(typed: str) -> None:
    assert typeset(typed, "fr") == typed


@pytest.mark.parametrize("language", ["nl", "ar"])
def test_other_languages_stay_as_they_are(language: str) -> None:
    typed = 'Well ! "She" said: l\'été ; 84 000 %'
    assert typeset(typed, language) == typed


def test_a_field_that_was_set_aside_is_followed_like_a_word() -> None:
    assert typeset(set_aside("Salut [[first_name]]!"), "fr") == set_aside("Salut [[first_name]]") + "\u202f!"


def test_a_long_word_takes_no_long_time() -> None:
    typed = "a." * 100_000
    assert typeset(typed, "fr") == typed


@given(TEXTS)
def test_a_second_run_changes_nothing(text: str) -> None:
    once = typeset(text, "fr")
    assert typeset(once, "fr") == once


@given(TEXTS)
def test_only_spaces_and_quotation_marks_change(text: str) -> None:
    dropped = dict.fromkeys(map(ord, " \u00a0\u202f\u2009'’\"«»"))
    assert typeset(text, "fr").translate(dropped) == text.translate(dropped)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ('"Never," she says. Don\'t!', "“Never,” she says. Don’t!"),
        ('**"Bold"** and ("so")', "**“Bold”** and (“so”)"),
        ("[a](https://a.be \"it's\") [[first_name|it's]]", "[a](https://a.be \"it's\") [[first_name|it's]]"),
        ('A 12" pipe: 50 % off; 1 000', 'A 12" pipe: 50 % off; 1 000'),
        ("10 October, October 3rd, May 7; he may 3", "10\u00a0October, October 3rd, May\u00a07; he may 3"),
    ],
)
def test_english_has_its_quotation_marks_and_apostrophes(typed: str, shown: str) -> None:
    assert typeset(typed, "en-GB") == shown
    assert typeset(shown, "en") == shown
