"""HTML from outside as a small, clean tree: what runs or hides is gone, and nothing nests without end."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Union

import nh3

_DEPTH_MAX = 60  # deeper elements are dissolved; their text stays
_VOID = frozenset({"br", "img", "embed", "source"})
_INLINE = {"a", "strong", "b", "em", "i", "sup", "br", "img"}
_BLOCKS = {
    *("p", "div", "section", "article", "main", "header", "footer", "aside", "address", "center", "details"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "hr"),
    *("table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "figure", "figcaption", "summary"),
}
EMBEDS = frozenset({"iframe", "video", "audio", "object", "embed", "form"})
_HIDDEN = {"script", "style", "template", "noscript", "head", "title", "svg", "math", "select", "textarea"}
_ATTRIBUTES = {
    "a": {"href", "name", "id"},
    "img": {"src", "alt", "width", "height", "data-src", "srcset"},
    "ol": {"start"},
    **{name: {"src", "data", "action"} for name in EMBEDS},
}
LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
BLOCKS = frozenset(_BLOCKS)


@dataclass(slots=True)
class Element:
    """An element with what is in it; texts are plain strings."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Union["Element", str]] = field(default_factory=list)

    def walk(self) -> Iterator["Element"]:
        """The elements below this one, in their order."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.walk()

    def text(self) -> str:
        """Its words, with single spaces."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                gap = " " if child.tag in BLOCKS or child.tag == "br" else ""
                yield gap
                yield from child._texts()
                yield gap


def clean_tree(html: str) -> Element:
    """The tree of a piece of HTML, without scripts, styles, comments and addresses that run something."""
    cleaned = nh3.clean(
        html,
        tags=_INLINE | _BLOCKS | EMBEDS,
        clean_content_tags=_HIDDEN,
        attributes=_ATTRIBUTES,
        url_schemes=set(LINK_SCHEMES),
        link_rel=None,
    )
    builder = _Builder()
    builder.feed(cleaned)
    builder.close()
    return builder.root


class _Builder(HTMLParser):
    """Builds the tree of what nh3 gave, in which every element that opens is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._open = [self.root]
        self._dissolved = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID and len(self._open) + self._dissolved > _DEPTH_MAX:
            self._dissolved += 1
            return
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self._dissolved:
            self._dissolved -= 1
        elif len(self._open) > 1:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)
