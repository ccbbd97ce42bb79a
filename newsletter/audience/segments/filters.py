"""What a filter says, as a tree: conditions on one person, joined by and, or, not. Pure values.

`in_words` prints a tree in the language that `parsing.parse_filter` reads, so that reading it again gives the same tree.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Standing(StrEnum):
    """How a person stands to a list."""

    ON = "on"  # gets its editions
    LEFT = "left"  # was on it, and is not any more
    PENDING = "pending"  # has still to confirm


class Moment(StrEnum):
    """A moment in a person's story here."""

    SINCE = "since"  # when we came to know her
    SUBSCRIBED = "subscribed"  # when she came to a list that she is on


class Unit(StrEnum):
    """What an age is counted in."""

    DAYS = "days"
    WEEKS = "weeks"


class Comparison(StrEnum):
    """How two values are compared."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    CONTAINS = "contains"  # without regard to capitals and accents


ORDERED = frozenset({Comparison.LESS, Comparison.AT_MOST, Comparison.MORE, Comparison.AT_LEAST})


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads a language: `fr` finds fr-BE too; "" those of whom no language is known."""

    language: str


@dataclass(frozen=True, slots=True)
class ReadsBoth:
    """Wants each edition in two languages."""


@dataclass(frozen=True, slots=True)
class Paused:
    """Wants no mail for the time being."""


@dataclass(frozen=True, slots=True)
class Stands:
    """Stands to a list in this way."""

    standing: Standing
    list_slug: str


@dataclass(frozen=True, slots=True)
class OnDay:
    """A moment compared with a day, in the organisation's time zone; `=` means some time on that day."""

    moment: Moment
    comparison: Comparison
    day: date


@dataclass(frozen=True, slots=True)
class Ago:
    """How long ago a moment was, compared with a span: `<` means a shorter time ago. Only ordered comparisons."""

    moment: Moment
    comparison: Comparison
    count: int
    unit: Unit


class Part(StrEnum):
    """A text that every person has."""

    NAME = "name"
    FIRST_NAME = "first_name"
    ADDRESS = "address"
    DOMAIN = "domain"  # what stands behind the @ of the address


@dataclass(frozen=True, slots=True)
class Attribute:
    """The name of what a file told about people beside the columns that every person has."""

    name: str


@dataclass(frozen=True, slots=True)
class TextIs:
    """A text is one of these, or contains the one of them; capitals and accents make no difference."""

    of: Part | Attribute
    comparison: Comparison  # EQUAL or CONTAINS
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NumberIs:
    """An attribute that is a number compares so; one that is none does not."""

    of: Attribute
    comparison: Comparison  # one of ORDERED
    number: float


@dataclass(frozen=True, slots=True)
class Not:
    """The one of whom the filter is not true."""

    filter: "Filter"


@dataclass(frozen=True, slots=True)
class And:
    """All of them are true; at least two."""

    filters: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of them is true; at least two."""

    filters: tuple["Filter", ...]


Condition = Reads | ReadsBoth | Paused | Stands | OnDay | Ago | TextIs | NumberIs
Filter = Condition | Not | And | Or


def in_words(found: Filter) -> str:
    """The filter as somebody could have typed it."""
    match found:
        case Or(filters):
            return " or ".join(_inside(item, Or) for item in filters)
        case And(filters):
            return " and ".join(_inside(item, Or, And) for item in filters)
        case Not(item):
            return f"not {_inside(item, Or, And)}"
        case Reads(language):
            return f"language = {language or quoted('')}"
        case ReadsBoth():
            return "reads both"
        case Paused():
            return "paused"
        case Stands(standing, list_slug):
            return f"{standing.value} {quoted(list_slug)}"
        case OnDay(moment, comparison, day):
            return f"{moment.value} {comparison.value} {day.isoformat()}"
        case Ago(moment, comparison, count, unit):
            return f"{moment.value} {comparison.value} {count} {unit.value} ago"
        case NumberIs(of, comparison, number):
            return f"{_name(of)} {comparison.value} {_digits(number)}"
        case TextIs(of, comparison, values) if len(values) == 1:
            return f"{_name(of)} {comparison.value} {quoted(values[0])}"
        case TextIs(of, _, values):
            return f"{_name(of)} in ({', '.join(map(quoted, values))})"


def _inside(item: Filter, *kinds: type) -> str:
    # The same kind inside itself needs parentheses too, where somebody typed them.
    return f"({in_words(item)})" if isinstance(item, kinds) else in_words(item)


def _digits(number: float) -> str:
    return format(Decimal(repr(number)), "f")


def _name(of: Part | Attribute) -> str:
    return of.value if isinstance(of, Part) else f"attribute {quoted(of.name)}"


def quoted(text: str) -> str:
    """A text in quotation marks, as filters write it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
