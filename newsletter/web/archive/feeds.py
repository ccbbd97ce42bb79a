"""Atom feeds of the archive: the newest editions of a list, or of every public list, in one language (RFC 4287)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response

from newsletter.editions.queries import edition_summaries
from newsletter.foundation.language import lookup
from newsletter.foundation.signing import readable_name
from newsletter.foundation.texts import texts
from newsletter.mailing.published import PublishedEdition, PublishedList, public_lists, published_editions
from newsletter.web.archive.addresses import (
    archive_path,
    edition_path,
    feed_path,
    list_path,
    robots,
    words_language,
)
from newsletter.web.archive.freshness import fresh
from newsletter.web.errors import not_found
from newsletter.web.site import Site, site_of

_ATOM = "http://www.w3.org/2005/Atom"
_ATOM_TYPE = "application/atom+xml"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ENTRIES = 30
# Under it lie the ids of lists and editions. It never changes, nor do they (RFC 4287 section 4.2.6.1), wherever the
# pages move to.
_IDS = UUID("1c2b6f0e-7d4f-5a39-9a63-5a1f0d9c7e42")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class _Feed:
    """What stands at the head of a feed; `slug` is that of its list, None for the feed of all."""

    id: UUID
    title: str
    subtitle: str
    slug: str | None
    languages: tuple[str, ...]
    updated_at: datetime


def show_feed(request: Request) -> Response:
    """The newest editions of one public list in one language."""
    return _answer(request, request.path_params["slug"])


def show_feed_of_all(request: Request) -> Response:
    """The newest editions of every public list in one language."""
    return _answer(request, None)


def _answer(request: Request, slug: str | None) -> Response:
    site, language = site_of(request), request.path_params["language"]
    if language not in site.settings.languages:
        return not_found(request)
    with site.database.read() as session:
        lists = public_lists(session, site.settings.languages, slug)
        if not lists:
            return not_found(request)
        list_id = lists[0].id if slug is not None else None
        editions = published_editions(session, language, list_id, limit=_ENTRIES)
        summaries = edition_summaries(session, [edition.id for edition in editions], language)
    feed = _feed_of(site, language, slug, lists, editions)
    headers = {
        "Content-Language": language,
        "Cache-Control": "public, max-age=900",
        "X-Robots-Tag": robots(site),
    }
    body = etree.tostring(
        _document(site, language, feed, lists, editions, summaries), xml_declaration=True, encoding="utf-8"
    )
    response = Response(body, media_type="application/atom+xml; charset=utf-8", headers=headers)
    return fresh(request, response, feed.updated_at)


def _feed_of(
    site: Site,
    language: str,
    slug: str | None,
    lists: Sequence[PublishedList],
    editions: Sequence[PublishedEdition],
) -> _Feed:
    moments = [edition.published_at for edition in editions] or [item.created_at for item in lists]
    languages = tuple(
        tag for tag in site.settings.languages if tag == language or any(item.counts[tag] for item in lists)
    )
    if slug is not None:
        only = lists[0]
        title, subtitle = _name(only, language), only.descriptions.get(language, "")
        return _Feed(_list_id(only, language), title, subtitle, slug, languages, max(moments))
    # There is no name of the installation but its first key, and that stays when its address changes.
    number = uuid5(_IDS, site.keyring.fingerprint("feed", language).hex())
    t = texts(words_language(site, language)).gettext
    title = site.settings.organisation or t("Newsletters")
    return _Feed(number, title, "", None, languages, max(moments))


def _document(
    site: Site,
    language: str,
    feed: _Feed,
    lists: Sequence[PublishedList],
    editions: Sequence[PublishedEdition],
    summaries: dict[int, str],
) -> etree._Element:
    # Without a prefix, because some readers look for plain names.
    root = etree.Element(f"{{{_ATOM}}}feed", {_LANG: language}, nsmap={None: _ATOM})  # type: ignore[dict-item]  # the stubs know no default namespace
    _add(root, "id", f"urn:uuid:{feed.id}")
    _add(root, "title", feed.title)
    if feed.subtitle:
        _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", feed.updated_at.isoformat())
    author = etree.SubElement(root, f"{{{_ATOM}}}author")
    _add(author, "name", site.settings.organisation or feed.title)
    if site.settings.website.startswith(("https://", "http://")):
        _add(author, "uri", site.settings.website)
    _link(root, "self", site.public_url(feed_path(site, language, feed.slug)), _ATOM_TYPE, language)
    for tag in feed.languages:
        page = list_path(site, tag, feed.slug) if feed.slug else archive_path(site, tag)
        _link(root, _relation(tag, language), site.public_url(page), "text/html", tag)
        if tag != language:
            other = site.public_url(feed_path(site, tag, feed.slug))
            _link(root, "alternate", other, _ATOM_TYPE, tag)
    if site.settings.logo_url:
        _add(root, "logo", site.settings.logo_url)
    by_id = {item.id: item for item in lists}
    for edition in editions:
        _add_entry(root, site, edition, by_id[edition.list_id], summaries.get(edition.id, ""))
    return root


def _add_entry(
    root: etree._Element, site: Site, edition: PublishedEdition, of_list: PublishedList, summary: str
) -> None:
    name = readable_name(edition.public_name)
    entry = etree.SubElement(root, f"{{{_ATOM}}}entry", {_LANG: edition.language})
    _add(entry, "id", f"urn:uuid:{uuid5(_IDS, f'edition {name} {edition.language}')}")
    _add(entry, "title", edition.subject)
    _add(entry, "published", edition.published_at.isoformat())
    _add(entry, "updated", edition.published_at.isoformat())
    for tag in (edition.language, *(tag for tag in edition.languages if tag != edition.language)):
        if lookup([tag], site.settings.languages):
            page = site.public_url(edition_path(site, tag, name))
            _link(entry, _relation(tag, edition.language), page, "text/html", tag)
    label = _readable(_name(of_list, edition.language))
    etree.SubElement(entry, f"{{{_ATOM}}}category", {"term": of_list.slug, "label": label})
    if summary:
        _add(entry, "summary", summary)


def _relation(tag: str, language: str) -> str:
    """How a page in `tag` relates to a feed in `language`.

    Only one may be the alternate: of several, feedparser 6 opens the last, and others the first (seen 2026-11).
    """
    return "alternate" if tag == language else "related"


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{_ATOM}}}{name}").text = _readable(text)


def _link(parent: etree._Element, relation: str, url: str, content_type: str, language: str) -> None:
    values = {"rel": relation, "type": content_type, "hreflang": language, "href": url}
    etree.SubElement(parent, f"{{{_ATOM}}}link", values)


def _readable(text: str) -> str:
    """`text` without the signs that XML 1.0 cannot hold."""
    return _NOT_XML.sub("", text)


def _name(item: PublishedList, language: str) -> str:
    found = lookup([language], list(item.names))
    return item.names[found] if found else next(iter(item.names.values()), item.slug)


def _list_id(item: PublishedList, language: str) -> UUID:
    """By the List-Id, which never changes once mails went out."""
    return uuid5(_IDS, f"list {item.list_id} {language}")
