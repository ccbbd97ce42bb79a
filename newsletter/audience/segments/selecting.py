"""A filter as a condition of the database: every value of it goes there as a parameter, none as text of a statement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from newsletter.audience.errors import ListNotFound
from newsletter.audience.models import Subscriber, Subscription, SubscriptionState
from newsletter.audience.queries import list_slugs, reads
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
    Standing,
    Stands,
    TextIs,
    Unit,
)
from newsletter.foundation.database import ReadSession
from newsletter.foundation.folding import fold, folded, number_of

_STATES = {
    Standing.ON: SubscriptionState.ACTIVE,
    Standing.LEFT: SubscriptionState.ENDED,
    Standing.PENDING: SubscriptionState.PENDING,
}
_DAYS = {Unit.DAYS: 1, Unit.WEEKS: 7}
_Condition = sa.ColumnElement[bool]
_Moments = sa.SQLColumnExpression[datetime]
# "Longer than 30 days ago" is a moment before that one.
_TURNED = {
    Comparison.LESS: Comparison.MORE,
    Comparison.AT_MOST: Comparison.AT_LEAST,
    Comparison.MORE: Comparison.LESS,
    Comparison.AT_LEAST: Comparison.AT_MOST,
}


@dataclass(frozen=True, slots=True)
class Bearings:
    """What a filter is read by: the lists that there are, the moment that it is, the zone in which days begin."""

    list_ids: Mapping[str, int]
    now: datetime
    zone: ZoneInfo


def bearings(session: ReadSession, now: datetime, time_zone: str) -> Bearings:
    """The bearings at this moment; `time_zone` is the installation's."""
    list_ids = {slug: list_id for list_id, slug in list_slugs(session).items()}
    return Bearings(list_ids, now, ZoneInfo(time_zone))


def condition_of(found: Filter, by: Bearings) -> _Condition:
    """Whether a row of `Subscriber` is meant by the filter: true or false, never NULL. Raises ListNotFound."""
    match found:
        case And(filters):
            return sa.and_(*(condition_of(item, by) for item in filters))
        case Or(filters):
            return sa.or_(*(condition_of(item, by) for item in filters))
        case Not(item):
            return sa.not_(condition_of(item, by))
        case Reads(language):
            return reads(language)
        case ReadsBoth():
            return Subscriber.reads_both.is_(True)
        case Paused():
            return sa.and_(Subscriber.paused_until.is_not(None), Subscriber.paused_until > by.now)
        case Stands(standing, list_slug):
            if list_slug not in by.list_ids:
                raise ListNotFound(list_slug)
            of = aliased(Subscription)
            return _has(of, of.list_id == by.list_ids[list_slug], of.state == _STATES[standing])
        case OnDay(moment, comparison, day):
            return _of_moment(moment, lambda column: _on_day(column, comparison, day, by.zone))
        case Ago(moment, comparison, count, unit):
            then = by.now - timedelta(days=count * _DAYS[unit])
            return _of_moment(moment, lambda column: _compared(column, _TURNED[comparison], then))
        case NumberIs(of, comparison, number):
            found_number = number_of(_attribute(of))
            return sa.and_(found_number.is_not(None), _compared(found_number, comparison, number))
        case TextIs(of, comparison, values):
            return _text_is(of, comparison, values)


def _text_is(of: Part | Attribute, comparison: Comparison, values: tuple[str, ...]) -> _Condition:
    match of:
        case Part.ADDRESS:
            column, plain = Subscriber.address_lower.expression, [value.lower() for value in values]
        case Part.DOMAIN:
            return sa.or_(*(_in_domain(value.lower(), comparison) for value in values))
        case Part.NAME:
            column, plain = folded(Subscriber.name), [fold(value) for value in values]
        case Part.FIRST_NAME:
            column, plain = folded(Subscriber.first_name), [fold(value) for value in values]
        case Attribute():
            column, plain = folded(_attribute(of)), [fold(value) for value in values]
    if comparison is Comparison.CONTAINS:
        return sa.or_(*(column.contains(value, autoescape=True) for value in plain))
    return column.in_(plain)


def _in_domain(value: str, comparison: Comparison) -> _Condition:
    if comparison is Comparison.EQUAL:
        return Subscriber.address_lower.endswith("@" + value, autoescape=True)
    like = "%@%" + value.replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"
    return Subscriber.address_lower.like(like, escape="/")


def _attribute(of: Attribute) -> sa.ColumnElement[str]:
    """The attribute as text, "" where there is none."""
    # SQLite before 3.45 compares names as they are spelled in JSON, where "é" may stand as \u00e9.
    in_json = of.name.encode("ascii", "backslashreplace").decode("ascii").replace("\\x", "\\u00")
    names = (of.name,) if of.name.isascii() else (of.name, in_json)
    found = [Subscriber.attributes[name].as_string() for name in names]
    return sa.func.coalesce(*found, "")


def _of_moment(moment: Moment, compare: Callable[[_Moments], _Condition]) -> _Condition:
    if moment is Moment.SINCE:
        return compare(Subscriber.created_at)
    of = aliased(Subscription)
    return _has(of, of.state == SubscriptionState.ACTIVE, compare(of.since))


def _has(of: type[Subscription], *conditions: _Condition) -> _Condition:
    # An alias of its own: the statement around it may speak of subscriptions as well.
    found = sa.select(of.id).where(of.subscriber_id == Subscriber.id, *conditions)
    return found.correlate(Subscriber).exists()


def _on_day(column: _Moments, comparison: Comparison, day: date, zone: ZoneInfo) -> _Condition:
    begins, ends = _begin_of(day, zone), _begin_of(day + timedelta(days=1), zone)
    match comparison:
        case Comparison.LESS:
            return column < begins
        case Comparison.AT_LEAST:
            return column >= begins
        case Comparison.AT_MOST:
            return column < ends
        case Comparison.MORE:
            return column >= ends
    return sa.and_(column >= begins, column < ends)


def _begin_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _compared(column: sa.SQLColumnExpression[Any], comparison: Comparison, value: object) -> _Condition:
    match comparison:
        case Comparison.LESS:
            return column < value
        case Comparison.AT_MOST:
            return column <= value
        case Comparison.MORE:
            return column > value
    return column >= value
