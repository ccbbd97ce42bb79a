"""Frozen editions as they stand on the web, and the pictures in them."""

import re

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from newsletter.announcements.queries import picture_data
from newsletter.editions.queries import HostedEdition, hosted_edition
from newsletter.foundation.language import lookup
from newsletter.foundation.merge import keep_blocks, split_fields
from newsletter.foundation.signing import name_from
from newsletter.web.errors import not_found
from newsletter.web.site import Site, site_of

# The edition is a mail: its styles stand in it, and its pictures may be anywhere.
_EDITION_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: http: data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_PICTURE_POLICY = "default-src 'none'; sandbox"
_PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def show_edition(request: Request) -> Response:
    """The edition as it was frozen, in one language, without anything personal; says where the others are."""
    site = site_of(request)
    # Only the tag as the site writes it: one page has one address.
    language, public_name = request.path_params["language"], name_from(request.path_params["name"])
    if public_name is None or lookup([language], site.settings.languages) is None:
        return not_found(request)
    with site.database.read() as session:
        edition = hosted_edition(session, public_name, language)
    if edition is None:
        return not_found(request)
    headers = {
        "Content-Security-Policy": _EDITION_POLICY,
        "Content-Language": language,
        "Cache-Control": "public, max-age=300",
    }
    if links := _alternates(site, edition, language, request.path_params["name"]):
        headers["Link"] = links
    return HTMLResponse(impersonal(edition.html), headers=headers)


def impersonal(html: str) -> str:
    """A compiled edition for everybody: blocks for the web kept, each merge field with its default."""
    pieces = split_fields(keep_blocks(html, "web"))
    return "".join(piece if isinstance(piece, str) else piece.default for piece in pieces)


def _alternates(site: Site, edition: HostedEdition, language: str, name: str) -> str:
    """The other languages as a Link header (RFC 8288 section 3.4.1)."""
    return ", ".join(
        f'<{site.settings.base_url}/{other}/archive/{name}>; rel="alternate"; hreflang="{other}"'
        for other in edition.languages
        if other != language
    )


def show_picture(request: Request) -> Response:
    """A picture, for ever: its address is the hash of its content."""
    site, sha256 = site_of(request), request.path_params["sha256"]
    if not _SHA256.match(sha256):
        return not_found(request)
    with site.database.read() as session:
        found = picture_data(session, sha256)
    if found is None or found[0] not in _PICTURE_TYPES:
        return not_found(request)
    content_type, data = found
    headers = {
        "Content-Security-Policy": _PICTURE_POLICY,
        "Cache-Control": "public, max-age=31536000, immutable",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Response(data, media_type=content_type, headers=headers)
