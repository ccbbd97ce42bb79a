"""What the HTML of a mail owes its readers: headings, languages, pictures, the way out, and nothing from elsewhere."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from lxml import html as lxml_html
from lxml.html import HtmlElement

from newsletter.editions.checks.findings import Finding, finding
from newsletter.foundation.language import direction
from newsletter.foundation.merge import split_fields
from newsletter.foundation.sayings import LanguageName, saying
from newsletter.rendering.content import EditionContent, Item, ItemForm
from newsletter.rendering.fields import UNSUBSCRIBE

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LEFT_OVER = re.compile(
    r"\{\{|\}\}|\{%|%\}|\[\[|\\u\{?[0-9a-fA-F]{2,}\}?|%\([a-z_]+\)s|&(?:[a-z]{2,8}|#\d+);", re.IGNORECASE
)
_CSS_URL = re.compile(r"url\(\s*[\"']?([^\"')\s]+)|@import\s+[\"']([^\"']+)")
_PIECE_MIN = 20  # letters; shorter pieces may stand anywhere
_SHOWN_ATTRIBUTES = ("alt", "title", "aria-label")


def parse_mail(html: str) -> HtmlElement:
    """The mail's HTML as a tree; what stands in conditional comments for Outlook is comments in it."""
    return lxml_html.document_fromstring(html)


def check_unsubscribe(html: str) -> Iterator[Finding]:
    """Whether there is a link to unsubscribe: without one the edition cannot be frozen."""
    if html and f'href="{UNSUBSCRIBE}"' not in html:
        yield finding("unsubscribe-missing", saying("There is no link to unsubscribe."))


def check_way_out(content: EditionContent, page: HtmlElement) -> Iterator[Finding]:
    """The sender's postal address, and a link to the page on the web."""
    targets = {link.get("href", "") for link in page.iter("a")}
    address = _letters(content.branding.postal_address)
    if not address:
        yield finding("postal-address-missing", saying("The setting postal_address is empty."))
    elif address not in _letters(_shown_text(page)):
        yield finding("postal-address-missing", saying("The theme does not show the postal address."))
    if content.view_url not in targets:
        yield finding("view-online-missing", saying("There is no link to the letter on the web."))


def check_headings(page: HtmlElement) -> Iterator[Finding]:
    """Exactly one h1, and no level skipped."""
    headings = [element for element in page.iter(*_HEADINGS) if _text_of(element)]
    count = sum(element.tag == "h1" for element in headings)
    if count != 1:
        yield finding(
            "heading-one", saying("The number of headings h1 is {count}; it should be 1.", count=count)
        )
    last = 0
    for element in headings:
        level = int(element.tag[1])
        if last and level > last + 1:
            message = saying(
                "An h{level} follows an h{last}: “{words}”",
                level=level,
                last=last,
                words=_text_of(element)[:60],
            )
            yield finding("heading-skipped", message)
        last = level


def check_pictures(page: HtmlElement) -> Iterator[Finding]:
    """Pictures without alternative text or without a width."""
    for picture in page.iter("img"):
        source = picture.get("src", "")[:80]
        if picture.get("alt") is None:
            yield finding(
                "image-without-alt", saying("The picture {source} has no alt attribute.", source=source)
            )
        has_width = picture.get("width", "").rstrip("%").isdigit()
        keeps_ratio = picture.get("height", "").isdigit() and "width:auto" in picture.get(
            "style", ""
        ).replace(" ", "")
        if not has_width and not keeps_ratio:
            yield finding("image-without-width", saying("The picture {source} has no width.", source=source))


def check_languages_marked(content: EditionContent, page: HtmlElement) -> Iterator[Finding]:
    """`lang` and `dir` on html, on the wrapper in the body (webmail drops html), and around each item's own language."""
    wrapper = next(
        (child for child in page.iter("div", "table", "main", "article") if child.get("lang")), None
    )
    for message, element in (
        (saying("The element html is not marked {marks}."), page),
        (saying("The wrapper in the body is not marked {marks}."), wrapper),
    ):
        marked = (element.get("lang"), element.get("dir")) if element is not None else (None, None)
        if marked != (content.language, direction(content.language)):
            marks = f"lang={content.language} dir={direction(content.language)}"
            yield finding("language-not-marked", message.of(marks=marks), language=content.language)
    pieces = [
        (_letters(_text_of(element)), _language_of(element)) for element in page.iter(*_HEADINGS, "p", "li")
    ]
    for part in content.parts:
        items = [item for section in part.sections for item in section.items]
        titles = [
            (part.heading or part.list_name, part.language),
            *((item.title, item.language) for item in items),
        ]
        wrong = [(title, tag) for title, tag in titles if not _is_marked(title, tag, pieces)]
        wrong += [
            (item.title, item.language) for item in items if _has_unmarked_words(item, part.language, pieces)
        ]
        for title, language in dict.fromkeys(wrong):
            message = saying(
                "“{words}” is not marked as {language}.", words=title[:60], language=LanguageName(language)
            )
            yield finding("language-not-marked", message, language=language)


