"""The intake's front door: whatever is named, on the disk or on the web, becomes a report."""

import codecs
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from newsletter.announcements.intake.assembly import assemble
from newsletter.announcements.intake.auto import (
    is_markdown_file,
    language_in_use,
    read_markdown_files,
    read_path,
)
from newsletter.announcements.intake.draft import IntakeReport
from newsletter.announcements.intake.feeds import is_json_feed, read_feed, read_json, read_json_feed
from newsletter.announcements.intake.files import read_source
from newsletter.announcements.intake.posts import Post, PostSource
from newsletter.announcements.intake.web import DOCUMENT_MAX_BYTES, Web, is_url
from newsletter.announcements.intake.webpage import WebPage, alternates_of, feeds_of, read_page
from newsletter.announcements.intake.wordpress import is_export, read_export
from newsletter.announcements.intake.wordpress_rest import fetch_posts, is_posts, read_posts
from newsletter.foundation.errors import BadInput
from newsletter.foundation.fetching import Fetched, FetchFailed, FetchRefused
from newsletter.foundation.language import lookup

SourceFormat = Literal["auto", "text", "markdown", "feed", "wordpress", "page"]
_ENDINGS = frozenset({".xml", ".rss", ".atom", ".rdf", ".json", ".html", ".htm", ".xhtml"})
_FEED_MARKS = (b"<rss", b"<feed", b"<rdf:rdf")
_PAGE_MARKS = (b"<html", b"<!doctype html", b"<body")
_EXPORT_MAX_BYTES = 50_000_000
_PAGES_ASKED_MAX = 40  # for their other language, where feeds do not tell


def read_sources(
    sources: Sequence[str], format: SourceFormat, language: str, languages: Sequence[str], web: Web
) -> list[IntakeReport]:
    """One report for each path or address. Posts of several sources are paired with one another.

    `language` is a tag for texts that name none, or "auto". Raises BadInput, FetchRefused and FetchFailed.
    """
    known = language_in_use(language, languages)
    markdown = _markdown_files(sources, format, language, languages)
    found = [markdown.get(source) or _read(source, format, language, languages, web) for source in sources]
    places = [place for place, item in enumerate(found) if isinstance(item, PostSource)]
    posts = [item for item in found if isinstance(item, PostSource)]
    assembled = assemble(_with_ties_of_pages(posts, web), languages, known, web)
    by_place = dict(zip(places, assembled, strict=True))
    return [item if isinstance(item, IntakeReport) else by_place[place] for place, item in enumerate(found)]


def _markdown_files(
    sources: Sequence[str], format: SourceFormat, language: str, languages: Sequence[str]
) -> dict[str, IntakeReport]:
    """The reports of the sources that are single files of Markdown, as a shell names those of a folder."""
    paths: dict[Path, list[str]] = {}
    for source in sources:
        if not is_url(source) and is_markdown_file(Path(source), format):
            paths.setdefault(Path(source).resolve(), []).append(source)
    reports = read_markdown_files([Path(names[0]) for names in paths.values()], language, languages)
    together = zip(paths.values(), reports, strict=True)
    return {name: report for names, report in together for name in names}


def _read(
    source: str, format: SourceFormat, language: str, languages: Sequence[str], web: Web
) -> PostSource | IntakeReport:
    if is_url(source):
        return _from_web(source, format, languages, web)
    path = Path(source)
    if format in {"text", "markdown"} or path.is_dir():
        if format not in {"auto", "text", "markdown"}:
            raise BadInput(f"{source} is a folder; name the files in it.")
        return read_path(path, _as_text(format), language, languages)
    if format == "auto" and path.suffix.lower() not in _ENDINGS:
        return read_path(path, "auto", language, languages)
    data = read_source(path, _EXPORT_MAX_BYTES)
    return _by_content(Fetched("", 0, "", "", data), path.name, format)


def _as_text(format: SourceFormat) -> Literal["auto", "text", "markdown"]:
    return format if format == "text" or format == "markdown" else "auto"


