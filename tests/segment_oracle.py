"""What a filter means for one person, evaluated in plain Python: what the databases' answers are compared with."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.audience.segments.filters import (
    Ago,
    And,
    Attribute,
    Comparison,
    Filter,
    Moment,
    Not,
    NumberIs,
    OnDay,
    Or,
    Part,
    Paused,
    Reads,
    ReadsBoth,
    Stands,
    TextIs,
    Unit,
)
from newsletter.foundation.folding import fold, number_in


@dataclass(frozen=True)
class Person:
    address: str
    name: str = ""
    first_name: str = ""
    languages: tuple[str, ...] = ()
    reads_both: bool = False
    attributes: dict[str, Any] = field(default_factory=dict)
    paused_until: datetime | None = None
    created_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    # list -> "on", "left" or "pending", and since when
    stands: dict[str, tuple[str, datetime]] = field(default_factory=dict)


def means(found: Filter, person: Person, now: datetime, zone: ZoneInfo) -> bool:
    match found:
        case And(filters):
            return all(means(item, person, now, zone) for item in filters)
        case Or(filters):
            return any(means(item, person, now, zone) for item in filters)
        case Not(item):
            return not means(item, person, now, zone)
        case Reads(""):
            return not person.languages
        case Reads(language):
            return any(tag == language or tag.startswith(f"{language}-") for tag in person.languages)
        case ReadsBoth():
            return person.reads_both
        case Paused():
            return person.paused_until is not None and person.paused_until > now
        case Stands(standing, list_slug):
            return person.stands.get(list_slug, ("",))[0] == standing.value
        case OnDay(moment, comparison, day):
            begins = datetime.combine(day, time(), zone).astimezone(UTC)
            ends = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
            asked = {
                Comparison.LESS: lambda at: at < begins,
                Comparison.AT_MOST: lambda at: at < ends,
                Comparison.MORE: lambda at: at >= ends,
                Comparison.AT_LEAST: lambda at: at >= begins,
                Comparison.EQUAL: lambda at: begins <= at < ends,
            }[comparison]
            return any(asked(at) for at in _moments(moment, person))
        case Ago(moment, comparison, count, unit):
            span = timedelta(days=count * (7 if unit is Unit.WEEKS else 1))
            return any(_compares(now - at, comparison, span) for at in _moments(moment, person))
        case NumberIs(of, comparison, number):
            hers = number_in(str(person.attributes.get(of.name, "")))
            return hers is not None and _compares(hers, comparison, number)
        case TextIs(of, comparison, values):
            hers, same = _text(of, person)
            wanted = [same(value) for value in values]
            return any(
                value in hers if comparison is Comparison.CONTAINS else value == hers for value in wanted
            )


def _moments(moment: Moment, person: Person) -> list[datetime]:
    if moment is Moment.SINCE:
        return [person.created_at]
    return [since for standing, since in person.stands.values() if standing == "on"]


def _compares(one: Any, comparison: Comparison, other: Any) -> bool:
    return {
        Comparison.LESS: one < other,
        Comparison.AT_MOST: one <= other,
        Comparison.MORE: one > other,
        Comparison.AT_LEAST: one >= other,
    }[comparison]


def _text(of: Part | Attribute, person: Person) -> tuple[str, Any]:
    match of:
        case Part.ADDRESS:
            return person.address.lower(), str.lower
        case Part.DOMAIN:
            return person.address.lower().rpartition("@")[2], str.lower
        case Part.NAME:
            return fold(person.name), fold
        case Part.FIRST_NAME:
            return fold(person.first_name), fold
        case Attribute(name):
            return fold(str(person.attributes.get(name, ""))), fold
