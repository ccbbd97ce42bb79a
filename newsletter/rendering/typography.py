"""Typography of a language, put into a text when it is rendered; what is stored never changes.

French: narrow no-break space before ; ! ? and %, no-break space before : and inside « », « » for straight quotes,
curved apostrophe, groups of digits held together, hours too (17 h 30). English: “ ” for straight quotes, curved apostrophe.
In both a day stays with its month. Links, addresses, merge fields, entities and times stay as they are. Only spaces and quotation marks ever change, and
a second run changes nothing.
"""

import re

from newsletter.foundation.language import base_language

_NARROW = "\u202f"
_WIDE = "\u00a0"
_SPACE = " \u00a0\u202f\u2009"

_PROTECTED = (
    r"\[\[[^\[\]\n]*\]\]"  # merge fields
    r"|\ufdd0[^\ufdd1]*\ufdd1"  # merge fields that were set aside
    r"|\]\((?:[^()\n]|\([^()\n]*\))*\)"  # where a Markdown link leads to, with its title
    r"|^[ ]{0,3}\[[^\]\n]+\]:[^\n]*"  # definition of a Markdown reference
    r"|<[^<>\s]+>"  # Markdown autolinks
    r"|\b(?:https?://|www\.|mailto:|tel:)[^\s<>]+"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
    r"|&#?\w+;"
    r"|\\[^\w\s]"  # Markdown escapes
)
_AFTER_WORD = r"(?:(?<=[^\W_])|(?<=\ufdd1))"
_QUOTES = re.compile(
    rf"(?P<kept>{_PROTECTED})"
    r"|(?<![^\s(\[*_«—–\u00a0\u202f])\"(?=[^\s\"])(?P<inside>[^\"\n\\]*[^\s\"\\])\"(?![\w\"])",
    re.MULTILINE,
)
_APOSTROPHES = re.compile(rf"(?P<kept>{_PROTECTED})|(?<=\w)'(?=[\w*\[«])", re.MULTILINE)
_FRENCH_MONTH = "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"
_ENGLISH_MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"  # not "may", a verb
_SPACES = re.compile(
    rf"(?P<kept>{_PROTECTED})"
    rf"|(?<=\S)[{_SPACE}]+(?P<high>[;!?])(?!\[)"
    rf"|{_AFTER_WORD}(?P<joined>[;!?])(?=[\s;!?*_)»”\"]|\Z)"
    rf"|(?<=\S)[{_SPACE}]+:(?P<colon>)(?=[\s*_]|\Z)"
    rf"|{_AFTER_WORD}:(?P<joined_colon>)(?=[{_SPACE}]|\Z|\n)"
    rf"|«(?P<opening>)[{_SPACE}]*(?=\S)"
    rf"|(?<=[^\s«])[{_SPACE}]*(?P<closing>»)"
    rf"|(?<=\d)[{_SPACE}](?P<unit>[%€])"
    rf"|(?<![\w.,])(?P<hour>\d{{1,2}}[{_SPACE}]h(?:[{_SPACE}]\d{{2}})?)(?!\w)"
    rf"|(?<![\w.,])(?P<day>(?:1er|\d{{1,2}})[{_SPACE}](?:{_FRENCH_MONTH}))(?!\w)"
    rf"|(?<!\d)(?<!\d[{_SPACE}])(?P<number>\d{{1,3}}(?:[{_SPACE}]\d{{3}})+)(?!\d)",
    re.MULTILINE,
)
_ENGLISH_DAYS = re.compile(
    rf"(?P<kept>{_PROTECTED})"
    rf"|(?<![\w.,])(?P<day>\d{{1,2}}(?:st|nd|rd|th)?[{_SPACE}](?:{_ENGLISH_MONTH})"
    rf"|(?:{_ENGLISH_MONTH})[{_SPACE}]\d{{1,2}})(?!\w)",
    re.MULTILINE,
)


def typeset(text: str, language: str) -> str:
    """`text` (plain or Markdown) with the typography of its language; languages without rules get it back unchanged."""
    base = base_language(language)
    if base == "en":
        text = _QUOTES.sub(_english_quotes, text)
        text = _APOSTROPHES.sub(lambda match: match["kept"] or "’", text)
        return _ENGLISH_DAYS.sub(lambda match: match["kept"] or _held_together(match["day"]), text)
    if base != "fr":
        return text
    text = _QUOTES.sub(_french_quotes, text)
    text = _APOSTROPHES.sub(lambda match: match["kept"] or "’", text)
    return _SPACES.sub(_french_space, text)


def _english_quotes(match: re.Match[str]) -> str:
    return match[0] if match["kept"] is not None else f"“{match['inside']}”"


def _french_quotes(match: re.Match[str]) -> str:
    if match["kept"] is not None:
        return match[0]
    return f"«{_WIDE}{match['inside']}{_WIDE}»"


def _french_space(match: re.Match[str]) -> str:
    kind = match.lastgroup or "kept"
    return {
        "kept": match[0],
        "high": f"{_NARROW}{match['high']}",
        "joined": f"{_NARROW}{match['joined']}",
        "colon": f"{_WIDE}:",
        "joined_colon": f"{_WIDE}:",
        "opening": f"«{_WIDE}",
        "closing": f"{_WIDE}»",
        "unit": f"{_WIDE if match['unit'] == '€' else _NARROW}{match['unit']}",
        "hour": _held_together(match[0]),
        "day": _held_together(match[0]),
        "number": re.sub(f"[{_SPACE}]", _NARROW, match[0]),
    }[kind]


def _held_together(text: str) -> str:
    return re.sub(f"[{_SPACE}]", _WIDE, text)
