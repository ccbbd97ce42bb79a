"""RSS, Atom and JSON Feed, read into posts. Nothing is fetched here: feedparser gets octets, never an address."""

import io
import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

import feedparser  # type: ignore[import-untyped]

from newsletter.announcements.intake.html import FoundPicture, plain_words, whole_address
from newsletter.announcements.intake.posts import POSTS_MAX, LeftOut, Post, PostSource, day_of
from newsletter.foundation.errors import BadInput

JSON_FEED = "https://jsonfeed.org/version/"
_PICTURE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff")
_WEB = frozenset({"http", "https"})


def read_feed(data: bytes, name: str, url: str = "", charset: str = "") -> PostSource:
    """The posts of an RSS or Atom feed in the order in which they stand. Raises BadInput where it is no feed.

    `url` is where it was fetched, to which addresses in it are relative; `charset` what its server said.
    """
    content_type = f"application/xml; charset={charset}" if charset else "application/xml"
    parsed = feedparser.parse(
        io.BytesIO(data),
        sanitize_html=False,  # done by nh3, which sees what feedparser would drop without a word
        response_headers={"content-type": content_type, "content-location": url},
    )
    if not parsed.version:
        raise BadInput(f"{name} is no feed: neither RSS nor Atom is in it.")
    if not parsed.entries:
        raise BadInput(f"{name} is a feed with nothing in it.")
    language = parsed.feed.get("language") or ""
    posts = tuple(
        _post(number, entry, language) for number, entry in enumerate(parsed.entries[:POSTS_MAX], start=1)
    )
    left_out = tuple(
        LeftOut(number, plain_words(entry.get("title", "")), too_many())
        for number, entry in enumerate(parsed.entries[POSTS_MAX:], start=POSTS_MAX + 1)
    )
    return PostSource(name, posts, left_out)


def too_many() -> str:
    """Why what comes after the first POSTS_MAX is left out."""
    return f"only the first {POSTS_MAX} of one source are taken"


def _post(number: int, entry: Any, language: str) -> Post:
    content: Any = next((part for part in entry.get("content", ()) if part.get("value")), {})
    summary = entry.get("summary_detail") or {}
    links = [link for link in entry.get("links", ()) if link.get("rel") == "alternate" and link.get("href")]
    own = next((link["href"] for link in links if not link.get("hreflang")), entry.get("link", ""))
    own_tag = next((link["hreflang"] for link in links if link.get("hreflang") and link["href"] == own), "")
    written = [part.get("language") for part in (content, summary, entry.get("title_detail") or {})]
    title = entry.get("title", "")
    return Post(
        number=number,
        guid=entry.get("id", ""),
        url=whole_address("", own, _WEB),
        # feedparser tells a title that holds HTML from one that holds only text.
        title=plain_words(title) if (entry.get("title_detail") or {}).get("type") != "text/plain" else title,
        summary=summary.get("value", ""),
        content=content.get("value", ""),
        language=next(filter(None, written), "") or own_tag,
        source_language=language,
        published_on=day_of(entry.get("published") or entry.get("updated") or ""),
        pictures=tuple(_pictures(entry)),
        topic=next((tag["term"] for tag in entry.get("tags", ()) if tag.get("term")), ""),
        ties=tuple(link["href"] for link in links if link.get("hreflang") and link["href"] != own),
    )


def _pictures(entry: Any) -> Iterator[FoundPicture]:
    for enclosure in entry.get("enclosures", ()):
        if enclosure.get("type") in _PICTURE_TYPES:
            yield from _picture(enclosure.get("href"))
    for media in entry.get("media_content", ()):
        if media.get("medium") == "image" or media.get("type") in _PICTURE_TYPES:
            yield from _picture(media.get("url"))
    for media in entry.get("media_thumbnail", ()):
        yield from _picture(media.get("url"))


def _picture(address: object, alt: object = "") -> Iterator[FoundPicture]:
    if isinstance(address, str) and (url := whole_address("", address, _WEB)):
        yield FoundPicture(url, alt if isinstance(alt, str) else "")


def read_json(data: bytes, name: str) -> Any:
    """What the JSON in `data` says. Raises BadInput where it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{name} is no JSON: it is damaged or cut off.") from error


def is_json_feed(document: Any) -> bool:
    """Whether this is a JSON Feed (jsonfeed.org, version 1 or 1.1)."""
    return isinstance(document, dict) and str(document.get("version", "")).startswith(JSON_FEED)


def read_json_feed(document: Mapping[str, Any], name: str) -> PostSource:
    """The posts of a JSON Feed; an item that is none is left out with the reason. Raises BadInput."""
    items = document.get("items")
    if not isinstance(items, list) or not items:
        raise BadInput(f"{name} is a feed with nothing in it.")
    language = _text(document, "language")
    posts: list[Post] = []
    left_out: list[LeftOut] = []
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            left_out.append(LeftOut(number, "", "it is no item of a feed"))
        elif len(posts) >= POSTS_MAX:
            left_out.append(LeftOut(number, _text(item, "title"), too_many()))
        else:
            posts.append(_json_post(number, item, language))
    return PostSource(name, tuple(posts), tuple(left_out))


def _json_post(number: int, item: Mapping[str, Any], language: str) -> Post:
    tags = item.get("tags")
    attachments = item.get("attachments")
    attached = [a for a in attachments if isinstance(a, dict)] if isinstance(attachments, list) else []
    shown = [a.get("url") for a in attached if a.get("mime_type") in _PICTURE_TYPES]
    addresses = dict.fromkeys(str(a) for a in (item.get("image"), *shown) if a)
    return Post(
        number=number,
        guid=_text(item, "id"),
        url=whole_address("", _text(item, "url"), _WEB),
        title=_text(item, "title"),
        summary=as_html(_text(item, "summary")),
        content=_text(item, "content_html") or as_html(_text(item, "content_text")),
        language=_text(item, "language"),
        source_language=language,
        published_on=day_of(_text(item, "date_published")),
        pictures=tuple(picture for address in addresses for picture in _picture(address)),
        topic=next((tag for tag in tags if isinstance(tag, str)), "") if isinstance(tags, list) else "",
    )


def as_html(text: str) -> str:
    """A plain text as HTML with the same paragraphs and lines."""
    escaped = escape(text.replace("\r\n", "\n"), quote=False)
    paragraphs = (part.strip("\n").replace("\n", "<br>") for part in escaped.split("\n\n"))
    return "".join(f"<p>{part}</p>" for part in paragraphs if part.strip())


def _text(mapping: Mapping[str, Any], key: str) -> str:
    """The text under a key, also where a number stands there; "" for anything else."""
    value = mapping.get(key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
