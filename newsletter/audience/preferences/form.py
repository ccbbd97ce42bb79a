"""What the forms of the preferences page say: understood, or refused with the problem. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from newsletter.audience.sign_up.form import plain_name
from newsletter.foundation.language import base_language

PAUSE_DAYS_MAX = 366
_FULL_NAME_LENGTH_MAX = 200
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})\Z")


class Wrong(StrEnum):
    """Why a part of the page is refused."""

    NAME = "name"  # too long, or a link, or markup
    LANGUAGES_FEW = "languages_few"  # two in one mail are wanted, and one was chosen
    LANGUAGE_MISSING = "language_missing"  # none was chosen
    DATE = "date"  # no day, or in the past, or too far away
    CHANGED = "changed"  # what is offered is not what was shown


@dataclass(frozen=True, slots=True)
class LanguageWish:
    """Her languages, in her order, and whether two come in one mail."""

    languages: tuple[str, ...]
    reads_both: bool


def language_options(hers: Sequence[str], installation: Sequence[str]) -> tuple[str, ...]:
    """The languages to choose from: hers as they are, then those of the installation that she does not read yet."""
    known = {base_language(tag) for tag in hers}
    return (*hers, *(tag for tag in installation if tag not in hers and base_language(tag) not in known))


def understand_languages(ranked: Sequence[str], both: bool, options: Sequence[str]) -> LanguageWish | Wrong:
    """The wish, from what was chosen for the first place, the second, and so on; "" is none."""
    languages = tuple(dict.fromkeys(tag for tag in ranked if tag in options))
    if not languages:
        return Wrong.LANGUAGE_MISSING
    if both and len(languages) < 2:
        return Wrong.LANGUAGES_FEW
    return LanguageWish(languages, both)


def understand_names(first_name: str, name: str) -> tuple[str, str] | Wrong:
    """First name and whole name; either may be empty."""
    first, whole = plain_name(first_name), plain_name(name, _FULL_NAME_LENGTH_MAX)
    return Wrong.NAME if first is None or whole is None else (first, whole)


def understand_pause(text: str, now: datetime, zone: tzinfo) -> datetime | Wrong:
    """The moment at which mails come again: the beginning of the day, which is tomorrow at the earliest."""
    until = _day(text.strip())
    today = now.astimezone(zone).date()
    if until is None or not today < until <= today + timedelta(days=PAUSE_DAYS_MAX):
        return Wrong.DATE
    return datetime.combine(until, time(), zone)


def _day(text: str) -> date | None:
    found = _DAY_FIRST.match(text)
    try:
        if found:
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text)
    except ValueError:
        return None
