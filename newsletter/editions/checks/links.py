"""Whether the links of an edition lead somewhere: each page asked for once, over the network."""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from newsletter.editions.checks.findings import Finding, finding
from newsletter.editions.checks.links_in_text import links_in
from newsletter.editions.checks.material import Story
from newsletter.editions.checks.places import Place
from newsletter.foundation.fetching import FetchFailed, FetchRefused
from newsletter.foundation.language import NotALanguage, base_language, normalise_tag
from newsletter.foundation.probing import Probed, probe
from newsletter.foundation.sayings import LanguageName, Saying, saying

AT_ONCE = 8
TIMEOUT_SECONDS = 10.0
SLOW_SECONDS = 3.0
_HTML_LANGUAGE = re.compile(rb"<html\b[^>]*?\slang\s*=\s*[\"']?([A-Za-z0-9-]+)", re.IGNORECASE)
# Answers to a program, which a person at a browser may well not get.
_NOT_FOR_PROGRAMS = frozenset({401, 403, 405, 406, 429, 451, 999})

Probe = Callable[[str], Probed]


@dataclass(frozen=True, slots=True)
class PlacedLink:
    """A link where it stands: `where` as in findings, the language of the text around it, its line in Markdown."""

    url: str
    where: Place
    language: str
    line: int | None


def check_links(stories: Sequence[Story], ask: Probe | None = None) -> Iterator[Finding]:
    """What there is to say of each link; `ask` tells what an address answers, by default `probe`."""
    ask = ask or partial(probe, timeout_seconds=TIMEOUT_SECONDS)
    placed = [link for story in stories for link in _links_of(story)]
    pages = list(dict.fromkeys(_page(link.url) for link in placed))
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        answers = dict(zip(pages, pool.map(partial(_asked, ask), pages), strict=True))
    told: set[tuple[str, Saying]] = set()
    for link in placed:
        for code, message in _judged(link, answers[_page(link.url)]):
            if (code, message) not in told:
                told.add((code, message))
                yield finding(code, message, where=link.where, language=link.language, line=link.line)


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
    """The address without the place on the page, which no server is told."""
    return url.split("#", 1)[0]


def _asked(ask: Probe, url: str) -> Probed | FetchFailed | FetchRefused:
    try:
        return ask(url)
    except (FetchFailed, FetchRefused) as error:
        return error


def _judged(link: PlacedLink, answer: Probed | FetchFailed | FetchRefused) -> Iterator[tuple[str, Saying]]:
    """Code and message of each thing that is wrong with a link."""
    match answer:
        case FetchRefused():
            yield (
                "link-not-checked",
                saying("{link} was not asked for: {why}.", link=link.url, why=answer.why),
            )
        case FetchFailed():
            yield "dead-link", saying("{link} does not answer: {why}.", link=link.url, why=answer.why)
        case Probed():
            yield from _of_answer(link, answer)


def _of_answer(link: PlacedLink, answer: Probed) -> Iterator[tuple[str, Saying]]:
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
    named = _language_of(answer)
    if named and base_language(named) != base_language(link.language):
        message = saying(
            "{link} is in {found}; the text is in {language}.",
            link=link.url,
            found=LanguageName(named),
            language=LanguageName(link.language),
        )
        yield "page-language", message


def _language_of(answer: Probed) -> str | None:
    """The language that the page says it is in; None where it says none that means anything."""
    match = _HTML_LANGUAGE.search(answer.beginning)
    try:
        return normalise_tag(match[1].decode("ascii")) if match else None
    except NotALanguage:
        return None
