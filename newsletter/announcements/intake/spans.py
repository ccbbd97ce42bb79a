"""A run of text with links and emphasis, written as Markdown that gives the same words, links and emphasis again."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_BARE_URL = re.compile(r"https?://\w[^\s<>()\[\]\"«»\\`]*[^\s<>()\[\]\"«».,:;!?'’…*_\\`]")
_ESCAPED = re.compile(r"[\\`*\[\]]|_(?!(?<=[^\W_]_)[^\W_])|&(?=#?\w+;)|<(?=[A-Za-z/!?])")
_LINE_START = re.compile(r"(?:#{1,6}(?=\s|\Z)|>|[-+](?=\s|\Z)|=+\s*\Z|-+\s*\Z|~~~)")
_NUMBER_START = re.compile(r"(\d{1,9})([.)])(?=\s|\Z)")
_IN_TARGET = re.compile(r"[\\<>()]|&(?=#?\w+;)")
_UNSAFE_IN_TARGET = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Style:
    """How a stretch of text is set: `href` is "" where it is no link."""

    href: str = ""
    is_strong: bool = False
    is_emphasis: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text in one style; "\\n" alone is a line break that was meant."""

    text: str
    style: Style


_Letter = tuple[str, Style]
PLAIN = Style()


def paragraphs_of(spans: Sequence[Span]) -> list[str]:
    """The spans as paragraphs of Markdown: two line breaks in a row part two of them."""
    paragraphs: list[list[str]] = [[]]
    for line in _lines(spans):
        if line:
            paragraphs[-1].append(_start_escaped(_written(line)))
        elif paragraphs[-1]:
            paragraphs.append([])
    return ["\\\n".join(lines) for lines in paragraphs if lines]


def line_of(spans: Sequence[Span]) -> str:
    """The spans as one line of Markdown, as a heading or a cell of a table needs it."""
    letters = [letter for span in spans for letter in _letters(span.text, span.style)]
    return _start_escaped(_written(_trimmed(letters)))


def _lines(spans: Sequence[Span]) -> Iterator[list[_Letter]]:
    letters: list[_Letter] = []
    for span in spans:
        if span.text == "\n":
            yield _trimmed(letters)
            letters = []
        else:
            letters += _letters(span.text, span.style)
    yield _trimmed(letters)


def _letters(text: str, style: Style) -> list[_Letter]:
    return [(character, style) for character in _SPACE.sub(" ", text)]


def _trimmed(letters: Sequence[_Letter]) -> list[_Letter]:
    """The letters with single spaces between words, none at the ends, and bare addresses as links."""
    kept: list[_Letter] = []
    for letter in letters:
        if letter[0] != " " or (kept and kept[-1][0] != " "):
            kept.append(letter)
    while kept and kept[-1][0] == " ":
        kept.pop()
    for match in _BARE_URL.finditer("".join(character for character, _ in kept)):
        if not any(style.href for _, style in kept[match.start() : match.end()]):
            link = Style(match[0])
            for at in range(match.start(), match.end()):
                kept[at] = (kept[at][0], link)
    return kept


def _written(letters: list[_Letter]) -> str:
    """Links around strong text around emphasis, each begun and ended where Markdown sees it."""
    letters = _spaces_outside_links(letters)
    out: list[str] = []
    position = 0
    for href, run in groupby(letters, key=lambda letter: letter[1].href):
        group = list(run)
        before = letters[position - 1][0] if position and not href else " "
        position += len(group)
        after = letters[position][0] if position < len(letters) and not href else " "
        # A bracket stands between a link and its neighbours, and counts as a sign to them.
        before = "[" if position > len(group) and letters[position - len(group) - 1][1].href else before
        after = "[" if position < len(letters) and letters[position][1].href else after
        if not href:
            text = _styled(group, before, after)
            is_before_link = position < len(letters)
            out.append(text[:-1] + "\\!" if is_before_link and text.endswith("!") else text)
        elif "".join(character for character, _ in group) == href and _is_autolink(group, href):
            out.append(f"<{href}>")
        else:
            out.append(f"[{_styled(group, '[', ']')}]({_target(href)})")
    return "".join(out)


