"""The archive's own pages: every public list with its newest editions, and all editions of one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.editions.queries import edition_summaries
from newsletter.foundation.language import babel_locale, direction
from newsletter.foundation.signing import readable_name
from newsletter.mailing.published import (
    PublishedEdition,
    PublishedList,
    newest_of_each_list,
    public_lists,
    published_editions,
)
from newsletter.rendering.dates import long_date
from newsletter.web.archive.addresses import (
    Alternate,
    alternates,
    archive_path,
    edition_path,
    feed_path,
    list_path,
    robots,
    subscribe_path,
    words_language,
)
from newsletter.web.archive.freshness import fresh
from newsletter.web.errors import not_found
from newsletter.web.site import Site, named_in, site_of

# A page stays under 30 KB even with long subjects in four languages.
_LISTS_A_PAGE = 12
_EDITIONS_A_PAGE = 20
# How many editions the page of all lists shows at most, and how many of one list.
_NEWEST_SHOWN, _NEWEST_OF_A_LIST = 18, 6
_SUMMARY_LENGTH = 160


@dataclass(frozen=True, slots=True)
class Page:
    """One page of several: its number from 1, how many there are, and how many things one holds."""

    number: int
    count: int
    size: int

    @property
    def offset(self) -> int:
        """How many things stand on the pages before."""
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True)
class Entry:
    """An edition in a list; `name` is in its address, `elsewhere` are its other languages with their addresses."""

    name: str
    subject: str
    summary: str
    issue_number: int
    published_on: date
    date: str
    path: str
    elsewhere: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ListShown:
    """A list with some of its editions; `count` is how many there are, "" where all are shown."""

    name: Markup
    description: str
    path: str
    feed: str
    subscribe: str
    entries: tuple[Entry, ...]
    count: str


def show_archive(request: Request) -> Response:
    """Every public list with its newest editions in one language."""
    site, language = site_of(request), request.path_params["language"]
    if language not in site.settings.languages:
        return not_found(request)
    with site.database.read() as session:
        lists = sorted(
            public_lists(session, site.settings.languages), key=lambda item: not item.counts[language]
        )
        page = _page_asked(request, len(lists), _LISTS_A_PAGE)
        if page is None:
            return not_found(request)
        shown = lists[page.offset : page.offset + page.size]
        limit = min(_NEWEST_OF_A_LIST, max(1, _NEWEST_SHOWN // max(1, len(shown))))
        newest = newest_of_each_list(session, language, limit)
        summaries = edition_summaries(
            session, [edition.id for item in shown for edition in newest.get(item.id, [])], language
        )
    filled = [tag for tag in site.settings.languages if any(item.counts[tag] for item in lists)]
    return _answer(
        request,
        "archive.html",
        language,
        page,
        is_filled=language in filled,
        alternate=alternates(site, filled, lambda tag: archive_path(site, tag)),
        path_in=lambda tag: archive_path(site, tag),
        path_of_page=lambda number: archive_path(site, language) + (f"?page={number}" if number > 1 else ""),
        feed=feed_path(site, language) if lists else "",
        lists=[
            _list_shown(site, item, language, newest.get(item.id, ()), summaries, is_whole=False)
            for item in shown
        ],
    )


def show_list(request: Request) -> Response:
    """The editions of a public list in one language, the newest first."""
    site, language = site_of(request), request.path_params["language"]
    if language not in site.settings.languages:
        return not_found(request)
    slug = request.path_params["slug"]
    with site.database.read() as session:
        found = next(iter(public_lists(session, site.settings.languages, slug)), None)
        page = _page_asked(request, found.counts[language] if found else 0, _EDITIONS_A_PAGE)
        if found is None or page is None:
            return not_found(request)
        editions = published_editions(session, language, found.id, limit=page.size, offset=page.offset)
        summaries = edition_summaries(session, [edition.id for edition in editions], language)
    filled = [tag for tag in site.settings.languages if found.counts[tag]]
    shown = _list_shown(site, found, language, editions, summaries, is_whole=True)
    return _answer(
        request,
        "archive_list.html",
        language,
        page,
        is_filled=language in filled,
        alternate=alternates(site, filled, lambda tag: list_path(site, tag, slug)),
        path_in=lambda tag: list_path(site, tag, slug),
        path_of_page=lambda number: list_path(site, language, slug, number),
        feed=shown.feed,
        shown=shown,
        years=[
            (year, tuple(entries))
            for year, entries in groupby(shown.entries, key=lambda entry: entry.published_on.year)
        ],
        archive_path=archive_path(site, language),
    )


def _page_asked(request: Request, total: int, size: int) -> Page | None:
    """The page that the address names; None for one that there is not. The first is there even where it is empty."""
    count = max(1, -(-total // size))
    asked = request.query_params.get("page", "1")
    if not asked.isascii() or not asked.isdigit() or len(asked) > 6 or not 1 <= int(asked) <= count:
        return None
    return Page(int(asked), count, size)


def _answer(
    request: Request,
    template: str,
    language: str,
    page: Page,
    *,
    is_filled: bool,
    alternate: Sequence[Alternate],
    **values: object,
) -> Response:
    site = site_of(request)
    words = words_language(site, language)
    html = site.render(
        template,
        words,
        page=page,
        # Pages after the first hold other editions in another language: nothing there is the same in both.
        alternates=alternate if is_filled and page.number == 1 else (),
        site_url=site.public_url,
        language_read=language,
        # Where the archive's own words are in another language than what it holds, each is marked.
        marks=Markup(' lang="{}" dir="{}"').format(language, direction(language))
        if language != words
        else "",
        side=Markup(' dir="{}"').format(direction(language)) if language != words else "",
        **values,
    )
    headers = {
        "Content-Language": language if language == words else f"{language}, {words}",
        "Cache-Control": "public, max-age=300",
        "X-Robots-Tag": robots(site, is_for_all=is_filled),
    }
    return fresh(request, HTMLResponse(html, headers=headers))


def _list_shown(
    site: Site,
    item: PublishedList,
    language: str,
    editions: Sequence[PublishedEdition],
    summaries: dict[int, str],
    *,
    is_whole: bool,
) -> ListShown:
    count = item.counts[language]
    return ListShown(
        name=named_in(dict(item.names), language),
        description=item.descriptions.get(language, ""),
        path=list_path(site, language, item.slug),
        feed=feed_path(site, language, item.slug),
        subscribe=subscribe_path(site, language, item.slug),
        entries=tuple(_entry(site, edition, summaries.get(edition.id, "")) for edition in editions),
        count="" if is_whole or count <= len(editions) else _number(count, language),
    )


def _entry(site: Site, edition: PublishedEdition, summary: str) -> Entry:
    on = edition.published_at.astimezone(ZoneInfo(site.settings.time_zone)).date()
    name = readable_name(edition.public_name)
    return Entry(
        name=name,
        subject=edition.subject,
        summary=shortened(summary, _SUMMARY_LENGTH),
        issue_number=edition.issue_number,
        published_on=on,
        date=long_date(on, edition.language),
        path=edition_path(site, edition.language, name),
        elsewhere=tuple(
            (tag, edition_path(site, tag, name))
            for tag in edition.languages
            if tag != edition.language and tag in site.settings.languages
        ),
    )


def shortened(text: str, length: int) -> str:
    """`text`, or as many whole words of it as fit into `length` characters with an ellipsis."""
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:.·–-") + "…"


def _number(count: int, language: str) -> str:
    return format_decimal(count, locale=babel_locale(language))
