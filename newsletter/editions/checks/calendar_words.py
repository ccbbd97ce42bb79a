"""The names of months and weekdays in the languages whose dates are understood, and the days that findings name."""

from dataclasses import dataclass
from datetime import date

from newsletter.foundation.language import babel_locale
from newsletter.rendering.dates import long_date

_MONTHS = {
    "fr": "janvier janv jan|février févr fév fevrier|mars|avril avr|mai|juin|juillet juil|août aout"
    "|septembre sept|octobre oct|novembre nov|décembre déc decembre",
    "en": "January Jan|February Feb|March Mar|April Apr|May|June Jun|July Jul|August Aug"
    "|September Sept Sep|October Oct|November Nov|December Dec",
    "nl": "januari jan|februari feb|maart mrt|april apr|mei|juni jun|juli jul|augustus aug"
    "|september sept sep|oktober okt|november nov|december dec",
    "de": "Januar Jänner Jan|Februar Feb|März Mrz|April Apr|Mai|Juni Jun|Juli Jul|August Aug"
    "|September Sept Sep|Oktober Okt|November Nov|Dezember Dez",
}
_WEEKDAYS = {
    "fr": "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche",
    "en": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "nl": "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag",
    "de": "Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag",
}
LANGUAGES = tuple(_MONTHS)


def month_names(language: str) -> dict[str, int]:
    """Each name and short name of a month, as the language writes it, with its number from 1."""
    months = enumerate(_MONTHS.get(language, "").split("|"), 1)
    return {name: number for number, names in months for name in names.split()}


def weekday_names(language: str) -> dict[str, int]:
    """Each name of a weekday with its number, Monday being 0."""
    names = _WEEKDAYS.get(language, "")
    return {name: number for number, name in enumerate(names.split("|")) if name}


@dataclass(frozen=True, slots=True)
class Day:
    """A day that findings name: "14 November 2026", "14 novembre 2026"."""

    on: date

    def said_in(self, language: str) -> str:
        """How the language writes it."""
        return long_date(self.on, language)


@dataclass(frozen=True, slots=True)
class Weekday:
    """The weekday of a day: "Saturday", "samedi"."""

    on: date

    def said_in(self, language: str) -> str:
        """What the language calls it."""
        return str(babel_locale(language).days["format"]["wide"][self.on.weekday()])