def _is_marked(title: str, language: str, pieces: Sequence[tuple[str, str]]) -> bool:
    """Whether the title stands somewhere marked as its language, if it is shown at all."""
    marked_as = {found for words, found in pieces if words == _letters(title)}
    return not marked_as or language in marked_as


def _has_unmarked_words(item: Item, part_language: str, pieces: Sequence[tuple[str, str]]) -> bool:
    """Whether words of an item that stands in for a missing translation are marked as another language."""
    if item.language == part_language or item.form is not ItemForm.LABELLED:
        return False
    written = _letters(f"{item.summary} {item.body}")
    shown = [found for words, found in pieces if len(words) >= _PIECE_MIN and words in written]
    return bool(shown) and item.language not in shown


def check_sources(content: EditionContent, page: HtmlElement) -> Iterator[Finding]:
    """Addresses without https, and pictures, fonts or styles from somebody else's host."""
    branding = content.branding
    ours = {_host(url) for url in (content.view_url, branding.logo_url, branding.website)} - {""}
    for url in dict.fromkeys(_resources(page)):
        host = _host(url)
        if host and host not in ours:
            yield finding(
                "third-party-resource",
                saying("The letter loads {address} from {host}.", address=url[:100], host=host),
            )
    links = [link.get("href", "") for link in page.iter("a")]
    for url in dict.fromkeys([*_resources(page), *links]):
        if url.lower().startswith("http://") and not _is_this_machine(_host(url)):
            yield finding("insecure-address", saying("{address} is not https.", address=url[:100]))


def check_left_over(page: HtmlElement) -> Iterator[Finding]:
    """Signs that were meant for a program: {{ name }}, \\u00e9, &eacute; and the like."""
    seen: set[str] = set()
    for text in _texts(page):
        plain = "".join(
            piece for piece in split_fields(text.replace("[[open]]", "")) if isinstance(piece, str)
        )
        match = _LEFT_OVER.search(plain)
        if match and match[0] not in seen:
            seen.add(match[0])
            around = " ".join(plain[max(0, match.start() - 20) : match.end() + 20].split())
            message = saying("“{sign}” is left over in “{words}”.", sign=match[0], words=around)
            yield finding("left-over-sign", message)


def _resources(page: HtmlElement) -> Iterator[str]:
    for element in page.iter():
        if not isinstance(element.tag, str):
            continue
        for name in ("src", "background", "poster", "data"):
            yield from filter(None, [element.get(name)])
        for candidate in filter(None, (element.get("srcset") or "").split(",")):
            yield candidate.split()[0]
        if element.tag == "link":
            yield from filter(None, [element.get("href")])
        css = (
            f"{element.get('style') or ''} {element.text or ''}"
            if element.tag == "style"
            else element.get("style")
        )
        for match in _CSS_URL.finditer(css or ""):
            yield match[1] or match[2]


def _texts(page: HtmlElement) -> Iterator[str]:
    for element in page.iter():
        if not isinstance(element.tag, str):
            if element.tail:
                yield element.tail
            continue
        if element.tag not in {"style", "script"} and element.text:
            yield element.text
        if element.tail:
            yield element.tail
        yield from (element.get(name) or "" for name in _SHOWN_ATTRIBUTES)


def _shown_text(page: HtmlElement) -> str:
    body = page.find("body")
    return " ".join(_texts(page if body is None else body))


def _text_of(element: HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def _language_of(element: HtmlElement) -> str:
    for around in (element, *element.iterancestors()):
        if around.get("lang"):
            return str(around.get("lang"))
    return ""


def _letters(text: str) -> str:
    """The letters and figures alone, so that typography does not count."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _host(url: str) -> str:
    try:
        return (urlsplit(url.strip()).hostname or "").lower()
    except ValueError:
        return ""


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
