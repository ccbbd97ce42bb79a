"""The facts that a text states, in a form that is the same in every language: dates, times, amounts, numbers, addresses.

Languages whose words for dates are not known (see calendar_words.py) still give what is written in figures. Nothing
here decides what a difference means: see same_facts.py.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.editions.checks import fact_dates, fact_numbers
from newsletter.editions.checks.links_in_text import LinkInText, links_in
from newsletter.foundation.language import base_language


class FactKind(StrEnum):
    """The kinds of fact; each word is how findings name it."""

    DATE = "date"  # "1999-06-14", or "06-14" where no year is named
    WEEKDAY = "weekday"  # "0" for Monday
    TIME = "time"  # "18:30"
    AMOUNT = "amount"  # "EUR 12.5"
    PERCENTAGE = "percentage"  # "12.5"
    PHONE = "phone"  # its last eight digits
    MAIL_ADDRESS = "mail-address"  # in lower case


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact: every value that the words may mean (03/04 has two), as it is written, and its line in the text."""

    kind: FactKind
    values: tuple[str, ...]
    shown: str
    line: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What a text states. `dates` are those with enough around them to ask a calendar."""

    facts: tuple[Fact, ...]
    links: tuple[LinkInText, ...]
    dates: tuple[fact_dates.WrittenDate, ...]


@dataclass
class _Reader:
    """The text as it is eaten up: what was understood becomes blanks, so that no figure counts twice."""

    text: str
    source: str
    facts: list[Fact] = field(default_factory=list)

    def take(
        self, kind: FactKind, pattern: re.Pattern[str], read: Callable[[re.Match[str]], tuple[str, ...]]
    ) -> None:
        for match in pattern.finditer(self.text):
            if values := read(match):
                self.add(kind, values, match.start(), match.end())

    def add(self, kind: FactKind, values: tuple[str, ...], start: int, end: int) -> None:
        line = self.source.count("\n", 0, start) + 1
        shown = " ".join(self.source[start:end].split())
        self.facts.append(Fact(kind, values, shown, line))
        self.blank(start, end)

    def blank(self, start: int, end: int) -> None:
        hidden = "".join("\n" if sign == "\n" else "\x00" for sign in self.text[start:end])
        self.text = self.text[:start] + hidden + self.text[end:]


_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_ACCOUNT = re.compile(
    r"\b[A-Z]{2}\d{2}(?:[ \u00a0\u202f]?[\dA-Z]{4}){2,7}(?:[ \u00a0\u202f]?[\dA-Z]{1,3})?\b"
)


def facts_in(text: str, language: str) -> Facts:
    """The facts of a text (plain or Markdown) in that language."""
    text = re.sub("[\u2009\u200b]", " ", text)
    reader = _Reader(text, text)
    found = tuple(links_in(text))
    for link in found:
        _take_link(reader, link)
    reader.take(FactKind.MAIL_ADDRESS, _MAIL, lambda match: (match[0].lower(),))
    for match in _ACCOUNT.finditer(reader.text):
        reader.blank(match.start(), match.end())
    base = base_language(language)
    dates = tuple(fact_dates.dates_in(reader.text, base))
    for written in dates:
        reader.add(FactKind.DATE, written.values, written.start, written.end)
        if written.weekday is not None:
            shown = Fact(
                FactKind.WEEKDAY, (str(written.weekday),), reader.facts[-1].shown, reader.facts[-1].line
            )
            reader.facts.append(shown)
    for start, end, values in fact_dates.times_in(reader.text, base):
        reader.add(FactKind.TIME, values, start, end)
    for pattern in fact_numbers.AMOUNT_RANGES:
        for match in pattern.finditer(reader.text):
            reader.add(FactKind.AMOUNT, fact_numbers.amount_in_range(match), *match.span("one"))
    reader.take(FactKind.AMOUNT, fact_numbers.AMOUNT, fact_numbers.amount)
    reader.take(FactKind.PERCENTAGE, fact_numbers.PERCENTAGE, fact_numbers.percentage)
    if weekdays := fact_dates.weekday_pattern(base):
        reader.take(FactKind.WEEKDAY, weekdays, lambda match: (fact_dates.weekday(match, base),))
    reader.take(FactKind.PHONE, fact_numbers.PHONE, fact_numbers.phone)
    return Facts(tuple(reader.facts), tuple(_to_pages(found)), dates)


def _take_link(reader: _Reader, link: LinkInText) -> None:
    """A mailto or tel target states an address or number; the label of a link stays text."""
    scheme, _, rest = link.target.partition(":")
    if scheme.lower() == "mailto":
        reader.facts.append(
            Fact(FactKind.MAIL_ADDRESS, (rest.split("?")[0].lower(),), rest.split("?")[0], link.line)
        )
    elif scheme.lower() == "tel" and (values := fact_numbers.phone_values(rest)):
        reader.facts.append(Fact(FactKind.PHONE, values, rest, link.line))
    reader.blank(link.start, link.end)


def _to_pages(links: tuple[LinkInText, ...]) -> Iterator[LinkInText]:
    return (link for link in links if link.target.lower().startswith(("http://", "https://")))
