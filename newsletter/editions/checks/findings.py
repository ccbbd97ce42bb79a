"""A finding: what is wrong, where, why it matters and how to mend it."""

import re
from dataclasses import dataclass

from newsletter.editions.checks.explanations import EXPLANATIONS
from newsletter.rendering.problems import Level, Problem


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that checking an edition found; the words of `code` stay, because programs outside read them.

    `where` is like "announcement 3, body" or "variant fr+en"; `line` counts from 1 in that text, None where no
    line is meant. `language` is empty where none applies.
    """

    code: str
    level: Level
    language: str
    where: str
    message: str
    why: str = ""
    mend: str = ""
    line: int | None = None

    @property
    def place(self) -> str:
        """Where it is, for people: "announcement 3, body, line 2"."""
        return self.where if self.line is None else f"{self.where}, line {self.line}"


def finding(
    code: str,
    message: str,
    *,
    where: str = "",
    language: str = "",
    line: int | None = None,
    level: Level | None = None,
) -> Finding:
    """The finding with what docs/checks.md says about its code; the code's own level where none is given."""
    known = EXPLANATIONS[code]
    return Finding(code, level or known.level, language, where, message, known.why, known.mend, line)


def finding_of(problem: Problem, variant: str) -> Finding:
    """The finding that a problem of rendering is."""
    known = EXPLANATIONS.get(problem.code)
    return Finding(
        problem.code,
        problem.level,
        problem.language,
        _where(problem.where) or f"variant {variant}",
        problem.message,
        known.why if known else "",
        known.mend if known else "",
        problem.line,
    )


def _where(place: str) -> str:
    """ "announcement 3, body" for rendering's "item announcement-3 body"."""
    match = re.fullmatch(r"item announcement-(\d+)(?: (.+))?", place)
    if match is None:
        return place
    return f"announcement {match[1]}, {match[2]}" if match[2] else f"announcement {match[1]}"


_GRAVITY = list(Level)


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """The gravest first, each once, otherwise as found."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda found: _GRAVITY.index(found.level)))
