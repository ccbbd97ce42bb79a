"""Dates, weekdays and times of day as French, English, Dutch and German write them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from newsletter.editions.checks.calendar_words import month_names, weekday_names

_S = "[ \u00a0\u202f]"
_ORDINAL = r"(?:er|ère|e|ste|de|st|nd|rd|th|\.)?"
_BETWEEN = rf"{_S}*(?:,|-|–|—|/|&|\b(?:au|et|ou|to|and|or|en|tot|t/m|bis|und)\b){_S}*(?:\b(?:and|et|en|und)\b{_S}+)?(?:(?:les?|the|de|den|du){_S}+)?"
_YEAR = rf"(?:,?{_S}*(?P<year>(?:19|20)\d\d)\b)?"


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as it stands in a text. `values` are its readings, as in facts.Fact; `weekday` is 0 for Monday."""

    start: int
    end: int
    values: tuple[str, ...]
    weekday: int | None

    def days(self, years: tuple[int, ...]) -> list[date]:
        """The days that may be meant: those of the year that is named, else one in each of `years`."""
        found = []
        for value in self.values:
            *named, month, day = (int(part) for part in value.split("-"))
            for year in named or years:
                if _is_day(year, month, day):
                    found.append(date(year, month, day))
        return found


@dataclass(frozen=True, slots=True)
class _Words:
    """The patterns of one language."""

    months: dict[str, int]
    weekdays: dict[str, int]
    one_day: re.Pattern[str]
    day_first: re.Pattern[str]
    month_first: re.Pattern[str] | None
    weekday: re.Pattern[str]


@cache
def _words(language: str) -> _Words | None:
    months, weekdays = month_names(language), weekday_names(language)
    if not months:
        return None
    # French and Dutch write them small, and capitals begin sentences; "may" and "march" are English words.
    flags = re.IGNORECASE if language in {"fr", "nl"} else re.NOFLAG
    if flags:
        months = {name.lower(): number for name, number in months.items()}
        weekdays = {name.lower(): number for name, number in weekdays.items()}
    month = "|".join(sorted(map(re.escape, months), key=len, reverse=True))
    week = "|".join(weekdays)
    day = rf"(?:\b(?:{week})\b,?{_S}+(?:(?:le|the|den|de){_S}+)?)?(?<![\d.,/:])\d{{1,2}}{_ORDINAL}(?![\d])"
    days = rf"(?P<days>{day}(?:{_BETWEEN}{day}){{0,9}})"
    one = re.compile(
        rf"(?:\b(?P<weekday>{week})\b,?{_S}+(?:(?:le|the|den|de){_S}+)?)?(?P<day>\d{{1,2}})", flags
    )
    first = re.compile(rf"{days}{_S}+(?:of{_S}+)?(?P<month>{month})\b\.?{_YEAR}", flags)
    month_first = re.compile(
        rf"(?:\b(?P<weekday>{week})\b,?{_S}+)?\b(?P<month>{month})\b\.?{_S}+(?P<days>\d{{1,2}}{_ORDINAL}(?![\d:.])(?:{_BETWEEN}\d{{1,2}}{_ORDINAL}(?![\d:])){{0,9}}){_YEAR}",
        flags,
    )
    plural = {"fr": "s?", "en": "s?", "nl": "(?:en)?", "de": "s?"}[language]
    return _Words(
        months,
        weekdays,
        one,
        first,
        month_first if language == "en" else None,
        re.compile(rf"\b(?P<name>{week}){plural}\b", flags),
    )


_ISO = re.compile(r"(?<![\d-])(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?![\d-])")
_FIGURES = re.compile(
    r"(?<![\d/.-])(?P<one>\d{1,2})(?P<mark>[/.-])(?P<other>\d{1,2})(?P=mark)(?P<year>(?:19|20)?\d\d)(?![\d/-])"
)
_SHORT_FIGURES = re.compile(
    rf"(?P<before>\b(?:le|du|au|dès|on|by|until|op|vanaf|tot|am|vom|zum|bis|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    rf"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:maan|dins|woens|donder|vrij|zater|zon)dag|\w+tag){_S}+)"
    r"(?P<one>\d{1,2})/(?P<other>\d{1,2})(?![\d/])",
    re.IGNORECASE,
)


