"""Findings are data: the same finding is told in French and in English, each as good as the other."""

import re
from collections.abc import Callable
from functools import partial

import pytest
import test_checks_facts
import test_checks_mails
import test_checks_words

from builders_checks import TODAY, a_story
from newsletter.editions.checks.explanations import EXPLANATIONS
from newsletter.editions.checks.findings import Finding, finding, finding_of, told_in
from newsletter.editions.checks.places import EDITION, Place
from newsletter.editions.checks.same_facts import check_facts
from newsletter.foundation.sayings import LanguageName, saying
from newsletter.rendering.mjml.compiling import compile_mjml

_UNFILLED = re.compile(r"\{[a-z_]+\}")
_ENGLISH_QUOTES = re.compile("[“”]")


def differing(texts: tuple[str, str]) -> list[Finding]:
    return list(check_facts(a_story(*texts), ("fr", "en"), TODAY))


CASES: dict[str, Callable[[], list[Finding]]] = {
    **{code: case[0] for code, case in test_checks_words.CASES.items()},
    **{code: case[0] for code, case in test_checks_mails.CASES.items()},
    **{code: partial(differing, texts) for code, texts in test_checks_facts.CASES.items()},
}


@pytest.mark.parametrize("code", CASES)
def test_finding_is_told_in_both_languages(code: str) -> None:
    for found in CASES[code]():
        french, english = told_in(found, "fr"), told_in(found, "en")
        assert (french.code, french.level, french.language, french.line) == (
            english.code,
            english.level,
            english.language,
            english.line,
        )
        assert french.message != english.message
        said = " ".join((french.where, french.message, english.where, english.message))
        assert [match for match in _UNFILLED.findall(said) if match not in str(found.message.values)] == []


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_reason_and_remedy_of_every_code_are_french_and_english(code: str) -> None:
    known = EXPLANATIONS[code]
    for text in (known.why, known.mend):
        french, english = text.said_in("fr"), text.said_in("en")
        assert french != english == text.words
        assert french[0].isupper()
        assert french.endswith((".", "]."))
        assert _ENGLISH_QUOTES.findall(french) == []


def test_french_finding_reads_like_french() -> None:
    (found,) = check_facts(a_story("À 18 h.", "At 5 pm"), ("fr", "en"), TODAY)
    told = told_in(found, "fr")
    assert told.where == "annonce 1"
    assert told.message == (
        "Le texte en français indique «\u00a018 h\u00a0» et celui en anglais «\u00a05 pm\u00a0»."
    )
    assert told.mend == "Voyez quelle heure est la bonne et écrivez-la dans les deux langues."


def test_numbers_and_days_are_written_as_the_language_does() -> None:
    (contrast,) = test_checks_mails.CASES["low-contrast"][0]()
    assert "2,8 pour 1\u202f; il faut 4,5" in told_in(contrast, "fr").message
    assert "2.8 to 1, and needs 4.5" in told_in(contrast, "en").message
    (past,) = test_checks_words.CASES["event-past"][0]()
    assert told_in(past, "fr").message == "Cela a lieu le 22 novembre 2026, un jour déjà passé."
    assert told_in(past, "en").message == "It happens on 22 November 2026, which is over."


@pytest.mark.parametrize(
    ("place", "line", "french", "english"),
    [
        (Place(3, "body"), 2, "annonce 3, corps, ligne 2", "announcement 3, body, line 2"),
        (Place(3), None, "annonce 3", "announcement 3"),
        (EDITION.at("subject"), None, "édition, objet", "edition, subject"),
        (Place(variants=("fr", "en")), None, "variantes fr, en", "variants fr, en"),
        (Place(variants=("fr+en",)), None, "variante fr+en", "variant fr+en"),
        (Place(file="letter/{x}.mjml.j2"), 7, "letter/{x}.mjml.j2, ligne 7", "letter/{x}.mjml.j2, line 7"),
    ],
)
def test_place_is_told_in_both_languages(place: Place, line: int | None, french: str, english: str) -> None:
    found = finding("spelling", saying("x"), where=place, line=line)
    assert (found.place_in("fr"), found.place_in("en")) == (french, english)


def test_finding_in_one_line_ends_with_its_place() -> None:
    message = saying("The {language} subject is missing.", language=LanguageName("fr"))
    assert finding("missing-text", message).line_in("fr") == "L’objet en français manque (édition)"
    assert finding("missing-text", message, where=Place(2)).line_in("en") == (
        "The French subject is missing (announcement 2)"
    )


def test_problem_of_a_theme_is_told_in_both_languages() -> None:
    def told(mjml: str, language: str) -> list[str]:
        problems = compile_mjml(mjml).problems
        findings: list[Finding] = [finding_of(problem, "fr") for problem in problems]
        return [told_in(found, language).message for found in findings]

    assert told("<mjml><mj-body><mj-foo/></mj-body></mjml>", "fr")[0] == "<mj-foo> n’est pas un élément MJML."
    assert told("<html/>", "fr") == [
        "Le MJML ne peut pas être lu\u00a0: il commence par <html>, et non par <mjml>."
    ]
    assert told("<html/>", "en") == ["The MJML cannot be read: it begins with <html>, not with <mjml>."]
