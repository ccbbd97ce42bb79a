"""The first sentences of a text, for where there is no room for all of it."""

import re

_ELLIPSIS = "\u00a0\u2026"
# A sentence ends at its sign, with what closes after it, before a space and something that can begin one.
_SENTENCE_END = re.compile(
    r"[.!?\u2026][\"\u201d\u2019\u00bb)]*(?:[\u00a0\u202f]\u00bb)?(?= +[^\W\d_a-zà-öø-ÿ]| +[\"\u201c\u00ab\u2018]|\\Z)"
)
_WORD_END = re.compile(r" |(?<=\ufdd1)(?=\ufdd0)")
_ONE_LETTER = re.compile(r"(?:^|[\s(])[^\W\d_]\Z")


def first_sentences(text: str, most: int) -> str:
    """`text` if it has at most so many characters; else its whole sentences that fit, or whole words and an ellipsis.

    Merge fields that were set aside (between U+FDD0 and U+FDD1) are never cut.
    """
    text = " ".join(text.split(" "))
    if len(text) <= most:
        return text
    ends = [
        match.end()
        for match in _SENTENCE_END.finditer(text, 0, most + 1)
        if not _ONE_LETTER.search(text[: match.start()])
    ]
    if ends and ends[-1] <= most:
        return text[: ends[-1]]
    spaces = [match.start() for match in _WORD_END.finditer(text, 0, most)]
    return text[: spaces[-1]].rstrip(" ,;:\u00a0\u202f-–—") + _ELLIPSIS if spaces else text
