"""What a translation lost or broke of its source: merge fields, links, the structure of the Markdown. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter.announcements.handoff.codes import CodeKind, codes_in, pieces_of
from newsletter.announcements.rules import is_link
from newsletter.foundation.merge import fields_with_lines, split_fields

_BROKEN_SIGNS = ("](", "**", "__", "[[")


@dataclass(frozen=True, slots=True)
class _Structure:
    """What Markdown is made of, its words left out."""

    links: tuple[str, ...]  # targets of words
    addresses: tuple[str, ...]  # addresses that stand in the text as such
    picture_count: int
    headings: tuple[str, ...]
    list_item_count: int
    quotation_count: int
    left_over: Counter[str]  # signs of Markdown that came out as text


def damages(source: str, target: str, *, is_markdown: bool) -> tuple[str, ...]:
    """What is wrong with `target` as a translation of `source`, each fault as a clause; nothing wrong gives ()."""
    found = list(_field_damages(source, target))
    if is_markdown:
        found += _markdown_damages(_structure(source), _structure(target))
    elif len(target.splitlines()) > 1 >= len(source.splitlines()):
        found.append("there must be only one line")
    return tuple(found)


def _field_damages(source: str, target: str) -> Iterator[str]:
    wanted = Counter(field.key for field, _ in fields_with_lines(source))
    there = Counter(field.key for field, _ in fields_with_lines(target))
    for key in sorted((wanted - there).keys()):
        yield f"the field [[{key}]] is missing or damaged"
    for key in sorted((there - wanted).keys()):
        yield f"the field [[{key}]] is not in the source"


def _markdown_damages(source: _Structure, target: _Structure) -> Iterator[str]:
    yield from _link_damages(source.links, target.links, "links")
    yield from _link_damages(source.addresses, target.addresses, "addresses in the text")
    if source.picture_count != target.picture_count:
        yield f"there are {target.picture_count} pictures, the source has {source.picture_count}"
    if source.headings != target.headings:
        yield "the headings are not those of the source (lines that begin with #)"
    if source.list_item_count != target.list_item_count:
        yield f"there are {target.list_item_count} list items, the source has {source.list_item_count}"
    if source.quotation_count != target.quotation_count:
        yield "the quotations are not those of the source (lines that begin with >)"
    for sign in sorted((target.left_over - source.left_over).keys()):
        yield f"a sign of the Markdown lost its other half: {sign}"


def _link_damages(source: tuple[str, ...], target: tuple[str, ...], kind: str) -> Iterator[str]:
    lost_count = len(source) - len(target)
    if lost_count > 0:
        gone = [url for url in source if url not in target][:lost_count]
        yield f"a link is lost: {', '.join(gone or source[-1:])}"
    elif lost_count < 0:
        yield f"{kind}: {len(target)}, the source has {len(source)}"
    for url in target:
        if not is_link(url) and url not in source:
            yield f"a link leads nowhere: {url or '(empty)'}"


def _structure(markdown: str) -> _Structure:
    tokens = _engine().parse(markdown)
    inline = list(_flat(tokens))
    words = "\n".join(token.content for token in inline if token.type == "text")
    literal = "".join(piece for piece in split_fields(words) if isinstance(piece, str))
    kinds = Counter(token.type for token in (*tokens, *inline))
    links = [token for token in inline if token.type == "link_open" and token.markup != "autolink"]
    return _Structure(
        links=tuple(str(token.attrs.get("href", "")) for token in links),
        addresses=tuple(code.url for code in codes_in(pieces_of(words)) if code.kind is CodeKind.LINK),
        picture_count=kinds["image"],
        headings=tuple(token.tag for token in tokens if token.type == "heading_open"),
        list_item_count=kinds["list_item_open"],
        quotation_count=kinds["blockquote_open"],
        left_over=Counter({sign: literal.count(sign) for sign in _BROKEN_SIGNS}),
    )


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or ()


@cache
def _engine() -> MarkdownIt:
    """Markdown as it is rendered: code and rules have no place in a letter, and no address is left out here."""
    engine = MarkdownIt("commonmark", {"html": False})
    engine.disable(["backticks", "code", "fence", "hr", "html_block", "html_inline"])
    engine.validateLink = lambda _url: True  # type: ignore[assignment,method-assign]
    engine.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return engine
