"""Where one announcement ends and the next begins in a plain text that holds several."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from newsletter.announcements.intake.titles import TITLE_MAX, may_be_title
from newsletter.announcements.sentences import same_words

_SEPARATOR = re.compile(r"\s*([-*_=~#•–—+])(?:\s*\1){2,}\s*")
_UNDERLINE = re.compile(r"\s*(=+|-{2,})\s*")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*")
_RIGHTS = re.compile(
    r"\W*(?:copyright\b|©|\(c\)\s)|.*\b(?:all rights reserved|tous droits réservés|alle rechten voorbehouden"
    r"|alle rechte vorbehalten)\W*\Z",
    re.IGNORECASE,
)
_SURE_RIGHTS = re.compile(
    r"©|\(c\)|\b(?:19|20)\d\d\b|reserved|réservés|voorbehouden|vorbehalten", re.IGNORECASE
)
_BOILERPLATE_MAX = 200
_HEADING_MAX = 300
_CLOSINGS_MIN = 3  # a line that is no copyright line closes announcements if it does so this often


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The lines (from 0) that part announcements, each with the reason, and how headings are marked."""

    closing: Mapping[int, str]  # boilerplate that ends an announcement
    separators: Mapping[int, str]  # lines of signs between announcements
    headings: Mapping[int, tuple[int, str]]  # level and text of each heading
    underlines: frozenset[int]  # the lines of signs under a heading
    openings: frozenset[int]  # the headings that begin an announcement


def find_boundaries(lines: Sequence[str]) -> Boundaries:
    """The boundaries of the text: closing lines where there are any, else separators, else the highest headings."""
    headings, underlines = _headings(lines)
    closing = _copyright_lines(lines) or _repeated_closings(lines)
    separators: dict[int, str] = {}
    openings: frozenset[int] = frozenset()
    if not closing:
        separators = {
            number: "a line that parts announcements"
            for number, line in enumerate(lines)
            if number not in underlines and is_separator(line)
        }
    if not closing and not separators and headings:
        top = min(level for level, _ in headings.values())
        openings = frozenset(number for number, (level, _) in headings.items() if level == top)
    return Boundaries(closing, separators, headings, underlines, openings)


def is_separator(line: str) -> bool:
    """Whether the line has nothing but one sign, three times or more: `---`, `* * *`."""
    return _SEPARATOR.fullmatch(line) is not None


def _headings(lines: Sequence[str]) -> tuple[dict[int, tuple[int, str]], frozenset[int]]:
    headings: dict[int, tuple[int, str]] = {}
    underlines: set[int] = set()
    for number, line in enumerate(lines):
        if (match := _heading(line)) and any(c.isalnum() for c in match[2]):
            headings[number] = (len(match[1]), match[2])
        elif (match := _UNDERLINE.fullmatch(line)) and _is_alone_above(lines, number):
            headings[number - 1] = (1 if match[1][0] == "=" else 2, lines[number - 1].strip())
            underlines.add(number)
    return headings, frozenset(underlines)


def _heading(line: str) -> re.Match[str] | None:
    return _HEADING.fullmatch(line) if len(line) <= _HEADING_MAX else None


def _is_alone_above(lines: Sequence[str], number: int) -> bool:
    """Whether the line above is a paragraph of its own that may be a title."""
    if number == 0 or len(lines[number - 1]) > TITLE_MAX or not may_be_title(lines[number - 1]):
        return False
    is_marked = _heading(lines[number - 1]) or is_separator(lines[number - 1])
    return not is_marked and (number == 1 or not lines[number - 2].strip() or is_separator(lines[number - 2]))


def _copyright_lines(lines: Sequence[str]) -> dict[int, str]:
    by_words = _lines_by_words(lines, lambda line: _RIGHTS.match(line) is not None)
    last = max((number for number, line in enumerate(lines) if line.strip()), default=0)
    found = {}
    for numbers in by_words.values():
        text = lines[numbers[0]].rstrip()
        is_closing_line = numbers == [last] and last > 0 and not text.endswith(".")
        if len(numbers) > 1:
            found.update(dict.fromkeys(numbers, f"copyright line, stands {len(numbers)} times in the file"))
        elif (_SURE_RIGHTS.search(text) and not _is_sentence(text)) or is_closing_line:
            found[numbers[0]] = "copyright line"
    return found


def _is_sentence(text: str) -> bool:
    return text.endswith(".") and not _RIGHTS.fullmatch(text) and len(text.split()) > 8


def _repeated_closings(lines: Sequence[str]) -> dict[int, str]:
    """Lines standing alone that repeat with text between them, and end the file."""
    content = [number for number, line in enumerate(lines) if line.strip()]
    by_words = _lines_by_words(lines, lambda line: not is_separator(line) and _heading(line) is None)
    numbers = by_words.get(same_words(lines[content[-1]]), []) if content else []
    alone = [n for n in numbers if not _text_at(lines, n - 1) and not _text_at(lines, n + 1)]
    has_text_between = all(
        any(a < number < b for number in content) for a, b in zip([-1, *alone], alone, strict=False)
    )
    if len(alone) < _CLOSINGS_MIN or alone[-1] != content[-1] or not has_text_between:
        return {}
    return dict.fromkeys(alone, f"closes {len(alone)} announcements in the same words")


def _text_at(lines: Sequence[str], number: int) -> str:
    return lines[number].strip() if 0 <= number < len(lines) else ""


def _lines_by_words(lines: Sequence[str], is_wanted: Callable[[str], bool]) -> dict[str, list[int]]:
    by_words: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        if line.strip() and len(line) <= _BOILERPLATE_MAX and is_wanted(line):
            by_words[same_words(line)].append(number)
    return by_words
