"""How findings are told to people: grouped by how grave they are, each kind with its reason and its remedy once."""

import textwrap
from collections.abc import Iterable, Sequence

from newsletter.cli.output import printable, say
from newsletter.editions.checks.findings import Finding
from newsletter.rendering.problems import Level

_HEADINGS = {
    Level.BLOCKS: "Blocks: the edition cannot be frozen like this",
    Level.WARNS: "Warns: somebody should look at this",
    Level.NOTES: "Notes: good to know",
}
_WIDTH = 100


def show_findings(findings: Sequence[Finding]) -> None:
    """Writes the findings to stdout, the gravest first."""
    if not any(found.level is Level.BLOCKS for found in findings):
        say("Nothing blocks; the edition can be frozen.")
    for level in Level:
        of_level = [found for found in findings if found.level is level]
        if of_level:
            say(f"\n{_HEADINGS[level]} ({len(of_level)})")
            for line in _lines(of_level):
                say(line)


def _lines(findings: Iterable[Finding]) -> Iterable[str]:
    by_code: dict[str, list[Finding]] = {}
    for found in findings:
        by_code.setdefault(found.code, []).append(found)
    for code, of_code in by_code.items():
        yield f"\n  {code}"
        for found in of_code:
            tag = f"[{found.language}]" if found.language else ""
            place = " ".join(part for part in (found.place, tag) if part)
            yield _wrapped(f"{place}: {found.message}" if place else found.message, "    - ")
        yield _wrapped(of_code[0].why, "      Why: ")
        yield _wrapped(of_code[0].mend, "      Mend: ")


def _wrapped(text: str, first: str) -> str:
    return textwrap.fill(
        printable(text),
        width=_WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
