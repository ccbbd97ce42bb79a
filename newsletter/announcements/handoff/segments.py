"""Markdown cut into paragraphs and put together again, without losing a space."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WHITE_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Segmented:
    """A text as paragraphs, and the white space around them: one gap more than there are paragraphs."""

    segments: tuple[str, ...]
    gaps: tuple[str, ...]


def split_text(text: str) -> Segmented:
    """The paragraphs of a text. Blank lines part them; the indentation of a paragraph belongs to the gap before it."""
    body = text.strip()
    if not body:
        return Segmented((), (text,))
    start = text.index(body)
    segments: list[str] = []
    gaps = [text[:start]]
    begin = 0
    for match in _WHITE_SPACE.finditer(body):
        if match[0].count("\n") > 1:
            segments.append(body[begin : match.start()])
            gaps.append(match[0])
            begin = match.end()
    return Segmented((*segments, body[begin:]), (*gaps, text[start + len(body) :]))


def join_text(segments: Sequence[str], gaps: Sequence[str]) -> str:
    """The text of these paragraphs with these gaps. Raises ValueError where their numbers do not fit."""
    if len(gaps) != len(segments) + 1:
        raise ValueError(f"{len(segments)} segments do not fit {len(gaps)} gaps")
    between = [part for pair in zip(gaps, segments, strict=False) for part in pair]
    return "".join([*between, gaps[-1]])
