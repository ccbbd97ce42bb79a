"""The body of a form that anybody may send: small, urlencoded, in UTF-8; anything else is refused."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

_BODY_BYTES_MAX = 16_000
_FIELDS_MAX = 100


async def form_fields(request: Request) -> Mapping[str, list[str]]:
    """The fields that were filled in, each with its values. Raises HTTPException: 413 too much, 400 not a form."""
    body = await _small_body(request)
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=_FIELDS_MAX, errors="strict")
    except ValueError as error:
        raise HTTPException(400) from error


async def lenient_fields(request: Request) -> Mapping[str, list[str]]:
    """The fields of a body that acts whatever it says: none where it is no form. Raises HTTPException 413: too much."""
    body = await _small_body(request)
    try:
        return parse_qs(body.decode("latin-1"), max_num_fields=_FIELDS_MAX)
    except ValueError:
        return {}


async def _small_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_BYTES_MAX:
            raise HTTPException(413)
    return body


def first(fields: Mapping[str, list[str]], name: str) -> str:
    """The first value of a field, "" where it has none."""
    return fields.get(name, [""])[0]
