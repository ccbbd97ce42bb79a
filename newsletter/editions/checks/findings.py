"""A finding: what is wrong, where, why it matters and how to mend it; kept as data and said in any language."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from newsletter.editions.checks.explanations import EXPLANATIONS
from newsletter.editions.checks.places import EDITION, Place
from newsletter.foundation.sayings import Saying, saying
from newsletter.rendering.problems import Level, Problem

# What rendering calls a place -> what a finding calls it; the rest are files and go by their own name.
_PLACES = {
    "subject": EDITION.at("subject"),
    "preheader": EDITION.at("preheader"),
    "intro": EDITION.at("intro"),
    "branding logo": EDITION.at("logo"),
    "branding website": EDITION.at("website"),
    "branding accent": EDITION.at("accent colour"),
    "view_url": EDITION.at("page"),
    "preferences_url": EDITION.at("page"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that checking an edition found; the words of `code` stay, because programs outside read them.

    `line` counts from 1 in the text that `where` names, None where no line is meant. `language` is that of the
    readers whom it is about, empty where none applies.
    """

    code: str
    level: Level
    language: str
    where: Place
    message: Saying
    line: int | None = None

    def place_in(self, language: str) -> str:
        """Where it is, for people: "announcement 3, body, line 2"."""
        if self.line is None:
            return self.where.said_in(language)
        return saying("{place}, line {number}", place=self.where, number=self.line).said_in(language)

    def line_in(self, language: str) -> str:
        """What is wrong and where, in one line without a full stop: "the subject is missing (edition)"."""
        return f"{self.message.said_in(language).rstrip('.')} ({self.place_in(language)})"


@dataclass(frozen=True, slots=True)
class ToldFinding:
    """A finding in the words of one language, as it is written in JSON. `code`, `level`, `language` are in none."""

    code: str
    level: Level
    language: str
    where: str
    message: str
    why: str
    mend: str
    line: int | None


def told_in(found: Finding, language: str) -> ToldFinding:
    """The finding in a language, with what docs/checks.md says about its code."""
    known = EXPLANATIONS[found.code]
    return ToldFinding(
        found.code,
        found.level,
        found.language,
        found.where.said_in(language),
        found.message.said_in(language),
        known.why.said_in(language),
        known.mend.said_in(language),
        found.line,
    )


def finding(
    code: str,
    message: Saying,
    *,
    where: Place = EDITION,
    language: str = "",
    line: int | None = None,
    level: Level | None = None,
) -> Finding:
    """The finding, at the code's own level where none is given."""
    return Finding(code, level or EXPLANATIONS[code].level, language, where, message, line)


def finding_of(problem: Problem, variant: str) -> Finding:
    """The finding that a problem of rendering is."""
    where = _place(problem.where) if problem.where else Place(variants=(variant,))
    return Finding(problem.code, problem.level, problem.language, where, problem.message, problem.line)


def _place(where: str) -> Place:
    """The place that rendering names: "item announcement-3 body", "subject", a file of the theme."""
    if match := re.fullmatch(r"item announcement-(\d+)(?: (.+))?", where):
        return Place(int(match[1]), match[2] or "")
    return _PLACES.get(where) or (EDITION.at("page") if where.startswith("link to ") else Place(file=where))


_GRAVITY = list(Level)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The gravest first, each once, otherwise as found."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda found: _GRAVITY.index(found.level)))
