"""Whether the languages of a story state the same facts, whether they suit its calendar, and where its links lead."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from itertools import combinations

from newsletter.editions.checks.calendar_words import Day, Weekday
from newsletter.editions.checks.facts import Fact, FactKind, Facts, facts_in
from newsletter.editions.checks.findings import Finding, finding
from newsletter.editions.checks.links_in_text import LinkInText, language_of_address, site_of
from newsletter.editions.checks.material import Story, TextField, WrittenText
from newsletter.foundation.language import base_language
from newsletter.foundation.sayings import LanguageName, Value, saying
from newsletter.rendering.problems import Level

# Where only one language states a fact, the other may well say it in words ("gratuit", "at six").
_SAID_BY_ONE = {
    FactKind.DATE: Level.NOTES,
    FactKind.WEEKDAY: None,
    FactKind.TIME: Level.NOTES,
    FactKind.AMOUNT: Level.NOTES,
    FactKind.PERCENTAGE: Level.NOTES,
    FactKind.PHONE: Level.WARNS,
    FactKind.MAIL_ADDRESS: Level.NOTES,
}
_ABRIDGED = 0.5  # a text this much shorter than the other leaves things out on purpose
_ALIKE = 0.8  # mail addresses this similar are one address with a slip in it; "bonjour@" and "hello@" are two
_SHOWN_MAX = 4


@dataclass(frozen=True, slots=True)
class _Stated:
    """What one language's text states, field by field."""

    language: str
    length: int
    fields: tuple[tuple[TextField, Facts], ...]
    button: str

    def facts(self, kind: FactKind) -> list[Fact]:
        return [fact for _, found in self.fields for fact in found.facts if fact.kind is kind]

    @property
    def targets(self) -> list[str]:
        targets = [link.target for _, found in self.fields for link in found.links]
        if self.button.lower().startswith(("http://", "https://")):
            targets.append(self.button)
        return list(dict.fromkeys(targets))


def check_facts(story: Story, languages: Sequence[str], today: date) -> Iterator[Finding]:
    """What the texts of a story state differently, and links that lead to the wrong language."""
    stated = [_stated(text) for text in story.texts]
    for one in stated:
        yield from _weekdays(story, one, today)
        yield from _links_into_other_languages(story, one, languages)
    for one, other in combinations(stated, 2):
        yield from _compared(story, one, other)


def _stated(text: WrittenText) -> _Stated:
    told = [field for field in text.fields if field.name != "picture"]
    fields = tuple((field, facts_in(field.text, text.language)) for field in told)
    shown = sum(
        len(field.text) - sum(link.end - link.start for link in found.links) for field, found in fields
    )
    return _Stated(text.language, shown, fields, text.link)


def _compared(story: Story, one: _Stated, other: _Stated) -> Iterator[Finding]:
    is_abridged = min(one.length, other.length) < _ABRIDGED * max(one.length, other.length)
    for kind in FactKind:
        only_one, only_other = _unmatched(one.facts(kind), other.facts(kind))
        if kind is FactKind.MAIL_ADDRESS:
            only_one, only_other = _slips(only_one, only_other)
        level: Level | None = Level.WARNS
        if not only_one or not only_other:
            level = None if is_abridged else _SAID_BY_ONE[kind]
        if level and (only_one or only_other):
            yield _difference(story, f"{kind}-differs", (one, only_one), (other, only_other), level)
    yield from _links(story, one, other, is_abridged=is_abridged)


def _unmatched(ours: list[Fact], theirs: list[Fact]) -> tuple[list[Fact], list[Fact]]:
    def lacking(facts: list[Fact], others: list[Fact]) -> list[Fact]:
        found = [fact for fact in facts if not any(_same(fact, other) for other in others)]
        return list({fact.values: fact for fact in reversed(found)}.values())[::-1]

    return lacking(ours, theirs), lacking(theirs, ours)


def _same(one: Fact, other: Fact) -> bool:
    """Whether two facts can mean the same; a date without its year is that of any year."""
    pairs = [(a, b) for a in one.values for b in other.values]
    if one.kind is FactKind.DATE:
        return any(a == b or a.endswith(f"-{b}") or b.endswith(f"-{a}") for a, b in pairs)
    return any(a == b for a, b in pairs)


def _slips(ours: list[Fact], theirs: list[Fact]) -> tuple[list[Fact], list[Fact]]:
    """Addresses of which each language has its own ("bonjour@", "hello@") are meant; those that are nearly alike are not."""
    if len(ours) != len(theirs):
        return ours, theirs

    def near(fact: Fact, others: list[Fact]) -> bool:
        return any(SequenceMatcher(None, fact.values[0], b.values[0]).ratio() >= _ALIKE for b in others)

    def locals_differ(fact: Fact, others: list[Fact]) -> bool:
        name, _, host = fact.values[0].partition("@")
        return any(
            host == b.values[0].partition("@")[2]
            and SequenceMatcher(None, name, b.values[0].partition("@")[0]).ratio() < _ALIKE
            for b in others
        )

    return (
        [fact for fact in ours if near(fact, theirs) and not locals_differ(fact, theirs)],
        [fact for fact in theirs if near(fact, ours) and not locals_differ(fact, ours)],
    )


