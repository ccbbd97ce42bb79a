"""Sayings: words kept as data and said in a language that is named later."""

from string import Formatter

from hypothesis import given
from hypothesis import strategies as st
from test_texts import asked_for

from newsletter.foundation.sayings import LanguageName, Saying, saying
from newsletter.foundation.texts import texts


def test_saying_is_said_in_each_language_with_its_values() -> None:
    said = saying("The {language} subject has only {count} characters.", language=LanguageName("en"), count=4)
    assert said.said_in("en") == "The English subject has only 4 characters."
    assert said.said_in("fr-BE") == "L’objet en anglais ne compte que 4 caractères."


def test_values_inside_values_are_said_in_the_same_language() -> None:
    why = saying("the server answered {status}", status=503)
    said = saying("{link} does not answer: {why}.", link="https://x.example/", why=why)
    assert said.said_in("fr") == "https://x.example/ ne répond pas\u00a0: le serveur a répondu 503."


def test_lists_have_commas_and_decimals_the_sign_of_the_language() -> None:
    said = saying("{items}", items=(saying("{count} MB", count=2), 1.5, "x"))
    assert (said.said_in("en"), said.said_in("fr")) == ("2 MB, 1.5, x", "2\u00a0Mo, 1,5, x")


def test_equal_sayings_are_one() -> None:
    assert saying("a", x=1) == saying("a").of(x=1) == Saying("a", (("x", 1),))
    assert len({saying("a", x=1), saying("a", x=1), saying("a", x=2)}) == 2


@given(st.text())
def test_what_an_editor_typed_is_never_taken_for_a_place_to_fill(words: str) -> None:
    assert saying("A link says only “{words}”.", words=words).said_in("en") == f"A link says only “{words}”."


def test_every_text_can_be_filled_in() -> None:
    asked = [text for context, text in asked_for(("newsletter/",), {"saying": None}) if context is None]
    assert len(asked) > 300
    for text in asked:
        for language in ("fr", "en"):
            told = texts(language).gettext(text)
            names = {name for _, name, _, _ in Formatter().parse(told) if name is not None}
            assert all(name.isidentifier() for name in names), told
            assert "{" not in told.format(**dict.fromkeys(names, "x"))
