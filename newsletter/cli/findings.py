"""How findings are told to people: grouped by how grave they are, each kind with its reason and its remedy once."""

import textwrap
from collections.abc import Iterable, Sequence

from newsletter.cli.output import printable, say
from newsletter.editions.checks.explanations import EXPLANATIONS
from newsletter.editions.checks.findings import Finding
from newsletter.foundation.sayings import saying
from newsletter.rendering.problems import Level

_HEADINGS = {
    Level.BLOCKS: saying("Blocks: the edition cannot be frozen like this"),
    Level.WARNS: saying("Warns: somebody should look at this"),
    Level.NOTES: saying("Notes: good to know"),
}
_NOTHING_BLOCKS = saying("Nothing blocks; the edition can be frozen.")
_FINDING = saying("{place}: {message}")
_WHY = saying("Why: {why}")
_MEND = saying("Mend: {mend}")
_WIDTH = 100


def show_findings(findings: Sequence[Finding], language: str) -> None:
    """Writes the findings to stdout in a language, the gravest first."""
    if not any(found.level is Level.BLOCKS for found in findings):
        say(_NOTHING_BLOCKS.said_in(language))
    for level in Level:
        of_level = [found for found in findings if found.level is level]
        if of_level:
            say(f"\n{_HEADINGS[level].said_in(language)} ({len(of_level)})")
            for line in _lines(of_level, language):
                say(line)


def _lines(findings: Iterable[Finding], language: str) -> Iterable[str]:
    by_code: dict[str, list[Finding]] = {}
    for found in findings:
        by_code.setdefault(found.code, []).append(found)
    for code, of_code in by_code.items():
        yield f"\n  {code}"
        for found in of_code:
            tag = f" [{found.language}]" if found.language else ""
            told = _FINDING.of(place=f"{found.place_in(language)}{tag}", message=found.message)
            yield _wrapped(told.said_in(language), "    - ", "      ")
        known = EXPLANATIONS[code]
        yield _wrapped(_WHY.of(why=known.why).said_in(language), "      ", "        ")
        yield _wrapped(_MEND.of(mend=known.mend).said_in(language), "      ", "        ")


def _wrapped(text: str, first: str, further: str) -> str:
    return textwrap.fill(
        printable(text),
        width=_WIDTH,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )
