"""Dates as people of a language write them."""

import re
from datetime import date

from babel.dates import format_date

from newsletter.foundation.language import babel_locale, base_language

# English without a region is that of Europe: "1 March 2026", not "March 1, 2026".
_PREFERRED = {"en": "en-150"}
_FRENCH_FIRST = re.compile(r"\b1(?= \w)")


def long_date(on: date, language: str) -> str:
    """Day, month and year: "1er mars 2026", "1 March 2026"."""
    return _formatted(on, "long", language)


def full_date(on: date, language: str) -> str:
    """The same with the day of the week, beginning with a capital: "Dimanche 1er mars 2026"."""
    text = _formatted(on, "full", language)
    return text[:1].upper() + text[1:]


def date_pieces(on: date, language: str) -> tuple[str, str, str, str]:
    """Weekday, day, month and year, each by itself: "Dimanche", "1er", "mars", "2026"."""
    locale = babel_locale(_PREFERRED.get(language, language))
    weekday, day, month, year = (
        format_date(on, pattern, locale=locale) for pattern in ("EEEE", "d", "LLLL", "y")
    )
    if base_language(language) == "fr" and on.day == 1:
        day = "1er"
    return weekday[:1].upper() + weekday[1:], day, month, year


def _formatted(on: date, length: str, language: str) -> str:
    locale = babel_locale(_PREFERRED.get(language, language))
    text = format_date(on, length, locale=locale)
    if base_language(language) == "fr" and on.day == 1:
        text = _FRENCH_FIRST.sub("1er", text, count=1)
    return text
