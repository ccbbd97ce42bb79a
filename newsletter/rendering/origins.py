"""From a line of written MJML back to the line of the template that wrote it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from newsletter.rendering.problems import Problem

_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
_LEAST_LITERAL = 4  # signs of a template line that must be its own, so that `{{ x }}` is taken for nothing


def traced(problems: tuple[Problem, ...], mjml: str, templates: Mapping[str, str]) -> tuple[Problem, ...]:
    """The problems of an MJML text, those whose line one template line alone can have written with its file and line.

    `templates` holds texts by path. Where several could have written it (`</mj-column>`), the place stays in the MJML.
    """
    lines = mjml.split("\n")
    return tuple(_trace(problem, lines, templates) for problem in problems)


def _trace(problem: Problem, lines: list[str], templates: Mapping[str, str]) -> Problem:
    if problem.where != "mjml" or problem.line is None or problem.line > len(lines):
        return problem
    found = list(_candidates(lines[problem.line - 1].strip(), templates))
    if len(found) != 1:
        return problem
    path, line = found[0]
    return replace(problem, where=path, line=line)


def _candidates(written: str, templates: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    for path, text in templates.items():
        for number, line in enumerate(text.split("\n"), 1):
            literals = _EXPRESSION.split(line.strip())
            if sum(map(len, literals)) < _LEAST_LITERAL or "<" not in line:
                continue
            if re.fullmatch(".*".join(map(re.escape, literals)), written):
                yield path, number
