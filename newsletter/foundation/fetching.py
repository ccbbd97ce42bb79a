"""Fetches what stands at an address on the public internet, and nothing else (docs/decisions/0012-fetching.md).

The host's name is resolved here, once for each connection; every address that it leads to is checked, and the
connection goes to the very address that was checked, while the name stays in Host, SNI and the certificate's check.
"""

import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from functools import cache
from urllib.parse import urljoin

import httpcore2
import httpx2

from newsletter import __version__
from newsletter.foundation.errors import NewsletterError
from newsletter.foundation.public_hosts import (
    Network,
    Resolver,
    as_address,
    is_public,
    resolve_host,
    resolve_within,
)
from newsletter.foundation.sayings import Saying, saying

REDIRECTS_MAX = 5
URL_MAX = 4000
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK_BYTES = 65_536
_AGENT = f"bilingual-newsletter/{__version__}"


class FetchRefused(NewsletterError):
    """We will not fetch this: the address or what it sends is of a kind that is not taken."""

    def __init__(self, url: str, why: Saying) -> None:
        self.url, self.why, self.reason = url, why, why.said_in("en")
        super().__init__(f"{_shown(url)} is not fetched: {self.reason}.")


class FetchFailed(NewsletterError):
    """The other side did not deliver; another try later may succeed."""

    def __init__(self, url: str, why: Saying) -> None:
        self.url, self.why, self.reason = url, why, why.said_in("en")
        super().__init__(f"{_shown(url)} could not be fetched: {self.reason}.")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched. `url` is the address after all redirects; `charset` is "" where the answer names none."""

    url: str
    status: int
    content_type: str  # in lower case, without parameters: text/html
    charset: str
    data: bytes


def fetch(
    url: str,
    *,
    accept: Sequence[str],
    limit_bytes: int,
    timeout_seconds: float,
    allowed_networks: Sequence[Network] = (),
    resolve: Resolver = resolve_host,
    tls: ssl.SSLContext | None = None,
) -> Fetched:
    """What a GET of `url` yields, after at most REDIRECTS_MAX redirects.

    `accept` are content types (`text/html`, `image/*`; `*/*` for any); `limit_bytes` holds before and after
    decompression; `timeout_seconds` is for all of it together. `allowed_networks` may be reached although they are
    not public. Raises FetchRefused and FetchFailed.
    """
    deadline = _Deadline(time.monotonic() + timeout_seconds)
    line = _Line(tuple(allowed_networks), resolve, deadline)
    target = _target(url, url)
    for _ in range(REDIRECTS_MAX + 1):
        line.url = str(target)
        with httpcore2.ConnectionPool(ssl_context=tls or _tls(), network_backend=line) as pool:
            answer = _ask(pool, target, accept, limit_bytes, deadline)
        if isinstance(answer, Fetched):
            return answer
        following = _target(answer, url)
        if target.scheme == "https" and following.scheme == "http":
            raise FetchRefused(
                url, saying("it leads from https to http, where anybody on the way could change it")
            )
        target = following
    raise FetchRefused(
        url, saying("it leads on and on; at most {most} redirects are followed", most=REDIRECTS_MAX)
    )


@dataclass(slots=True)
class _Deadline:
    """The moment at which everything must have come, on the monotonic clock."""

    at: float

    def remaining_seconds(self) -> float:
        return self.at - time.monotonic()


def _target(url: str, first_url: str) -> httpx2.URL:
    """The address, if it is one that may be asked at all."""
    try:
        if len(url) > URL_MAX:
            raise FetchRefused(first_url, saying("an address has at most {most} characters", most=URL_MAX))
        target = httpx2.URL(url)
    except (httpx2.InvalidURL, ValueError) as error:
        raise FetchRefused(first_url, saying("this is no address")) from error
    if target.scheme not in _PORTS:
        raise FetchRefused(first_url, saying("only http:// and https:// are"))
    if not target.host or "%" in target.host or not 0 < (target.port or _PORTS[target.scheme]) < 65_536:
        raise FetchRefused(first_url, saying("this is no address"))
    if target.userinfo:
        raise FetchRefused(first_url, saying("there is a name or a password in it"))
    return target


def _ask(
    pool: httpcore2.ConnectionPool,
    target: httpx2.URL,
    accept: Sequence[str],
    limit_bytes: int,
    deadline: _Deadline,
) -> Fetched | str:
    """What the server sends, or where it sends us."""
    url = str(target)
    headers: dict[bytes | str, bytes | str] = {
        "Host": target.netloc.decode("ascii"),
        "Accept": ", ".join(accept),
        "Accept-Encoding": "gzip",
        "User-Agent": _AGENT,
        "Connection": "close",
    }
    where = httpcore2.URL(
        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
    )
    try:
        with pool.stream("GET", where, headers=headers) as response:
            answered = _Headers(response.headers)
            if response.status in _REDIRECTS and "location" in answered:
                return urljoin(url, answered["location"])
            if not 200 <= response.status < 300:
                raise FetchFailed(url, saying("the server answered {status}", status=response.status))
            content_type, charset = _kind(answered.get("content-type", ""))
            if not _is_accepted(content_type, accept):
                named = content_type or saying("something without a type")
                raise FetchRefused(
                    url, saying("it is {type}, not {wanted}", type=named, wanted=" / ".join(accept))
                )
            pieces = _unpacked(url, response.iter_stream(), answered.get("content-encoding", ""), limit_bytes)
            return Fetched(url, response.status, content_type, charset, b"".join(pieces))
    except (httpcore2.TimeoutException, TimeoutError) as error:
        raise FetchFailed(url, saying("it took too long")) from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError, OSError) as error:
        if deadline.remaining_seconds() <= 0:
            raise FetchFailed(url, saying("it took too long")) from error
        raise FetchFailed(url, _why(error)) from error


class _Headers(dict[str, str]):
    """The first header of each name, in lower case."""

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        super().__init__()
        for name, value in headers:
            self.setdefault(name.decode("latin-1").lower(), value.decode("latin-1").strip())


def _kind(header: str) -> tuple[str, str]:
    message = Message()
    message["Content-Type"] = header
    charset = message.get_param("charset")
    named = message.get_content_type() if header else ""
    return named, charset.lower() if isinstance(charset, str) else ""


def _is_accepted(content_type: str, accept: Sequence[str]) -> bool:
    kind = content_type.split("/")[0]
    return any(wanted in {content_type, f"{kind}/*", "*/*"} for wanted in accept)


def _unpacked(url: str, stream: Iterable[bytes], encoding: str, limit_bytes: int) -> Iterator[bytes]:
    """The content piece by piece, never more than a piece beyond the limit in memory, whatever was promised."""
    if encoding.lower() not in {"", "identity", "gzip", "x-gzip"}:
        raise FetchRefused(
            url, saying("it is packed in a way that was not asked for ({way})", way=encoding[:20])
        )
    decoder = zlib.decompressobj(wbits=31) if encoding and encoding.lower() != "identity" else None
    count = packed = 0
    for raw in stream:
        packed += len(raw)
        waiting = raw
        while waiting:
            try:
                piece = decoder.decompress(waiting, _CHUNK_BYTES) if decoder else waiting
            except zlib.error as error:
                raise FetchFailed(url, saying("it arrived damaged")) from error
            if decoder and decoder.unused_data:
                raise FetchFailed(url, saying("it arrived damaged"))
            waiting = decoder.unconsumed_tail if decoder else b""
            count += len(piece)
            if max(count, packed) > limit_bytes:
                raise FetchRefused(url, saying("it is larger than {size}", size=_size(limit_bytes)))
            yield piece
    if decoder and not decoder.eof:
        raise FetchFailed(url, saying("it arrived cut off"))


def _size(count: int) -> Saying:
    if count >= 1_000_000:
        return saying("{count} MB", count=count // 1_000_000)
    return saying("{count} bytes", count=count)


def _why(error: Exception) -> Saying:
    """The reason in a few plain words; the certificate's own where it is one."""
    # httpcore2 wraps the socket's own error as its first argument.
    root = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
    if isinstance(root, ssl.SSLCertVerificationError):
        return saying("its certificate is not trusted ({why})", why=root.verify_message)
    if isinstance(root, ssl.SSLError):
        return saying("no secure connection could be made")
    if isinstance(error, httpcore2.ProtocolError):
        return saying("the server does not keep to HTTP, or broke off")
    if isinstance(root, ConnectionRefusedError):
        return saying("nobody answers there")
    return saying("the connection broke")