def _is_autolink(group: Sequence[_Letter], href: str) -> bool:
    is_plain = not any(style.is_strong or style.is_emphasis for _, style in group)
    return is_plain and href.startswith(("http://", "https://")) and not re.search(r"[\s<>\\]", href)


def _spaces_outside_links(letters: list[_Letter]) -> list[_Letter]:
    out: list[_Letter] = []
    for href, run in groupby(letters, key=lambda letter: letter[1].href):
        group = list(run)
        if href:
            words = [n for n, (character, _) in enumerate(group) if character != " "]
            edges = set(range(len(group))) - (set(range(words[0], words[-1] + 1)) if words else set())
            group = [
                (character, replace(style, href="") if n in edges else style)
                for n, (character, style) in enumerate(group)
            ]
        out += group
    return out


def _styled(group: Sequence[_Letter], before: str, after: str) -> str:
    """One link's label, or the text between links, between the characters `before` and `after`."""
    text = "".join(character for character, _ in group)
    strong = _runs([style.is_strong for _, style in group], text, before, after)
    emphasis = [style.is_emphasis for _, style in group]
    out: list[str] = []
    position = 0
    for first, last in [*strong, (len(text), len(text))]:
        outside = before if position == 0 else "*"
        beyond = after if first == len(text) else "*"
        out.append(_emphasised(text[position:first], emphasis[position:first], outside, beyond))
        if last > first:
            neighbours = (text[first - 1] if first else before, text[last] if last < len(text) else after)
            inner = emphasis[first:last]
            if any(character.isalnum() for character in neighbours):
                inner = _edges_plain(inner)
            out.append(f"**{_emphasised(text[first:last], inner, '*', '*')}**")
        position = last
    return "".join(out)


def _edges_plain(flags: Sequence[bool]) -> list[bool]:
    """Without the emphasis that touches an end, whose sign would keep the sign around it from being seen."""
    runs = [(flag, len(list(run))) for flag, run in groupby(flags)]
    kept = [flag and 0 < n < len(runs) - 1 for n, (flag, _) in enumerate(runs)]
    return [flag for flag, (_, length) in zip(kept, runs, strict=True) for _ in range(length)]


def _emphasised(text: str, flags: Sequence[bool], before: str, after: str) -> str:
    out: list[str] = []
    position = 0
    for first, last in _runs(flags, text, before, after):
        left = text[first - 1] if first else before
        right = text[last] if last < len(text) else after
        is_within_word = left.isalnum() or right.isalnum()
        touches_star = "*" in (left, right)
        sign = "*" if is_within_word and not touches_star else "" if is_within_word else "_"
        out += [_escape(text[position:first]), sign, _escape(text[first:last]), sign]
        position = last
    return "".join([*out, _escape(text[position:])])


def _runs(flags: Sequence[bool], text: str, before: str, after: str) -> list[tuple[int, int]]:
    """Where runs of flagged letters begin and end, cut so that the signs around them are seen as such.

    CommonMark section 6.2: a sign beside a space inside, or between a letter outside and a sign inside, is plain text.
    """
    found = []
    position = 0
    for flag, run in groupby(flags):
        first, last = position, position + len(list(run))
        position = last
        if not flag:
            continue
        while first < last and _is_hidden(text[first - 1] if first else before, text[first]):
            first += 1
        while first < last and _is_hidden(text[last] if last < len(text) else after, text[last - 1]):
            last -= 1
        if first < last:
            found.append((first, last))
    return found


def _is_hidden(outside: str, inside: str) -> bool:
    return inside.isspace() or (not inside.isalnum() and outside.isalnum())


def _escape(text: str) -> str:
    return _ESCAPED.sub(lambda match: "\\" + match[0], text)


def _start_escaped(line: str) -> str:
    """The line with what would make it a heading, a quotation or a list kept plain."""
    line = _NUMBER_START.sub(r"\1\\\2", line, count=1) if _NUMBER_START.match(line) else line
    return "\\" + line if _LINE_START.match(line) else line


def _target(href: str) -> str:
    plain = _UNSAFE_IN_TARGET.sub(lambda match: f"%{ord(match[0]):02X}", href)
    return _IN_TARGET.sub(lambda match: "\\" + match[0], plain)
