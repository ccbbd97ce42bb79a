import subprocess
import sys

import pytest
from language_snippets import SNIPPETS

from newsletter.announcements.intake.language import IdentifiedLanguage, identify_language

ALL = [(language, text) for language, texts in SNIPPETS.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), [pair for pair in ALL if pair[0] in ("fr", "en")])
def test_title_is_told_french_from_english(language: str, text: str) -> None:
    assert identify_language(text, ("fr", "en")) == IdentifiedLanguage(language, is_guess=False)


@pytest.mark.parametrize(("language", "text"), ALL)
def test_title_is_told_among_four_languages(language: str, text: str) -> None:
    assert identify_language(text, ("fr", "en", "nl", "de")).language == language


@pytest.mark.parametrize(("language", "text"), ALL)
def test_two_words_are_told_or_marked_as_a_guess(language: str, text: str) -> None:
    found = identify_language(" ".join(text.split()[:2]), ("fr", "en", "nl", "de"))
    assert found.language == language or found.is_guess


@pytest.mark.parametrize("text", ["", "2026", "!?", "☂ ☂"])
def test_text_without_words_gets_the_first_language_as_a_guess(text: str) -> None:
    assert identify_language(text, ("en", "fr")) == IdentifiedLanguage("en", is_guess=True)


def test_configured_tag_is_given_back_with_its_region() -> None:
    assert identify_language("Wij zoeken twee mensen voor de bar", ("fr", "nl-BE")).language == "nl-BE"


def test_only_language_is_no_guess() -> None:
    assert identify_language("?", ("fr",)) == IdentifiedLanguage("fr", is_guess=False)


def test_languages_that_nobody_can_tell_are_a_guess() -> None:
    assert identify_language("Bondjoû, tot l' monde", ("wa", "gos")) == IdentifiedLanguage(
        "wa", is_guess=True
    )


def test_models_are_loaded_only_when_a_language_is_asked() -> None:
    code = "import sys, newsletter.announcements.intake.auto; print('lingua' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
