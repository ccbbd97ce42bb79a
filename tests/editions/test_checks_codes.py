"""Every code is explained, documented, and tested both ways."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import test_checks_facts
import test_checks_few_items
import test_checks_links
import test_checks_mails
import test_checks_rendering
import test_checks_run
import test_checks_words

from newsletter.editions.checks.explanations import EXPLANATIONS
from newsletter.editions.checks.findings import finding, finding_of, in_order, told_in
from newsletter.editions.checks.places import Place
from newsletter.foundation.sayings import saying
from newsletter.rendering.problems import Code, Level, Problem

DOCUMENT = Path(__file__).parents[2] / "docs" / "checks.md"
_SECTION = re.compile(
    r"^### `(?P<code>[a-z0-9-]+)`\n\n\*(?P<level>\w+)\.\* (?P<what>.+)\n\n"
    r"- Why: (?P<why>.+)\n- Mend: (?P<mend>.+)\n- Example: (?P<example>.+)$",
    re.MULTILINE,
)
# Files whose CASES have, for each code, what brings it about and a close case that does not; their tests run both.
_TWO_WAYS = (
    test_checks_facts.CASES,
    test_checks_words.CASES,
    test_checks_mails.CASES,
    test_checks_links.CASES,
    test_checks_rendering.CASES,
)
# What needs a database or a dictionary has two tests of its own: one that finds it, one that leaves a close case alone.
_BY_THEMSELVES: dict[str, tuple[Callable[..., None], Callable[..., None]]] = {
    "few-items": (
        test_checks_few_items.test_language_with_less_than_half_is_told,
        test_checks_few_items.test_language_with_half_or_more_is_not_told,
    ),
    "missing-text": (
        test_checks_run.test_missing_text_blocks_and_says_why,
        test_checks_run.test_reasonable_edition_has_only_notes,
    ),
    "spelling": (
        test_checks_words.test_spelling_finds_an_unknown_word_once_with_its_line,
        test_checks_words.test_spelling_passes_over_names_addresses_and_known_words,
    ),
    "spelling-not-checked": (
        test_checks_words.test_spelling_without_a_dictionary_is_a_note,
        test_checks_words.test_spelling_passes_over_names_addresses_and_known_words,
    ),
}


def test_document_says_what_the_code_says() -> None:
    sections = {
        match["code"]: (match["level"].lower(), match["why"], match["mend"])
        for match in _SECTION.finditer(DOCUMENT.read_text("utf-8"))
    }
    assert sections == {
        code: (known.level.value, known.why.words, known.mend.words) for code, known in EXPLANATIONS.items()
    }


def test_every_code_of_rendering_is_explained() -> None:
    assert {code.value for code in Code} <= EXPLANATIONS.keys()


def test_codes_documents_and_tests_both_ways_are_one_set() -> None:
    documented = {match["code"] for match in _SECTION.finditer(DOCUMENT.read_text("utf-8"))}
    tested = {str(code) for cases in _TWO_WAYS for code in cases} | _BY_THEMSELVES.keys()
    assert tested == documented == EXPLANATIONS.keys()


def test_a_code_that_is_not_explained_cannot_be_found() -> None:
    with pytest.raises(KeyError):
        finding("no-such-code", saying("x"))


def test_why_and_mend_are_sentences() -> None:
    texts = [text for known in EXPLANATIONS.values() for text in (known.why.words, known.mend.words)]
    assert [text for text in texts if not text[0].isupper() or not text.endswith((".", "]."))] == []


def test_problem_of_rendering_becomes_a_finding() -> None:
    problem = Problem("unknown-field", Level.BLOCKS, saying("No."), 3, "item announcement-12 body", "fr")
    found = finding_of(problem, "fr+en")
    assert (found.where, found.line, found.place_in("en")) == (
        Place(12, "body"),
        3,
        "announcement 12, body, line 3",
    )
    assert told_in(found, "en").why == "Readers would see the field instead of its value."
    nowhere = Problem("mjml-not-compiled", Level.BLOCKS, saying("No."))
    assert finding_of(nowhere, "fr+en").where == Place(variants=("fr+en",))


def test_findings_come_gravest_first_and_once() -> None:
    notes, warns, blocks = (
        finding(code, saying("x")) for code in ("spelling", "doubled-word", "missing-text")
    )
    assert in_order([notes, warns, blocks, warns]) == (blocks, warns, notes)
