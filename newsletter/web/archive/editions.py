"""Frozen editions as they stand on the web: the mail as it is, and above it, where it is for everybody, the way around."""

import re

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.editions.queries import HostedEdition, hosted_edition
from newsletter.foundation.language import direction, lookup
from newsletter.foundation.merge import keep_blocks, split_fields
from newsletter.foundation.signing import name_from
from newsletter.mailing.published import Shelf, shelf_of
from newsletter.web.archive.addresses import (
    alternates,
    edition_path,
    in_header,
    list_path,
    robots,
    subscribe_path,
    words_language,
)
from newsletter.web.archive.freshness import fresh
from newsletter.web.assets import accent_shades
from newsletter.web.errors import not_found
from newsletter.web.site import Site, named_in, site_of

# The edition is a mail: its styles stand in it, and its pictures may be anywhere.
_EDITION_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: http: data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_BODY = re.compile(r"<body(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)


def show_edition(request: Request) -> Response:
    """The edition as it was frozen, in one language, without anything personal; says where the others are.

    One that is for everybody carries a bar with the way to its other languages, the archive and the sign-up. Any
    other answers only to who knows its name (from a mail, or a test mail), and asks not to be indexed.
    """
    site = site_of(request)
    # Only the tag as the site writes it: one page has one address.
    language, public_name = request.path_params["language"], name_from(request.path_params["name"])
    if public_name is None or lookup([language], site.settings.languages) is None:
        return not_found(request)
    with site.database.read() as session:
        edition = hosted_edition(session, public_name, language)
        shelf = shelf_of(session, public_name)
    if edition is None:
        return not_found(request)
    is_published = shelf is not None and language in shelf.languages
    html = impersonal(edition.html)
    if shelf is not None and is_published:
        html = _with_bar(site, html, edition, shelf, request.path_params["name"])
    headers = {
        "Content-Security-Policy": _EDITION_POLICY,
        "Content-Language": language,
        "Cache-Control": "public, max-age=300",
        "X-Robots-Tag": robots(site, is_for_all=is_published),
    }
    others = shelf.languages if shelf is not None and is_published else edition.languages
    if links := _links(site, language, others, request.path_params["name"], is_published=is_published):
        headers["Link"] = links
    return fresh(request, HTMLResponse(html, headers=headers))


def impersonal(html: str) -> str:
    """A compiled edition for everybody: blocks for the web kept, each merge field with its default."""
    pieces = split_fields(keep_blocks(html, "web"))
    return "".join(piece if isinstance(piece, str) else piece.default for piece in pieces)


def _with_bar(site: Site, html: str, edition: HostedEdition, shelf: Shelf, name: str) -> str:
    """The edition as the main thing of a page that begins with the bar, whose style stands in the head."""
    body = _BODY.search(html)
    body_ends = html.rfind("</body>")
    if body is None or body_ends < 0:
        return html
    words = words_language(site, edition.language)
    values = {
        "language_read": edition.language,
        "list_name": named_in(dict(shelf.list_names), edition.language),
        "list_path": list_path(site, edition.language, shelf.list_slug),
        "subscribe": subscribe_path(site, edition.language, shelf.list_slug),
        "versions": [
            (tag, direction(tag), edition_path(site, tag, name))
            for tag in shelf.languages
            if lookup([tag], site.settings.languages)
        ],
    }
    style = site.render("archive_bar_style.html", words, accents=accent_shades(site.settings.accent_colour))
    bar = site.render("archive_bar.html", words, **values)
    head_ends = html.find("</head>", 0, body.start())
    place = head_ends if head_ends >= 0 else body.start()
    pieces = (html[:place], style, html[place : body.end()], bar)
    return "".join((*pieces, "<main>", html[body.end() : body_ends], "</main>", html[body_ends:]))


def _links(site: Site, language: str, languages: tuple[str, ...], name: str, *, is_published: bool) -> str:
    """The Link header (RFC 8288): the other languages; of a published edition, all of them and the canonical address."""
    if not is_published:
        others = tuple(tag for tag in languages if tag != language)
        return in_header(
            alternates(site, others, lambda tag: edition_path(site, tag, name), with_default=False)
        )
    served = tuple(tag for tag in languages if lookup([tag], site.settings.languages))
    return in_header(
        alternates(site, served, lambda tag: edition_path(site, tag, name)),
        canonical=site.public_url(edition_path(site, language, name)),
    )
