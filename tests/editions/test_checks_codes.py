"""Every code is explained, documented, and tested both ways."""

import re
from pathlib import Path

import test_checks_facts
import test_checks_mails
import test_checks_words

from newsletter.editions.checks.explanations import EXPLANATIONS
from newsletter.editions.checks.findings import Finding, finding, finding_of, in_order
from newsletter.rendering.problems import Code, Level, Problem

DOCUMENT = Path(__file__).parents[2] / "docs" / "checks.md"
_SECTION = re.compile(
    r"^### `(?P<code>[a-z0-9-]+)`\n\n\*(?P<level>\w+)\.\* (?P<what>.+)\n\n"
    r"- Why: (?P<why>.+)\n- Mend: (?P<mend>.+)\n- Example: (?P<example>.+)$",
    re.MULTILINE,
)
# Tested in tests/editions/test_checks_links.py, against pages on loopback.
_OF_LINKS = {"dead-link", "moved-link", "slow-link", "link-not-checked", "page-language"}
# Tested in test_checks_words.py with dictionaries, and in test_checks_run.py with an edition.
_ELSEWHERE = {"spelling", "spelling-not-checked", "missing-text"}


def test_document_says_what_the_code_says() -> None:
    sections = {
        match["code"]: (match["level"].lower(), match["why"], match["mend"])
        for match in _SECTION.finditer(DOCUMENT.read_text("utf-8"))
    }
    assert sections == {
        code: (known.level.value, known.why, known.mend) for code, known in EXPLANATIONS.items()
    }


def test_every_code_of_rendering_is_explained() -> None:
    assert {code.value for code in Code} <= EXPLANATIONS.keys()


def test_every_code_of_the_checks_is_tested_both_ways() -> None:
    tested = {*test_checks_facts.CASES, *test_checks_words.CASES, *test_checks_mails.CASES}
    assert tested | _OF_LINKS | _ELSEWHERE == EXPLANATIONS.keys() - {code.value for code in Code} | {
        "too-large"
    }


def test_why_and_mend_are_sentences() -> None:
    texts = [text for known in EXPLANATIONS.values() for text in (known.why, known.mend)]
    assert [text for text in texts if not text[0].isupper() or not text.endswith((".", "]."))] == []


def test_problem_of_rendering_becomes_a_finding() -> None:
    problem = Problem("unknown-field", Level.BLOCKS, "No.", 3, "item announcement-12 body", "fr")
    found = finding_of(problem, "fr+en")
    assert (found.where, found.line, found.place) == (
        "announcement 12, body",
        3,
        "announcement 12, body, line 3",
    )
    assert found.why == EXPLANATIONS["unknown-field"].why
    assert finding_of(Problem("x-new", Level.WARNS, "New."), "fr+en") == Finding(
        "x-new", Level.WARNS, "", "variant fr+en", "New."
    )


def test_findings_come_gravest_first_and_once() -> None:
    notes, warns, blocks = (finding(code, "x") for code in ("spelling", "doubled-word", "missing-text"))
    assert in_order([notes, warns, blocks, warns]) == (blocks, warns, notes)