def _from_web(url: str, format: SourceFormat, languages: Sequence[str], web: Web) -> PostSource:
    if format in {"text", "markdown"}:
        raise BadInput(f"{url} is on the web; feeds, WordPress sites and pages are read from there.")
    if format == "wordpress":
        return fetch_posts(url, languages, web)
    fetched = web.document(url)
    if format == "feed" and _kind(fetched.data) == "page":
        feeds = feeds_of(fetched.data, fetched.url, fetched.charset)
        if not feeds:
            raise BadInput(f"{url} is a page that names no feed.")
        fetched = web.document(feeds[0])
    if _kind(fetched.data) != "page":
        return replace(_by_content(fetched, url, format), is_from_web=True)
    page = read_page(fetched.data, url, fetched.url, fetched.charset)
    return PostSource(url, (page.post, *_other_languages(page, languages, web)), is_from_web=True)


def _other_languages(page: WebPage, languages: Sequence[str], web: Web) -> list[Post]:
    """The page in the other languages in use, where it names them; one that cannot be had is no failure."""
    wanted: dict[str, str] = {}
    for tag, address in page.alternates:
        if address in page.post.ties and (found := lookup([tag], languages)):
            wanted.setdefault(found, address)
    posts: list[Post] = []
    for address in wanted.values():
        try:
            fetched = web.document(address)
            other = read_page(fetched.data, address, fetched.url, fetched.charset, number=len(posts) + 2)
        except (FetchRefused, FetchFailed, BadInput):
            continue
        posts.append(replace(other.post, ties=(*other.post.ties, page.post.url)))
    return posts


def _by_content(fetched: Fetched, name: str, format: SourceFormat) -> PostSource:
    """What a file or an answer holds, told by its beginning; a `format` that it is not is refused."""
    data = fetched.data
    kind = _kind(data)
    if kind == "json":
        document = read_json(data, name)
        if is_json_feed(document) and format in {"auto", "feed"}:
            return read_json_feed(document, name)
        if is_posts(document) and format in {"auto", "wordpress"}:
            return read_posts(document, name)
        raise BadInput(f"{name} is neither a JSON Feed nor a list of WordPress posts.")
    if (kind == "export" and format == "auto") or format == "wordpress":
        return read_export(data, name)
    if len(data) > DOCUMENT_MAX_BYTES:
        raise BadInput(f"{name} is larger than {DOCUMENT_MAX_BYTES // 1_000_000} MB.")
    if kind == "page" and format in {"auto", "page"}:
        return PostSource(name, (read_page(data, name, fetched.url, fetched.charset).post,))
    if format == "page":
        raise BadInput(f"{name} is no web page.")
    return read_feed(data, name, fetched.url, fetched.charset)


def _kind(data: bytes) -> str:
    """What the beginning looks like: json, export, page, or "" for a feed and anything else."""
    start = data[:20_000].removeprefix(codecs.BOM_UTF8).lstrip()
    lower = start.lower()
    if start.startswith((b"{", b"[")):
        return "json"
    if is_export(start):
        return "export"
    feed_at = min((at for mark in _FEED_MARKS if (at := lower.find(mark)) >= 0), default=len(lower))
    return "page" if any(0 <= lower.find(mark) < feed_at for mark in _PAGE_MARKS) else ""


def _with_ties_of_pages(sources: Sequence[PostSource], web: Web) -> list[PostSource]:
    """The sources, with what the posts' own pages say of their other languages where feeds leave it open."""
    named = [{name for post in source.posts for name in post.names()} for source in sources]
    open_places = [
        place
        for place, source in enumerate(sources)
        if source.is_from_web and not any(post.ties for post in source.posts)
    ]
    if len(sources) < 2 or not open_places:
        return list(sources)
    asked = open_places[0]
    elsewhere = set().union(*(names for place, names in enumerate(named) if place != asked))
    posts = [
        post if post.names() & elsewhere or not post.url or number >= _PAGES_ASKED_MAX else _tied(post, web)
        for number, post in enumerate(sources[asked].posts)
    ]
    return [
        replace(source, posts=tuple(posts)) if place == asked else source
        for place, source in enumerate(sources)
    ]


def _tied(post: Post, web: Web) -> Post:
    try:
        fetched = web.document(post.url)
        found = alternates_of(fetched.data, fetched.url, fetched.charset)
    except (FetchRefused, FetchFailed, BadInput):
        return post
    return replace(post, ties=tuple(address for _, address in found))
