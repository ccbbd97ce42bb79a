"""The language of filters: from what somebody typed to a tree, by recursive descent.

    filter     = part {"or" part}
    part       = piece {"and" piece}
    piece      = "not" piece | "(" filter ")" | condition
    condition  = "language" is TAG | "reads" ("both" | TAG) | "paused"
               | ("on" | "left" | "pending") LIST
               | ("since" | "subscribed") compares (DATE | NUMBER ("days" | "weeks") ["ago"])
               | ("name" | "first_name" | "address" | "domain" | ["attribute"] NAME) is VALUE
               | ["attribute"] NAME ("<" | "<=" | ">" | ">=") NUMBER
    is         = "=" | "!=" | "contains" | ["not"] "in" "(" VALUE {"," VALUE} ")"

Each word may be French as well. What is typed only ever becomes values in the tree.
"""

import unicodedata
from collections.abc import Callable
from datetime import date

from newsletter.audience.errors import LanguageNotUnderstood
from newsletter.audience.rules import reader_languages
from newsletter.audience.segments.errors import FilterRefused
from newsletter.audience.segments.filters import (
    ORDERED,
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
from newsletter.audience.segments.tokens import Kind, Token, tokens_of

_DEPTH_MAX = 40
_ATTRIBUTE_NAME_MAX = 60

# Folded: "quitté" is "quitte" here.
_AND = {"and", "et"}
_OR = {"or", "ou"}
_NOT = {"not", "non", "pas"}
_IN = {"in", "dans", "parmi"}
_CONTAINS = {"contains", "contient"}
_LANGUAGE = {"language", "langue", "lang", "taal", "sprache"}
_READS = {"reads", "lit"}
_ATTRIBUTE = {"attribute", "attribut"}
_UNKNOWN = {"unknown", "inconnue", "inconnu", "none", "aucune"}
_STANDINGS = {
    "on": Standing.ON,
    "sur": Standing.ON,
    "left": Standing.LEFT,
    "quitte": Standing.LEFT,
    "pending": Standing.PENDING,
    "attend": Standing.PENDING,
}
_MOMENTS = {
    "since": Moment.SINCE,
    "depuis": Moment.SINCE,
    "subscribed": Moment.SUBSCRIBED,
    "inscrit": Moment.SUBSCRIBED,
    "inscrite": Moment.SUBSCRIBED,
}
_UNITS = {
    **dict.fromkeys(("day", "days", "jour", "jours"), Unit.DAYS),
    **dict.fromkeys(("week", "weeks", "semaine", "semaines"), Unit.WEEKS),
}
_PARTS = {
    "name": Part.NAME,
    "nom": Part.NAME,
    "first_name": Part.FIRST_NAME,
    "prenom": Part.FIRST_NAME,
    "address": Part.ADDRESS,
    "adresse": Part.ADDRESS,
    "email": Part.ADDRESS,
    "domain": Part.DOMAIN,
    "domaine": Part.DOMAIN,
}
_CONDITION = 'a condition, such as language = fr, on letter or city = "Liège"'
_VALUES = (Kind.WORD, Kind.TEXT, Kind.NUMBER, Kind.DATE)


def parse_filter(text: str) -> Filter:
    """The tree of a filter. Raises FilterRefused with the column, and what was expected there."""
    parser = _Parser(tokens_of(text))
    found = parser.alternatives(0)
    parser.expect_end()
    return found


class _Parser:
    """The pieces of a filter and the place among them."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._place = 0

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._next
        if token.kind is not Kind.END:
            self._place += 1
        return token

    def _take_word(self, words: set[str]) -> bool:
        return self._next.word in words and bool(self._take())

    def _expect(self, sign: str) -> None:
        if not self._next.is_sign(sign):
            raise self._refused(f"“{sign}”")
        self._take()

    def expect_end(self) -> None:
        """Raises FilterRefused where something is left."""
        if self._next.kind is not Kind.END:
            raise self._refused("and, or, or the end")

    def _refused(self, expected: str, token: Token | None = None) -> FilterRefused:
        token = token or self._next
        return FilterRefused(token.column, expected, str(token))

    def alternatives(self, depth: int) -> Filter:
        """Parts with *or* between them."""
        filters = [self._all_of(depth)]
        while self._take_word(_OR):
            filters.append(self._all_of(depth))
        return filters[0] if len(filters) == 1 else Or(tuple(filters))

    def _all_of(self, depth: int) -> Filter:
        filters = [self._piece(depth)]
        while self._take_word(_AND):
            filters.append(self._piece(depth))
        return filters[0] if len(filters) == 1 else And(tuple(filters))

    def _piece(self, depth: int) -> Filter:
        if depth > _DEPTH_MAX:
            raise self._refused(f"at most {_DEPTH_MAX} parentheses within each other")
        if self._take_word(_NOT):
            return Not(self._piece(depth + 1))
        if self._next.is_sign("("):
            self._take()
            found = self.alternatives(depth + 1)
            self._expect(")")
            return found
        return self._condition()

    def _condition(self) -> Filter:
        first = self._take()
        word = first.word
        if not word:
            raise self._refused(_CONDITION, first)
        if word in _LANGUAGE:
            return self._is(Reads, self._language, can_contain=False)
        if word in _READS:
            return self._reads()
        if word == "paused" or (word == "en" and self._take_word({"pause"})):
            return Paused()
        if standing := _STANDINGS.get(word):
            return Stands(standing, self._list_slug())
        if moment := _MOMENTS.get(word):
            return self._moment(moment)
        if part := _PARTS.get(word):
            return self._text(part)
        return self._attribute(self._take() if word in _ATTRIBUTE else first)

    def _reads(self) -> Filter:
        if self._take_word({"both"}):
            return ReadsBoth()
        if self._next.word == "les":
            self._take()
            if not self._take_word({"deux"}):
                raise self._refused("“deux”")
            return ReadsBoth()
        return Reads(self._language())

    def _list_slug(self) -> str:
        token = self._take()
        if token.kind not in (Kind.WORD, Kind.TEXT, Kind.NUMBER) or not token.text:
            raise self._refused("a list's short name", token)
        return token.text.lower()

    def _language(self) -> str:
        token = self._take()
        if token.word in _UNKNOWN or (token.kind is Kind.TEXT and not token.text):
            return ""
        expected = "a language, such as fr, en or unknown"
        if token.kind not in (Kind.WORD, Kind.TEXT):
            raise self._refused(expected, token)
        try:
            languages, _ = reader_languages(token.text)
        except LanguageNotUnderstood as error:
            raise self._refused(expected, token) from error
        if len(languages) != 1:
            raise self._refused("one language", token)
        return languages[0]

    def _moment(self, moment: Moment) -> Filter:
        comparison = self._comparison()
        if self._next.kind is Kind.DATE:
            found = OnDay(moment, _positive(comparison), self._day())
            return Not(found) if comparison is Comparison.UNEQUAL else found
        self._take_phrase("il", "y", "a")
        count = self._take()
        if count.kind is not Kind.NUMBER or not count.text.isdigit() or len(count.text) > 4:
            raise self._refused("a date like 2026-01-31, or a span like 30 days ago", count)
        unit = _UNITS.get(self._next.word)
        if unit is None:
            raise self._refused("days or weeks")
        self._take()
        self._take_word({"ago"})
        if comparison not in ORDERED:
            raise FilterRefused(count.column, "<, <=, > or >= before a span", f"“{comparison.value}”")
        return Ago(moment, comparison, int(count.text), unit)

    def _take_phrase(self, *words: str) -> None:
        ahead = self._tokens[self._place : self._place + len(words)]
        if tuple(token.word for token in ahead) == words:
            self._place += len(words)

    def _day(self) -> date:
        token = self._take()
        try:
            return date.fromisoformat(token.text)
        except ValueError as error:
            raise self._refused("a day of the calendar", token) from error

    def _comparison(self) -> Comparison:
        token = self._take()
        if token.kind is not Kind.SIGN or token.text not in set(Comparison):
            raise self._refused("a comparison: =, !=, <, <=, > or >=", token)
        return Comparison(token.text)

    def _attribute(self, name: Token) -> Filter:
        text = unicodedata.normalize("NFC", name.text.lower())
        if name.kind not in (Kind.WORD, Kind.TEXT, Kind.NUMBER) or not 0 < len(text) <= _ATTRIBUTE_NAME_MAX:
            raise self._refused("the name of an attribute", name)
        if '"' in text or "\\" in text:
            raise self._refused("the name of an attribute, without quotation marks in it", name)
        of = Attribute(text)
        if self._next.is_sign(*ORDERED):
            comparison, number = self._comparison(), self._take()
            if number.kind is not Kind.NUMBER:
                raise self._refused("a number", number)
            return NumberIs(of, comparison, float(number.text))
        return self._text(of)

    def _text(self, of: Part | Attribute) -> Filter:
        return self._is(lambda value: TextIs(of, Comparison.EQUAL, (value,)), self._value, of=of)

    def _is(
        self,
        condition: Callable[[str], Filter],
        value: Callable[[], str],
        *,
        of: Part | Attribute | None = None,
        can_contain: bool = True,
    ) -> Filter:
        """What follows a name: `= x`, `!= x`, `contains x`, `in (x, y)`, `not in (x, y)`."""
        if can_contain and of is not None and self._take_word(_CONTAINS):
            return TextIs(of, Comparison.CONTAINS, (value(),))
        is_not = self._take_word(_NOT)
        if self._take_word(_IN):
            values = self._values(value)
            if of is not None:
                found: Filter = TextIs(of, Comparison.EQUAL, values)
            else:
                each = tuple(condition(one) for one in values)
                found = each[0] if len(each) == 1 else Or(each)
            return Not(found) if is_not else found
        if is_not:
            raise self._refused("“in”")
        if not self._next.is_sign("=", "!="):
            more = ", contains" if can_contain else ""
            less = ", <, <=, >, >=" if isinstance(of, Attribute) else ""
            raise self._refused(f"a comparison: =, !={less}, in{more}")
        comparison = self._comparison()
        found = condition(value())
        return Not(found) if comparison is Comparison.UNEQUAL else found

    def _values(self, value: Callable[[], str]) -> tuple[str, ...]:
        self._expect("(")
        values = [value()]
        while self._next.is_sign(","):
            self._take()
            values.append(value())
        self._expect(")")
        return tuple(dict.fromkeys(values))

    def _value(self) -> str:
        token = self._take()
        if token.kind not in _VALUES:
            raise self._refused("a value, in quotation marks where it has spaces", token)
        return token.text


def _positive(comparison: Comparison) -> Comparison:
    return Comparison.EQUAL if comparison is Comparison.UNEQUAL else comparison
