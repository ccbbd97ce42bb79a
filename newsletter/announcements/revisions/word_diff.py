"""The difference of two texts, word by word, and that difference told in a sentence. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cache

from newsletter.announcements.sentences import one_line
from newsletter.foundation.language import babel_locale, language_name
from newsletter.foundation.texts import texts

_TOLD_MAX = 3  # changes that a sentence names; the others are counted
_EXCERPT_MAX = 60
_SPACES = r"[ \u00a0\u202f]"
_NUMBER = rf"\d+(?:[.,:/]\d+|{_SPACES}\d{{3}}(?!\d))*"
# What belongs to a number, so that "17 h" is one word and not two.
_UNITS = r"%|€|\$|£|[hH](?:[ \u00a0\u202f]?\d\d)?|heures?|hours?|uur|Uhr|[ap]m|[ap]\.m\.|euros?|EUR|km|kg|min|minutes?|ans"


class DiffKind(StrEnum):
    """What became of a stretch of text."""

    KEPT = "kept"  # stands in both
    REMOVED = "removed"  # stands in the old text only
    ADDED = "added"  # stands in the new text only


@dataclass(frozen=True, slots=True)
class DiffPart:
    """A stretch of words, the white space before them included.

    Kept and removed parts, one after the other, are the old text; kept and added parts are the new one.
    """

    kind: DiffKind
    words: str


def word_diff(old: str, new: str, language: str) -> tuple[DiffPart, ...]:
    """The stretches that two texts in a language share and those that they do not; a removed one before its successor."""
    before, after = _words(old, language), _words(new, language)
    matcher = SequenceMatcher(None, [word.strip() for word in before], [word.strip() for word in after])
    parts: list[DiffPart] = []
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag == "equal":
            for one, other in zip(before[first:last], after[new_first:new_last], strict=True):
                _keep(parts, one, other)
        else:
            parts.append(DiffPart(DiffKind.REMOVED, "".join(before[first:last])))
            parts.append(DiffPart(DiffKind.ADDED, "".join(after[new_first:new_last])))
    return tuple(part for part in parts if part.words)


def _keep(parts: list[DiffPart], one: str, other: str) -> None:
    """Adds a word that both texts have; white space that differs before it is a change of its own."""
    if one != other:
        word = one.strip()
        parts.append(DiffPart(DiffKind.REMOVED, one.removesuffix(word)))
        parts.append(DiffPart(DiffKind.ADDED, other.removesuffix(word)))
        one = word
    if parts and parts[-1].kind is DiffKind.KEPT:
        one = parts.pop().words + one
    parts.append(DiffPart(DiffKind.KEPT, one))


def change_in_words(old: str, new: str, language: str, told_in: str = "en") -> str:
    """The difference of two texts in `language`, told in the language `told_in`: `the French changed from “17 h” to
    “18 h”`. "" where no word changed.
    """
    return parts_in_words(word_diff(old, new, language), language, told_in)


def parts_in_words(parts: Sequence[DiffPart], language: str, told_in: str) -> str:
    """A difference that was found already, told as `change_in_words` does."""
    t = texts(told_in).gettext
    changes = [(_cut(before), _cut(after)) for before, after in _changes(parts)]
    if not changes:
        return ""
    first, *others = changes
    told = [_first_change(*first, language_name(language, told_in), told_in)]
    for old, new in others[: _TOLD_MAX - 1]:
        words = t("“{old}” became “{new}”") if old and new else t("“{new}” was added") if new else ""
        told.append((words or t("“{old}” was taken out")).format(old=old, new=new))
    if len(changes) > _TOLD_MAX:
        told.append(t("and more places: {count}").format(count=len(changes) - _TOLD_MAX))
    return ", ".join(told)


def _first_change(old: str, new: str, language: str, told_in: str) -> str:
    t = texts(told_in).gettext
    if old and new:
        words = t("the {language} changed from “{old}” to “{new}”")
    elif new:
        words = t("the {language} gained “{new}”")
    else:
        words = t("the {language} lost “{old}”")
    return words.format(language=language, old=old, new=new)


def _cut(words: str) -> str:
    words = one_line(words)
    return words if len(words) <= _EXCERPT_MAX else words[: _EXCERPT_MAX - 1].rstrip() + "…"


def _changes(parts: Sequence[DiffPart]) -> Iterator[tuple[str, str]]:
    """Each change as the words before and after, trimmed; what differs in white space only is none."""
    before = after = ""
    for part in (*parts, DiffPart(DiffKind.KEPT, "")):
        if part.kind is DiffKind.REMOVED:
            before += part.words
        elif part.kind is DiffKind.ADDED:
            after += part.words
        else:
            if before.split() != after.split():
                yield before.strip(), after.strip()
            before = after = ""


def _words(text: str, language: str) -> list[str]:
    return _pattern(language).findall(text)


@cache
def _pattern(language: str) -> re.Pattern[str]:
    """A word with the white space before it. A merge field, an address, a number with its unit, a day with its month
    are one word each; the pattern leaves no character out.
    """
    months = babel_locale(language).months["format"]["wide"].values()
    named = "|".join(re.escape(month) for month in sorted(set(months), key=len, reverse=True))
    dated = rf"\d{{1,2}}(?:er|\.|st|nd|rd|th)?{_SPACES}(?:{named})(?!\w)"
    amount = rf"(?:[€$£]{_SPACES}?)?{_NUMBER}(?:{_SPACES}?(?:{_UNITS})(?!\w))?"
    word = r"[^\W\d_]+(?:[’'](?=\w))?" if language.startswith("fr") else r"[^\W\d_]+(?:[’'][^\W\d_]+)*"
    field = r"\[\[[^\[\]\n]*\]\]"
    address = r"https?://[^\s<>()\[\]]+"
    return re.compile(rf"\s*(?:{field}|{address}|{dated}|{amount}|{word}|\S)|\s+", re.IGNORECASE)
