"""A filter's text cut into words, texts in quotation marks, figures and signs, each with its column."""

import re
from dataclasses import dataclass
from enum import StrEnum

from newsletter.audience.segments.errors import FilterRefused
from newsletter.foundation.folding import fold

LENGTH_MAX = 2_000


class Kind(StrEnum):
    """What a piece of a filter is."""

    WORD = "word"
    TEXT = "text"  # in quotation marks
    NUMBER = "number"
    DATE = "date"
    SIGN = "sign"  # a comparison, a parenthesis, a comma
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter: what it says, without quotation marks, and its column, from 1."""

    kind: Kind
    text: str
    column: int

    @property
    def word(self) -> str:
        """A word as it is recognised, "" for anything else."""
        return fold(self.text) if self.kind is Kind.WORD else ""

    def is_sign(self, *signs: str) -> bool:
        """Whether it is one of these signs."""
        return self.kind is Kind.SIGN and self.text in signs

    def __str__(self) -> str:
        return "the end" if self.kind is Kind.END else f"“{self.text[:40]}”"


# Control characters but for white space, and halves of characters: no database keeps them.
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPELLINGS = {"<>": "!=", "≠": "!=", "≤": "<=", "≥": ">=", "==": "="}
# A quotation mark that opens, and the one that closes.
_QUOTES = {'"': '"', "“": "”", "«": "»", "'": "'"}
_PIECE = re.compile(
    r"""(?P<space>[\s\u00a0\u202f]+)
      | (?P<date>\d{4}-\d{2}-\d{2}(?![\w-]))
      | (?P<number>-?\d{1,15}(?:\.\d{1,15})?(?![\w.@-]))
      | (?P<word>[\w](?:[\w.@+-]*[\w])?)
      | (?P<sign><=|>=|!=|<>|==|[≤≥≠=<>(),])
    """,
    re.VERBOSE,
)


def tokens_of(text: str) -> list[Token]:
    """The pieces of a filter, and the end as the last of them. Raises FilterRefused."""
    if len(text) > LENGTH_MAX:
        raise FilterRefused(LENGTH_MAX + 1, f"at most {LENGTH_MAX} signs", "more")
    if odd := _ODD.search(text):
        raise FilterRefused(odd.start() + 1, "a sign that can be written", "a control character")
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        column = place + 1
        if closing := _QUOTES.get(text[place]):
            value, place = _quoted(text, place + 1, closing)
            tokens.append(Token(Kind.TEXT, value, column))
            continue
        found = _PIECE.match(text, place)
        if found is None:
            raise FilterRefused(column, "a word, a value or a comparison", f"“{text[place]}”")
        place = found.end()
        if found.lastgroup != "space":
            piece = _SPELLINGS.get(found[0], found[0])
            tokens.append(Token(Kind(found.lastgroup or "word"), piece, column))
    return [*tokens, Token(Kind.END, "", len(text) + 1)]


def _quoted(text: str, start: int, closing: str) -> tuple[str, int]:
    """The text up to the closing mark, and the place behind it; a backslash keeps a mark, or itself."""
    signs: list[str] = []
    place = start
    while place < len(text):
        sign = text[place]
        if sign == closing:
            return _trimmed("".join(signs), closing), place + 1
        if sign == "\\" and text[place + 1 : place + 2] in (closing, "\\"):
            place += 1
            sign = text[place]
        signs.append(sign)
        place += 1
    raise FilterRefused(start, f"a quotation mark {closing} that closes this one", "the end")


def _trimmed(text: str, closing: str) -> str:
    """French quotation marks stand off from what they hold."""
    return text.strip(" \u00a0\u202f") if closing == "»" else text
