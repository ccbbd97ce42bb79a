"""What an import fetches from the web: documents and pictures, each once, within limits for all of them together."""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from newsletter.announcements.intake.pictures import (
    PICTURE_MAX_BYTES,
    PictureRefused,
    PreparedPicture,
    prepare_picture,
)
from newsletter.foundation.errors import BadInput
from newsletter.foundation.fetching import Fetched, FetchFailed, FetchRefused, fetch
from newsletter.foundation.public_hosts import Network

DOCUMENT_MAX_BYTES = 10_000_000
PICTURES_MAX = 200  # of one import; more announcements than that are no newsletter
_DOCUMENT_SECONDS = 30
_PICTURE_SECONDS = 15
_FAILURES_MAX = 3  # of one server, before its other pictures are not asked for any more
_DOCUMENTS = (
    *("text/html", "application/xhtml+xml", "application/xml", "text/xml"),
    *("application/rss+xml", "application/atom+xml", "application/feed+json", "application/json"),
)
# Some servers name no better type for pictures; what they are is told by decoding them.
_PICTURES = ("image/*", "application/octet-stream")


@dataclass(slots=True)
class Web:
    """The web as one import sees it. `allowed_networks` may be reached although they are not public."""

    allowed_networks: tuple[Network, ...] = ()
    _pictures: dict[str, PreparedPicture | str] = field(default_factory=dict)
    _by_octets: dict[bytes, PreparedPicture] = field(default_factory=dict)
    _failures: Counter[str] = field(default_factory=Counter)

    def document(self, url: str) -> Fetched:
        """A page, a feed or an answer in JSON. Raises FetchRefused and FetchFailed."""
        return fetch(
            url,
            accept=_DOCUMENTS,
            limit_bytes=DOCUMENT_MAX_BYTES,
            timeout_seconds=_DOCUMENT_SECONDS,
            allowed_networks=self.allowed_networks,
        )

    def picture(self, url: str) -> PreparedPicture | str:
        """The picture at an address, ready to be mailed; else the reason why there is none."""
        if url not in self._pictures:
            self._pictures[url] = self._fetched(url)
        return self._pictures[url]

    def _fetched(self, url: str) -> PreparedPicture | str:
        host = urlsplit(url).netloc
        if len(self._pictures) >= PICTURES_MAX:
            return f"more than {PICTURES_MAX} pictures in one import"
        if self._failures[host] >= _FAILURES_MAX:
            return "its server did not answer before"
        try:
            found = fetch(
                url,
                accept=_PICTURES,
                limit_bytes=PICTURE_MAX_BYTES,
                timeout_seconds=_PICTURE_SECONDS,
                allowed_networks=self.allowed_networks,
            )
            octets = hashlib.sha256(found.data).digest()
            if octets not in self._by_octets:
                self._by_octets[octets] = prepare_picture(found.data)
            return self._by_octets[octets]
        except FetchFailed as error:
            self._failures[host] += 1
            return error.reason
        except FetchRefused as error:
            return error.reason
        except PictureRefused as error:
            return str(error)


def is_url(source: str) -> bool:
    """Whether a source is an address rather than a path; fetching refuses all but http and https."""
    return re.match(r"[a-z][a-z0-9+.-]*://", source, re.IGNORECASE) is not None


def page_url(text: str) -> str:
    """The address in one spelling by which pages are compared: no fragment, no slash at the end."""
    try:
        parts = urlsplit(text.strip())
    except ValueError as error:
        raise BadInput(f"{text[:80]} is no address.") from error
    host = parts.netloc.lower()
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}" if host else text.strip()