def dates_in(text: str, language: str) -> Iterator[WrittenDate]:
    """The dates of a text, each as often as it stands there; "14 and 15 June" are two."""
    words = _words(language)
    if words:
        for pattern in filter(None, (words.month_first, words.day_first)):
            for match in pattern.finditer(text):
                yield from _days_of(match, words)
                text = text[: match.start()] + "\x00" * len(match[0]) + text[match.end() :]
    for match in _ISO.finditer(text):
        if _is_day(int(match["year"]), int(match["month"]), int(match["day"])):
            yield WrittenDate(match.start(), match.end(), (match[0],), None)
    for match in _FIGURES.finditer(text):
        year = match["year"] if len(match["year"]) == 4 else f"20{match['year']}"
        if values := _both_orders(match["one"], match["other"], language, f"{year}-"):
            yield WrittenDate(match.start(), match.end(), values, None)
    for match in _SHORT_FIGURES.finditer(text):
        if values := _both_orders(match["one"], match["other"], language, ""):
            yield WrittenDate(match.start("one"), match.end(), values, None)


def _days_of(match: re.Match[str], words: _Words) -> Iterator[WrittenDate]:
    fold = str.lower if words.months.keys() == {name.lower() for name in words.months} else str
    month = words.months[fold(match["month"])]
    year = f"{match['year']}-" if match["year"] else ""
    outer = match.groupdict().get("weekday")
    for found in words.one_day.finditer(match["days"]):
        name = found["weekday"] or outer
        outer = None
        day = int(found["day"])
        if 1 <= day <= 31 and _is_day(int(match["year"] or 2000), month, day):
            number = words.weekdays[fold(name)] if name else None
            yield WrittenDate(match.start(), match.end(), (f"{year}{month:02}-{day:02}",), number)


def _both_orders(one: str, other: str, language: str, year: str) -> tuple[str, ...]:
    """14/06 is the 14th of June; 06/07 in English may be either."""
    orders = [(int(one), int(other))]
    if language == "en":
        orders.append((int(other), int(one)))
    values = (f"{year}{month:02}-{day:02}" for day, month in orders if _is_day(2000, month, day))
    return tuple(dict.fromkeys(values))


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def weekday_pattern(language: str) -> re.Pattern[str] | None:
    """What finds the weekdays of a language."""
    words = _words(language)
    return words.weekday if words else None


def weekday(match: re.Match[str], language: str) -> str:
    """The number of a weekday that was found, "0" for Monday."""
    names = weekday_names(language)
    return str(names.get(match["name"], names.get(match["name"].lower(), 0)))