def _shown(url: str) -> str:
    """The address for people to read: without a password, and no longer than a line."""
    scheme, separator, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    shown = f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}" if separator else url
    shown = "".join(character if character.isprintable() else "?" for character in shown)
    return shown if len(shown) <= 120 else shown[:119] + "…"


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context()


@dataclass(slots=True)
class _Line(httpcore2.NetworkBackend):
    """Opens connections, to checked addresses only, and keeps them to the deadline."""

    allowed_networks: tuple[Network, ...]
    resolve: Resolver
    deadline: _Deadline
    url: str = ""
    _sockets: httpcore2.SyncBackend = field(default_factory=httpcore2.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline counts
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first of the host's addresses that answers; none of them may be private."""
        addresses = self._checked(host, port)
        trouble: httpcore2.ConnectError | None = None
        for address in addresses:
            try:
                stream = self._sockets.connect_tcp(
                    address, port, self._timeout(), local_address, socket_options
                )
                return _Stream(stream, self.deadline)
            except httpcore2.ConnectError as error:
                trouble = error
        raise trouble or httpcore2.ConnectError()

    def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            literal = as_address(host)
            texts = [host] if literal else resolve_within(self.resolve, host, port, self._timeout())
            addresses = [address for text in texts if (address := as_address(text))]
        except ValueError as error:
            raise FetchRefused(self.url, saying("its host is a number written in an unusual way")) from error
        except TimeoutError as error:
            raise FetchFailed(self.url, saying("it took too long to find its host")) from error
        except OSError as error:
            raise FetchFailed(self.url, saying("there is no such host")) from error
        for address in addresses:
            is_allowed = any(address in network for network in self.allowed_networks)
            if not is_allowed and not is_public(address):
                raise FetchRefused(
                    self.url,
                    saying(
                        "its host is {address}, which is not on the public internet", address=str(address)
                    ),
                )
        return [str(address) for address in addresses]

    def _timeout(self) -> float:
        return _time_left(self.deadline)


class _Stream(httpcore2.NetworkStream):
    """A connection on which every wait ends at the deadline, however slowly the bytes trickle in."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, _time_left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, _time_left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, _time_left(self._deadline))
        return _Stream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _time_left(deadline: _Deadline) -> float:
    """The seconds until the deadline. Raises TimeoutError once it has passed."""
    if (seconds := deadline.remaining_seconds()) <= 0:
        raise TimeoutError
    return seconds
