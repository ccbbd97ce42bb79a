"""Every code is explained, documented, and tested both ways."""

import re
from pathlib import Path

import test_checks_facts
import test_checks_mails
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
# Tested in tests/editions/test_checks_links.py, against pages on loopback.
_OF_LINKS = {"dead-link", "moved-link", "slow-link", "link-not-checked", "page-language"}
# Tested in test_checks_words.py with dictionaries, in test_checks_run.py and test_checks_few_items.py with an edition.
_ELSEWHERE = {"few-items", "spelling", "spelling-not-checked", "missing-text"}


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


def test_every_code_of_the_checks_is_tested_both_ways() -> None:
    tested = {*test_checks_facts.CASES, *test_checks_words.CASES, *test_checks_mails.CASES}
    assert tested | _OF_LINKS | _ELSEWHERE == EXPLANATIONS.keys() - {code.value for code in Code} | {
        "too-large"
    }


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
