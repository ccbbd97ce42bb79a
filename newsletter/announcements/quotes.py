"""Quotation marks that are turned the wrong way or stand alone, by the habits of each language."""

from collections.abc import Sequence

# What opens and what closes; German closes with the mark by which English opens. A language that is not
# named here is not judged (Swedish and Finnish open and close with the same mark).
_HABITS: dict[str, tuple[str, str]] = {
    "en": ("“«„", "”»"),
    "fr": ("“«„", "”»"),
    "nl": ("“«„", "”»"),
    "es": ("“«„", "”»"),
    "it": ("“«„", "”»"),
    "pt": ("“«„", "”»"),
    "de": ("„", "“”"),
}


def quote_slips(paragraphs: Sequence[str], language: str) -> list[tuple[int, int]]:
    """Where quotation marks slip, as (number of the paragraph, position in it).

    A quotation may run over several paragraphs, each opening anew or not. Apostrophes are never judged, but an
    opening single mark used as one is.
    """
    slips: list[tuple[int, int]] = []
    waiting: tuple[int, int] | None = None  # a quotation opened in an earlier paragraph and not closed yet
    for number, text in enumerate(paragraphs):
        slips += [(number, at) for at in _single_marks(text)] + [(number, at) for at in _straight_marks(text)]
        if language not in _HABITS:
            continue
        turned, unclosed, surplus = _read(text, *_HABITS[language])
        slips += [(number, at) for at in turned]
        opens_anew = text.lstrip(" >*_")[:1] in _HABITS[language][0]
        if waiting and opens_anew:
            waiting = None
        if waiting and surplus:
            surplus, waiting = surplus[1:], None
        slips += [(number, at) for at in surplus]
        if unclosed:
            if waiting:
                slips.append(waiting)
            slips += [(number, at) for at in unclosed[:-1]]
            waiting = (number, unclosed[-1])
    if waiting:
        slips.append(waiting)
    return sorted(set(slips))


def _read(text: str, opening: str, closing: str) -> tuple[list[int], list[int], list[int]]:
    """Positions of marks turned the wrong way, of those never closed, and of those that close nothing."""
    turned: list[int] = []
    surplus: list[int] = []
    open_at: list[int] = []
    for at, mark in enumerate(text):
        if mark not in opening + closing:
            continue
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if open_at and mark in closing:
            open_at.pop()
        elif open_at and mark == "“" and before and not before.isspace() and not after.isalnum():
            turned.append(at)
            open_at.pop()
        elif mark in opening:
            open_at.append(at)
        elif _opens_here(text, at):
            turned.append(at)
            open_at.append(at)
        else:
            surplus.append(at)
    return turned, open_at, surplus


def _opens_here(text: str, at: int) -> bool:
    """Whether a closing mark stands where a quotation begins: right before a word, or at the start of the text."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if text[at] == "»":
        return (not before or before.isspace()) and after.strip(" \u00a0\u202f\n") != "" and "«" in text
    return after.isalnum()


def _single_marks(text: str) -> list[int]:
    """Opening single marks used as apostrophes ("l‘eau"), and those that never close."""
    last_closing = text.rfind("’")
    return [
        at
        for at, mark in enumerate(text)
        if mark == "‘"
        and (at > last_closing or (text[at - 1 : at].isalnum() and text[at + 1 : at + 2].isalnum()))
    ]


def _straight_marks(text: str) -> list[int]:
    """The last straight mark where their number is odd; inches (12") are not marks."""
    marks = [at for at, mark in enumerate(text) if mark == '"' and not text[at - 1 : at].isdigit()]
    all_marks = [at for at, mark in enumerate(text) if mark == '"']
    return [marks[-1]] if len(marks) % 2 and len(all_marks) % 2 else []
