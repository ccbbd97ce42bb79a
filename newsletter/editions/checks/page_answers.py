"""What linked pages answer: each asked for once over the network, several at a time."""

import re
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from newsletter.editions.models import LinkFate
from newsletter.foundation.fetching import FetchFailed, FetchRefused
from newsletter.foundation.language import NotALanguage, normalise_tag
from newsletter.foundation.probing import Probed, probe
from newsletter.foundation.sayings import Saying

AT_ONCE = 8
TIMEOUT_SECONDS = 10.0
_HTML_LANGUAGE = re.compile(rb"<html\b[^>]*?\slang\s*=\s*[\"']?([A-Za-z0-9-]{1,35})", re.IGNORECASE)

Probe = Callable[[str], Probed]


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What became of asking for a page at `asked_at`. `status` is 0 and `why` is set where it gave no answer.

    `moved_to` is where it says to have moved for good, `language` the one that it says it is in; both "" where it does not.
    """

    asked_at: datetime
    fate: LinkFate
    status: int = 0
    moved_to: str = ""
    language: str = ""
    seconds: float = 0.0
    why: Saying | None = None


def ask_pages(pages: Collection[str], now: datetime, ask: Probe | None = None) -> dict[str, PageAnswer]:
    """Page -> its answer. `ask` tells what an address answers, by default `probe`."""
    ask = ask or partial(probe, timeout_seconds=TIMEOUT_SECONDS)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return dict(zip(pages, pool.map(partial(_asked, ask, now), pages), strict=True))


def _asked(ask: Probe, now: datetime, url: str) -> PageAnswer:
    try:
        found = ask(url)
    except FetchFailed as failure:
        return PageAnswer(now, LinkFate.UNANSWERED, why=failure.why)
    except FetchRefused as refusal:
        return PageAnswer(now, LinkFate.NOT_ASKED, why=refusal.why)
    language = _language_of(found.beginning)
    return PageAnswer(now, LinkFate.ANSWERED, found.status, found.moved_to, language, found.seconds)


def _language_of(beginning: bytes) -> str:
    """The language that a page says it is in; "" where it says none that means anything."""
    match = _HTML_LANGUAGE.search(beginning)
    try:
        return normalise_tag(match[1].decode("ascii")) if match else ""
    except NotALanguage:
        return ""
