"""The pictures in editions."""

import re

from starlette.requests import Request
from starlette.responses import Response

from newsletter.announcements.queries import picture_data
from newsletter.web.errors import not_found
from newsletter.web.site import site_of

_PICTURE_POLICY = "default-src 'none'; sandbox"
_PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


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
