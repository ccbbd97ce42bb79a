"""Moments in words: "Monday 23 November 2026 at 10:04 (time zone: Brussels)"."""

from datetime import datetime, tzinfo

from babel.dates import format_datetime, get_timezone_location

from newsletter.foundation.language import babel_locale, base_language
from newsletter.foundation.texts import texts
from newsletter.rendering.dates import full_date

# French writes the hours with an h, German with the word behind.
_CLOCKS = {"fr": "H\u00a0'h'\u00a0mm", "de": "H:mm 'Uhr'", "nl": "H:mm"}


def moment_in_words(moment: datetime, zone: tzinfo, language: str) -> str:
    """Day and time of day as the clocks of `zone` show it, with the name of the zone."""
    local = moment.astimezone(zone)
    locale = babel_locale(language)
    day = full_date(local.date(), language)
    if base_language(language) in {"fr", "nl"}:  # in a sentence, days are written small there
        day = day[:1].lower() + day[1:]
    clock = format_datetime(local, _CLOCKS.get(base_language(language), "H:mm"), locale=locale)
    place = get_timezone_location(zone, locale=locale, return_city=True)
    return (
        texts(language)
        .gettext("{day} at {time} (time zone: {place})")
        .format(day=day, time=clock, place=place)
    )
