"""Titles: which line of a text is one, and how one is taken from a text that has none."""

import re
from collections.abc import Sequence

from newsletter.announcements.sentences import one_line, sentences

TITLE_MAX = 120  # a longer first line is a sentence
DERIVED_MAX = 90
_NOT_AT_A_TITLES_END = (".", ",", ":", ";", "…")
_LIST_OR_QUOTE = re.compile(r"\s*(?:[-*+>]\s|\d+[.)]\s)")
_INLINE_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_MARKUP = re.compile(r"(?m)^\s*(?:#{1,6}\s+|[-*+>]\s+|\d+[.)]\s+)|[*`]+|\b_+|_+\b|\\(?=[^\w\s])")
_QUOTE_PAIRS = (("“", "”"), ("«", "»"), ("(", ")"))


def may_be_title(line: str) -> bool:
    """Whether a first line standing alone is a title: short, and not the whole of a sentence or the lead to a list."""
    line = line.strip()
    return (
        0 < len(line) <= TITLE_MAX
        and not line.endswith(_NOT_AT_A_TITLES_END)
        and not _LIST_OR_QUOTE.match(line)
        and any(character.isalpha() for character in line)
    )


def begins_with_title(lines: Sequence[str]) -> bool:
    """Whether a paragraph's first line is a title set directly above its text, much shorter than the lines below."""
    if len(lines) < 2 or not may_be_title(lines[0]):
        return False
    longest = max(len(line) for line in lines[1:])
    below = lines[1].lstrip(" «“\"'")
    return len(lines[0]) < longest * 0.7 and (below[:1].isupper() or below[:1].isdigit())


def derive_title(paragraphs: Sequence[str]) -> str:
    """The first sentence of the first paragraph that has words, cut between words at DERIVED_MAX characters."""
    for paragraph in paragraphs:
        plain = one_line(plain_text(paragraph))
        if any(character.isalnum() for character in plain):
            sentence = sentences(plain)[0]
            return _shorten(sentence if sentence.endswith(("…", "...")) else sentence.removesuffix("."))
    return _shorten(one_line(" ".join(paragraphs)))


def plain_text(markdown: str) -> str:
    """The words of a piece of Markdown without its marks; links keep their text."""
    return _MARKUP.sub("", _INLINE_LINK.sub(r"\1", markdown))


def _shorten(text: str) -> str:
    if len(text) <= DERIVED_MAX:
        return text
    cut = text[:DERIVED_MAX]
    if " " in cut:
        cut = cut[: cut.rfind(" ")]
    for opening, closing in _QUOTE_PAIRS:
        at = cut.rfind(opening)
        if at > DERIVED_MAX // 2 and closing not in cut[at:]:
            cut = cut[:at]
    return cut.rstrip(" ,;:–—-.(\u00a0\u202f") + "…"