_TO = rf"{_S}*(?:-|–|—|\b(?:to|until|till|and|à|et|tot|bis|en)\b){_S}*"
_TWELVE = re.compile(
    rf"(?:(?<![\d.,:])(?P<first>\d{{1,2}})(?:[:.](?P<first_minute>[0-5]\d))?{_TO})?"
    rf"(?<![\d.,:])(?P<hour>\d{{1,2}})(?:[:.](?P<minute>[0-5]\d))?{_S}?(?P<half>[ap])\.?{_S}?m\b\.?",
    re.IGNORECASE,
)
_HOURS = re.compile(
    rf"(?:(?<![\d.,:])(?P<first>\d{{1,2}}){_TO})?"
    rf"(?<![\d.,:€])(?P<hour>\d{{1,2}})(?:[:.](?P<early>[0-5]\d))?{_S}?(?:h(?!\w)|h(?=[0-5]\d(?!\d))|heures?\b|uur\b|u\b(?!\.\w)|u(?=[0-5]\d(?!\d))|Uhr\b)"
    rf"(?:{_S}?(?P<minute>[0-5]\d)(?![\d%€]|[.,]\d))?(?P<rest>/\d|{_S}+(?:de|d’|d'|par|per|pro|of)(?!\w))?",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    rf"(?<![\d.,:/])(?P<hour>\d{{1,2}}):(?P<minute>[0-5]\d)(?![\d:])(?:{_S}?(?:h|uur|Uhr)\b)?"
)
_O_CLOCK = re.compile(r"(?<![\d.,:])(?P<hour>\d{1,2})(?P<minute>)[ \u00a0]o[’']clock\b", re.IGNORECASE)
_DOTTED = re.compile(
    rf"\b(?:at|from|to|until|till|by){_S}(?P<hour>\d{{1,2}})\.(?P<minute>[0-5]\d)(?![\d.%]|{_S}?(?:€|euro|million|km|kg))"
)
_NAMED = {
    "fr": re.compile(
        r"(?:(?<=à )|(?<=à\u00a0)|(?<=avant )|(?<=vers )|(?<=dès )|(?<=– )|(?<=-))(?P<noon>midi)\b|(?<!\w)minuit\b"
    ),
    "en": re.compile(r"\b(?P<noon>noon|midday)\b|\bmidnight\b", re.IGNORECASE),
    "nl": re.compile(r"(?P<noon>(?!))|\bmiddernacht\b", re.IGNORECASE),
    "de": re.compile(r"(?P<noon>(?!))|\bMitternacht\b"),
}
_LASTS = re.compile(
    r"(?:dans les|sous|pendant|durant|durée|dure|durent|durera|en|toutes les|chaque|environ|moins de|plus de|encore|gedurende|om de|alle|binnen)"
    r"(?: de)?[ \u00a0\u202f:]*\Z",
    re.IGNORECASE,
)


def times_in(text: str, language: str) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Start, end and readings ("18:30") of each time of day; spans of time ("pendant 2 h") are none."""
    for match in _TWELVE.finditer(text):
        if values := _of_twelve(match["hour"], match["minute"], match["half"]):
            if match["first"] and (early := _first_of_twelve(match)):
                yield (
                    match.start(),
                    match.end("first_minute") if match["first_minute"] else match.end("first"),
                    early,
                )
            yield match.start("hour"), match.end(), values
            text = text[: match.start()] + "\x00" * len(match[0]) + text[match.end() :]
    for match in _HOURS.finditer(text):
        if match["rest"] or _LASTS.search(text[max(0, match.start() - 20) : match.start()]):
            continue
        if values := _value(match["hour"], match["early"] or match["minute"]):
            if match["first"] and (early := _value(match["first"], None)):
                yield match.start("first"), match.end("first"), early
            yield match.start("hour"), match.end(), values
            text = text[: match.start()] + "\x00" * len(match[0]) + text[match.end() :]
    patterns = (_CLOCK, _O_CLOCK, _DOTTED) if language == "en" else (_CLOCK,)
    for pattern in patterns:
        for match in pattern.finditer(text):
            if values := _value(match["hour"], match["minute"], either_half=language == "en"):
                yield match.start("hour"), match.end(), values
    if language in _NAMED:
        for match in _NAMED[language].finditer(text):
            yield match.start(), match.end(), ("12:00" if match["noon"] else "00:00",)


def _value(hour: str, minute: str | None, *, either_half: bool = False) -> tuple[str, ...]:
    number = int(hour)
    if number > 24:
        return ()
    values = [f"{number % 24:02}:{int(minute or 0):02}"]
    if either_half and number < 12:
        values.append(f"{number + 12:02}:{int(minute or 0):02}")
    return tuple(values)


def _of_twelve(hour: str, minute: str | None, half: str) -> tuple[str, ...]:
    number = int(hour)
    if not 1 <= number <= 12:
        return ()
    return (f"{number % 12 + (12 if half.lower() == 'p' else 0):02}:{int(minute or 0):02}",)


def _first_of_twelve(match: re.Match[str]) -> tuple[str, ...]:
    """The beginning of "2 to 5 pm" is in the afternoon, that of "10 to 1 pm" in the morning."""
    first, last = int(match["first"]), int(match["hour"])
    other = {"a": "p", "p": "a"}[match["half"].lower()]
    half = other if first % 12 > last % 12 else match["half"]
    return _of_twelve(match["first"], match["first_minute"], half)
