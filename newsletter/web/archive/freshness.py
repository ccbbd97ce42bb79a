"""Answers that need not be sent twice: validators, and 304 for who has the answer already (RFC 9110 section 13)."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

# What a 304 repeats of the headers of the 200 (RFC 9110 section 15.4.5) is all but what describes the body.
_OF_THE_BODY = frozenset({"content-length", "content-type"})


def fresh(request: Request, response: Response, changed_at: datetime | None = None) -> Response:
    """`response` with an ETag, and Last-Modified where `changed_at` is known; 304 where the client has it already."""
    # Weak, because a web server before us may compress.
    tag = f'W/"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    response.headers["ETag"] = tag
    if changed_at is not None:
        response.headers["Last-Modified"] = format_datetime(changed_at.astimezone(UTC), usegmt=True)
    if not _is_known(request, tag, changed_at):
        return response
    kept = {name: value for name, value in response.headers.items() if name not in _OF_THE_BODY}
    return Response(status_code=304, headers=kept)


def _is_known(request: Request, tag: str, changed_at: datetime | None) -> bool:
    """Whether the client's conditions hold; If-None-Match goes before If-Modified-Since (RFC 9110 section 13.2.2)."""
    if (known := request.headers.get("if-none-match")) is not None:
        tags = {item.strip().removeprefix("W/") for item in known.split(",")}
        return "*" in tags or tag.removeprefix("W/") in tags
    since = request.headers.get("if-modified-since")
    if since is None or changed_at is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except ValueError:
        return False
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return changed_at.replace(microsecond=0) <= moment
