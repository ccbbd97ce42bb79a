"""Whether the links of an edition lead somewhere, by what their pages answered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.editions.checks.findings import Finding, finding
from newsletter.editions.checks.links_in_text import links_in
from newsletter.editions.checks.material import Story
from newsletter.editions.checks.page_answers import PageAnswer
from newsletter.editions.checks.places import Place
from newsletter.editions.models import LinkFate
from newsletter.foundation.language import base_language
from newsletter.foundation.sayings import LanguageName, Saying, saying

SLOW_SECONDS = 3.0
# Answers to a program, which a person at a browser may well not get.
_NOT_FOR_PROGRAMS = frozenset({401, 403, 405, 406, 429, 451, 999})


@dataclass(frozen=True, slots=True)
class PlacedLink:
    """A link where it stands: `where` as in findings, the language of the text around it, its line in Markdown."""

    url: str
    where: Place
    language: str
    line: int | None


def pages_of(stories: Sequence[Story]) -> tuple[str, ...]:
    """The addresses to ask for, each once: without the place on the page, which no server is told."""
    return tuple(dict.fromkeys(_page(link.url) for story in stories for link in _links_of(story)))


def judge_links(
    stories: Sequence[Story], answers: Mapping[str, PageAnswer], now: datetime
) -> Iterator[Finding]:
    """What there is to say of each link whose page was asked (page -> answer); of one asked before `now`, when."""
    told: set[tuple[str, Saying]] = set()
    for link in (link for story in stories for link in _links_of(story)):
        answer = answers.get(_page(link.url))
        for code, message in _judged(link, answer) if answer else ():
            if (code, message) not in told:
                told.add((code, message))
                words = _with_day(message, answer, now) if answer else message
                yield finding(code, words, where=link.where, language=link.language, line=link.line)


def _with_day(message: Saying, answer: PageAnswer, now: datetime) -> Saying:
    if answer.asked_at >= now:
        return message
    return saying("Asked on {date}: {message}", date=answer.asked_at.date().isoformat(), message=message)


def _links_of(story: Story) -> Iterator[PlacedLink]:
    for text in story.texts:
        for field in text.fields:
            for link in links_in(field.text):
                line = link.line if field.is_markdown else None
                yield from _placed(link.target, story.where.at(field.name), text.language, line)
        yield from _placed(text.link, story.where.at("button"), text.language, None)


def _placed(url: str, where: Place, language: str, line: int | None) -> Iterator[PlacedLink]:
    if url.lower().startswith(("http://", "https://")):
        yield PlacedLink(url, where, language, line)


def _page(url: str) -> str:
    return url.split("#", 1)[0]


def _judged(link: PlacedLink, answer: PageAnswer) -> Iterator[tuple[str, Saying]]:
    """Code and message of each thing that is wrong with a link."""
    match answer.fate:
        case LinkFate.NOT_ASKED:
            message = saying("{link} was not asked for: {why}.", link=link.url, why=answer.why or "")
            yield "link-not-checked", message
        case LinkFate.UNANSWERED:
            yield "dead-link", saying("{link} does not answer: {why}.", link=link.url, why=answer.why or "")
        case LinkFate.ANSWERED:
            yield from _of_answer(link, answer)


def _of_answer(link: PlacedLink, answer: PageAnswer) -> Iterator[tuple[str, Saying]]:
    if answer.status in _NOT_FOR_PROGRAMS:
        yield (
            "link-not-checked",
            saying("{link} does not answer programs (status {status}).", link=link.url, status=answer.status),
        )
        return
    if answer.status >= 400:
        yield "dead-link", saying("{link} answers with status {status}.", link=link.url, status=answer.status)
        return
    if answer.moved_to and answer.moved_to.rstrip("/") != link.url.rstrip("/"):
        yield (
            "moved-link",
            saying("{link} has moved for good to {address}", link=link.url, address=answer.moved_to),
        )
    if answer.seconds > SLOW_SECONDS:
        yield (
            "slow-link",
            saying("{link} took {seconds} seconds to answer.", link=link.url, seconds=round(answer.seconds)),
        )
    if answer.language and base_language(answer.language) != base_language(link.language):
        message = saying(
            "{link} is in {found}; the text is in {language}.",
            link=link.url,
            found=LanguageName(answer.language),
            language=LanguageName(link.language),
        )
        yield "page-language", message
