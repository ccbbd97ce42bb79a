"""Asks whether an address of the public internet answers: its status, where it leads, how long it takes.

Hosts are checked as in fetching.py; what differs is that every status is an answer here, and that only the
beginning of a page is read.
"""

import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

import httpcore2
import httpx2

from newsletter.foundation.fetching import (
    _AGENT,
    REDIRECTS_MAX,
    FetchFailed,
    FetchRefused,
    _Deadline,
    _Headers,
    _kind,
    _Line,
    _target,
    _tls,
    _why,
)
from newsletter.foundation.public_hosts import Network, Resolver, resolve_host
from newsletter.foundation.sayings import saying

_FOR_GOOD = frozenset({301, 308})
_FOR_NOW = frozenset({302, 303, 307})
# What servers answer that do not know HEAD, or do not like it.
_ASK_AGAIN = frozenset({403, 405, 501})
_BEGINNING_BYTES = 32_768


@dataclass(frozen=True, slots=True)
class Probed:
    """What an address answered in the end. `moved_to` is where it says to have moved for good, "" where it does not.

    `beginning` is the beginning of an HTML page, undecoded; b"" where none was read. `seconds` is the time until the
    last answer began.
    """

    status: int
    url: str
    moved_to: str
    content_type: str
    charset: str
    beginning: bytes
    seconds: float


def probe(
    url: str,
    *,
    timeout_seconds: float,
    allowed_networks: Sequence[Network] = (),
    resolve: Resolver = resolve_host,
    tls: ssl.SSLContext | None = None,
) -> Probed:
    """The answer to HEAD, or to GET where HEAD is refused or a page can be read. Raises FetchRefused and FetchFailed."""
    start = time.monotonic()
    line = _Line(tuple(allowed_networks), resolve, _Deadline(start + timeout_seconds))
    answer = _follow(url, "HEAD", line, tls)
    if answer.status in _ASK_AGAIN or (answer.status == 200 and answer.content_type == "text/html"):
        answer = _follow(url, "GET", line, tls)
    return Probed(
        answer.status,
        answer.url,
        answer.moved_to,
        answer.content_type,
        answer.charset,
        answer.beginning,
        answer.seconds,
    )


def _follow(url: str, method: str, line: _Line, tls: ssl.SSLContext | None) -> Probed:
    target, moved_to, is_for_good = _target(url, url), "", True
    for _ in range(REDIRECTS_MAX + 1):
        line.url = str(target)
        start = time.monotonic()
        with httpcore2.ConnectionPool(ssl_context=tls or _tls(), network_backend=line) as pool:
            status, headers, beginning, seconds = _ask(pool, target, method, line, start)
        if status not in _FOR_GOOD | _FOR_NOW or "location" not in headers:
            content_type, charset = _kind(headers.get("content-type", ""))
            return Probed(status, str(target), moved_to, content_type, charset, beginning, seconds)
        is_for_good = is_for_good and status in _FOR_GOOD
        target = _following(target, headers["location"], url)
        moved_to = str(target) if is_for_good else moved_to
    raise FetchRefused(
        url, saying("it leads on and on; at most {most} redirects are followed", most=REDIRECTS_MAX)
    )


def _following(target: httpx2.URL, location: str, first_url: str) -> httpx2.URL:
    try:
        return _target(urljoin(str(target), location), first_url)
    except ValueError as error:
        raise FetchRefused(first_url, saying("it leads to something that is no address")) from error


def _ask(
    pool: httpcore2.ConnectionPool, target: httpx2.URL, method: str, line: _Line, start: float
) -> tuple[int, _Headers, bytes, float]:
    headers: dict[bytes | str, bytes | str] = {
        "Host": target.netloc.decode("ascii"),
        "Accept": "text/html, */*;q=0.5",
        "Accept-Encoding": "identity",
        "User-Agent": _AGENT,
        "Connection": "close",
    }
    where = httpcore2.URL(
        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
    )
    try:
        with pool.stream(method, where, headers=headers) as response:
            seconds = time.monotonic() - start
            beginning = b""
            if method == "GET":
                for piece in response.iter_stream():
                    beginning += piece
                    if len(beginning) >= _BEGINNING_BYTES:
                        break
            return response.status, _Headers(response.headers), beginning[:_BEGINNING_BYTES], seconds
    except (httpcore2.TimeoutException, TimeoutError) as error:
        raise FetchFailed(str(target), saying("it took too long")) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError, OSError) as error:
        reason = saying("it took too long") if line.deadline.remaining_seconds() <= 0 else _why(error)
        raise FetchFailed(str(target), reason) from error
