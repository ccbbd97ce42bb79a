"""Posts as WordPress gives them by REST (`/wp-json/wp/v2/posts?_embed`), from a file or page by page from a site."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from newsletter.announcements.intake.feeds import read_json, too_many
from newsletter.announcements.intake.html import FoundPicture, plain_words, whole_address
from newsletter.announcements.intake.pairing import group_tie
from newsletter.announcements.intake.posts import POSTS_MAX, LeftOut, Post, PostSource, day_of
from newsletter.announcements.intake.web import Web
from newsletter.foundation.errors import BadInput
from newsletter.foundation.fetching import FetchFailed

_PAGES_MAX = 5  # of each language
_PER_PAGE = 50
_PATH = "wp-json/wp/v2/posts"


def is_posts(document: Any) -> bool:
    """Whether this is a list of posts as WordPress gives it."""
    return (
        isinstance(document, list)
        and bool(document)
        and all(isinstance(post, dict) and {"id", "title", "content"} <= post.keys() for post in document)
    )


def read_posts(document: Sequence[Mapping[str, Any]], name: str) -> PostSource:
    """The posts of a list; protected and unpublished ones are left out with the reason."""
    posts: list[Post] = []
    left_out: list[LeftOut] = []
    for number, item in enumerate(document, start=1):
        if reason := _why_not(item) or (too_many() if len(posts) >= POSTS_MAX else ""):
            left_out.append(LeftOut(number, plain_words(_rendered(item, "title")), reason))
        else:
            posts.append(_post(number, item))
    return PostSource(name, tuple(posts), tuple(left_out))


def fetch_posts(url: str, languages: Sequence[str], web: Web) -> PostSource:
    """The latest posts of a site, asked for in each language (which Polylang and WPML answer to).

    `url` is the site's, or that of its posts. Raises BadInput where it has none, FetchRefused and FetchFailed.
    """
    base = url if _PATH in urlsplit(url).path else f"{url.rstrip('/')}/{_PATH}"
    by_language = {tag: _pages(base, tag, web) for tag in languages}
    numbers = [{str(item.get("id")) for item in items} for items in by_language.values()]
    # A site that knows no languages gives the same posts whichever is asked for.
    is_answering = len(numbers) > 1 and not set.intersection(*numbers)
    items: dict[str, tuple[Mapping[str, Any], str]] = {}
    for tag, found in by_language.items():
        for item in found:
            items.setdefault(str(item.get("id")), (item, tag if is_answering else ""))
    if not items:
        raise BadInput(f"{url} has no posts.")
    source = read_posts([item for item, _ in items.values()], url)
    tags = [tag for _, tag in items.values()]
    posts = tuple(replace(post, language=post.language or tags[post.number - 1]) for post in source.posts)
    return replace(source, posts=posts, is_from_web=True)


def _pages(base: str, tag: str, web: Web) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for page in range(1, _PAGES_MAX + 1):
        query = urlencode({"_embed": 1, "per_page": _PER_PAGE, "page": page, "lang": tag})
        address = f"{base}{'&' if '?' in base else '?'}{query}"
        try:
            document = read_json(web.document(address).data, address)
        except FetchFailed:
            if page > 1:
                break  # WordPress answers 400 beyond the last page
            raise
        if not document:
            break
        if not is_posts(document):
            raise BadInput(f"{base} gives no posts of WordPress.")
        found += document
        if len(document) < _PER_PAGE:
            break
    return found


def _why_not(item: Mapping[str, Any]) -> str:
    status = item.get("status", "publish")
    if status != "publish":
        return f"it is not published ({str(status)[:40]})"
    content = item.get("content")
    return "it is protected by a password" if isinstance(content, dict) and content.get("protected") else ""


def _post(number: int, item: Mapping[str, Any]) -> Post:
    locale = item.get("wpml_current_locale")
    tag = item.get("lang") or locale
    return Post(
        number=number,
        guid=_rendered(item, "guid"),
        url=whole_address("", str(item.get("link", "")), frozenset({"http", "https"})),
        title=plain_words(_rendered(item, "title")),
        summary=_rendered(item, "excerpt"),
        content=_rendered(item, "content"),
        language=tag if isinstance(tag, str) else "",
        published_on=day_of(str(item.get("date", ""))),
        pictures=tuple(_featured(item)),
        topic=next(_categories(item), ""),
        ties=tuple(_ties(item)),
    )


def _rendered(item: Mapping[str, Any], key: str) -> str:
    """The text that WordPress has made of a field."""
    value = item.get(key)
    text = value.get("rendered") if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""


def _ties(item: Mapping[str, Any]) -> Iterator[str]:
    """The group of a post: the least number among its translations' names it at every one of them."""
    numbers = [item.get("id")]
    if isinstance(translations := item.get("translations"), dict):  # Polylang: {"fr": 12, "en": 13}
        numbers += translations.values()
    if isinstance(translations := item.get("wpml_translations"), list):  # WPML: [{"locale", "id", "href"}]
        entries = [entry for entry in translations if isinstance(entry, dict)]
        numbers += [entry.get("id") for entry in entries]
        yield from (str(entry["href"]) for entry in entries if entry.get("href"))
    known = [int(str(number)) for number in numbers if str(number).isdecimal() and len(str(number)) < 20]
    if len(known) > 1:
        yield group_tie("rest", str(min(known)))


def _embedded(item: Mapping[str, Any], key: str) -> list[Any]:
    embedded = item.get("_embedded")
    found = embedded.get(key) if isinstance(embedded, dict) else None
    return found if isinstance(found, list) else []


def _featured(item: Mapping[str, Any]) -> Iterator[FoundPicture]:
    for media in _embedded(item, "wp:featuredmedia"):
        if isinstance(media, dict) and (url := whole_address("", str(media.get("source_url", "")))):
            yield FoundPicture(url, str(media.get("alt_text") or ""))


def _categories(item: Mapping[str, Any]) -> Iterator[str]:
    for terms in _embedded(item, "wp:term"):
        for term in terms if isinstance(terms, list) else ():
            if isinstance(term, dict) and term.get("taxonomy") == "category":
                yield plain_words(str(term.get("name", "")))
