"""One web page read into a post: what it says for people, by trafilatura, and what it says of itself in its head."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import trafilatura
from lxml import etree, html

from newsletter.announcements.intake.html import FoundPicture, whole_address
from newsletter.announcements.intake.posts import Post, day_of, tag_of
from newsletter.foundation.errors import BadInput

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,30})", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_WEB = frozenset({"http", "https"})
_HEADING = re.compile(r"\s*(?:<html>\s*)?(?:<body>\s*)?<h[12]>(.*?)</h[12]>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page: its post, and the addresses that it names for other languages, as tag and address."""

    post: Post
    alternates: tuple[tuple[str, str], ...]


def read_page(data: bytes, name: str, url: str = "", charset: str = "", number: int = 1) -> WebPage:
    """What a page has to say. `url` is where it was fetched, "" for a saved file, which may name its own.

    Raises BadInput where there is no text in it.
    """
    text = _decoded(data, charset)
    head = _Head(_tree(text, name))
    url = url or whole_address("", head.link("canonical"), _WEB) or head.meta("og:url")
    content = _main_text(text, url) or head.article()
    about = trafilatura.extract_metadata(text, default_url=url or None)
    title = head.meta("og:title") or (about.title if about and about.title else "") or head.title()
    content = _without_title(content, title)
    if not content.strip():
        raise BadInput(f"{name} has no text that could be told from its menus.")
    image = whole_address(url, head.meta("og:image"), _WEB) if head.meta("og:image") else ""
    alternates = tuple(head.alternates(url))
    own = {url, whole_address(url, head.link("canonical"), _WEB)}
    post = Post(
        number=number,
        guid="",
        url=url,
        title=title,
        summary=head.meta("og:description") or head.meta("description"),
        content=content,
        language=next((tag for tag, address in alternates if address in own), ""),
        source_language=head.language() or head.meta("og:locale"),
        published_on=day_of(head.meta("article:published_time"))
        or day_of((about.date or "") if about else ""),
        pictures=(FoundPicture(image, head.meta("og:image:alt")),) if image else (),
        topic=head.meta("article:section"),
        ties=tuple(address for _, address in alternates if address not in own),
    )
    return WebPage(post, alternates)


def alternates_of(data: bytes, url: str, charset: str = "") -> tuple[tuple[str, str], ...]:
    """The addresses of a page in its languages, from its `<link rel="alternate" hreflang>`."""
    return tuple(_Head(_tree(_decoded(data, charset), url)).alternates(url))


def feeds_of(data: bytes, url: str, charset: str = "") -> list[str]:
    """The addresses of the feeds that a page names."""
    head = _Head(_tree(_decoded(data, charset), url))
    links = [link for link in head.links("alternate") if link.get("type", "").lower() in _FEED_TYPES]
    return [address for link in links if (address := whole_address(url, link.get("href", ""), _WEB))]


def _decoded(data: bytes, charset: str) -> str:
    """The page's text: as its server says, else as it says itself, else UTF-8, else Windows-1252."""
    found = _META_CHARSET.search(data[:4096])
    for encoding in (charset, found[1].decode("ascii") if found else "", "utf-8"):
        try:
            return data.decode(encoding or "utf-8").replace("\0", "")
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode("windows-1252", errors="replace").replace("\0", "")


def _tree(text: str, name: str) -> html.HtmlElement:
    try:
        # As octets, because lxml refuses a text that declares an encoding.
        parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise BadInput(f"{name} is no web page: there is nothing in it.") from error


def _main_text(text: str, url: str) -> str:
    found = trafilatura.extract(
        text,
        url=url or None,
        output_format="html",
        include_links=True,
        include_formatting=True,
        include_images=True,
        include_tables=True,
        include_comments=False,
    )
    return found or ""


def _without_title(content: str, title: str) -> str:
    """The text without the heading at its top that says the title once more."""
    match = _HEADING.match(content)
    words = " ".join(re.sub(r"<[^>]*>", " ", match[1]).split()) if match else ""
    return content[match.end() :] if match and words and title.startswith(words) else content


class _Head:
    """What the head of a page tells."""

    def __init__(self, tree: html.HtmlElement) -> None:
        self._tree = tree
        self._metas: dict[str, str] = {}
        for element in tree.iter("meta"):
            name = element.get("property") or element.get("name") or ""
            self._metas.setdefault(name.lower(), " ".join(element.get("content", "").split()))

    def meta(self, name: str) -> str:
        return self._metas.get(name, "")

    def title(self) -> str:
        return " ".join((self._tree.findtext(".//title") or "").split())

    def language(self) -> str:
        return self._tree.get("lang") or self._tree.get("{http://www.w3.org/XML/1998/namespace}lang") or ""

    def links(self, relation: str) -> Iterator[html.HtmlElement]:
        for element in self._tree.iter("link"):
            if relation in element.get("rel", "").lower().split():
                yield element

    def link(self, relation: str) -> str:
        return next((link.get("href", "") for link in self.links(relation)), "")

    def alternates(self, url: str) -> Iterator[tuple[str, str]]:
        for link in self.links("alternate"):
            tag = tag_of(link.get("hreflang", ""))
            if tag and (address := whole_address(url, link.get("href", ""), _WEB)):
                yield tag, address

    def article(self) -> str:
        """The part of the page that is marked as its content, "" where none is."""
        found = self._tree.find(".//article")
        found = self._tree.find(".//main") if found is None else found
        return "" if found is None else str(html.tostring(found, encoding="unicode"))