def _difference(
    story: Story,
    code: str,
    ours: tuple[_Stated, list[Fact]],
    theirs: tuple[_Stated, list[Fact]],
    level: Level,
) -> Finding:
    (first, stated), (second, others) = (ours, theirs) if ours[1] else (theirs, ours)
    one, other = LanguageName(first.language), LanguageName(second.language)
    if others:
        message = saying(
            "The {one} has {facts} and the {other} has {others}.",
            one=one,
            facts=_shown(stated),
            other=other,
            others=_shown(others),
        )
    else:
        message = saying(
            "The {one} has {facts}, the {other} has not.",
            one=one,
            facts=_shown(stated),
            other=other,
        )
    return finding(code, message, where=story.where, language=second.language, level=level)


def _shown(facts: Sequence[Fact]) -> Value:
    words = list(dict.fromkeys(fact.shown for fact in facts))
    shown = tuple(saying("“{words}”", words=one) for one in words[:_SHOWN_MAX])
    if len(words) <= _SHOWN_MAX:
        return shown
    return saying("{list} and {count} more", list=shown, count=len(words) - _SHOWN_MAX)


def _weekdays(story: Story, stated: _Stated, today: date) -> Iterator[Finding]:
    """Weekdays that do not fit the date beside them, in the year that is named or any near one."""
    near = story.happens_on or story.published_on or today
    years = (near.year - 1, near.year, near.year + 1)
    for field, found in stated.fields:
        for written in found.dates:
            days = sorted(written.days(years), key=lambda day: abs((day - near).days))
            days = [day for day in days if abs((day - near).days) <= 300] or days[:1]
            if written.weekday is None or not days or any(day.weekday() == written.weekday for day in days):
                continue
            line = field.text.count("\n", 0, written.start) + 1
            shown = " ".join(field.text[written.start : written.end].split())
            yield finding(
                "wrong-weekday",
                saying(
                    "“{words}”: {day} is a {weekday}.",
                    words=shown,
                    day=Day(days[0]),
                    weekday=Weekday(days[0]),
                ),
                where=story.where.at(field.name),
                language=stated.language,
                line=line if field.is_markdown else None,
            )


def _links_into_other_languages(story: Story, stated: _Stated, languages: Sequence[str]) -> Iterator[Finding]:
    known = tuple(base_language(tag) for tag in languages)
    for field, link in [*_placed_links(stated), *_button(stated)]:
        named = language_of_address(link.target, known)
        if named and named != base_language(stated.language):
            yield finding(
                "link-language",
                saying(
                    "The {language} text links to a page in {found}: {link}",
                    language=LanguageName(stated.language),
                    found=LanguageName(named),
                    link=link.target,
                ),
                where=story.where.at(field.name),
                language=stated.language,
                line=link.line if field.is_markdown else None,
            )


def _placed_links(stated: _Stated) -> list[tuple[TextField, LinkInText]]:
    return [(field, link) for field, found in stated.fields for link in found.links]


def _button(stated: _Stated) -> list[tuple[TextField, LinkInText]]:
    field = TextField("button", stated.button)
    return [(field, LinkInText("", stated.button, 1, 0, len(stated.button)))] if stated.button else []


def _links(story: Story, one: _Stated, other: _Stated, *, is_abridged: bool) -> Iterator[Finding]:
    """Sites that only one language links to, or links that one language lacks."""
    counts = [len(side.targets) for side in (one, other)]
    sites = [{site_of(target) for target in side.targets} for side in (one, other)]
    lost = [sorted(sites[0] - sites[1]), sorted(sites[1] - sites[0])]
    if is_abridged and not all(lost):
        return
    names = LanguageName(one.language), LanguageName(other.language)
    if all(lost):
        message = saying(
            "The {one} links to {sites} and the {other} to {others}.",
            one=names[0],
            sites=tuple(lost[0]),
            other=names[1],
            others=tuple(lost[1]),
        )
    elif any(lost):
        having = 0 if lost[0] else 1
        message = saying(
            "The {one} links to {sites}, the {other} does not.",
            one=names[having],
            sites=tuple(lost[having]),
            other=names[1 - having],
        )
    elif counts[0] != counts[1]:
        message = saying(
            "The {one} and the {other} do not have the same number of links: {count} and {others}.",
            count=counts[0],
            one=names[0],
            others=counts[1],
            other=names[1],
        )
    else:
        return
    lacking = one if len(one.targets) < len(other.targets) else other
    yield finding("link-differs", message, where=story.where, language=lacking.language)
