"""MJML as people write it, made well-formed: what browsers and npm's MJML forgive, XML does not.

Only the insides of ending tags (mj-text, mj-button, ...), attributes and comments are touched; a tag of MJML that was
never closed stays a mistake. Line ends stay where they are, so that lines count as before.
"""

import html.entities
import re
from functools import cache
from html.parser import HTMLParser

from newsletter.rendering.mjml.schema import schema

VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"),
        *("source", "track", "wbr"),
    }
)
_CELLS = frozenset({"td", "th"})
# What an opening tag closes by itself, where it stands on top (HTML, 13.1.2.4).
_CLOSES = {
    "p": frozenset({"p"}),
    "li": frozenset({"li"}),
    "td": _CELLS,
    "th": _CELLS,
    "tr": _CELLS | {"tr"},
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "option": frozenset({"option"}),
}
# In one text. html.parser takes a time that grows with the square of unfinished tags (seen with 3.11: 20 000 in 22 s).
_MOST_TAGS = 4_000
KEEPS_APART = "\ue000"  # for private use: it stands between two hyphens of a comment
_RAW = frozenset({"mj-style"})
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>=]+)))?""")
_REFERENCE = re.compile(r"&(?!#\d+;|#[xX][0-9a-fA-F]+;)(?:([A-Za-z][A-Za-z0-9]*);)?")
_COMMENT = re.compile(r"(<!--.*?(?:-->|\Z))", re.DOTALL)
# `<![endif]>` and CDATA outside a comment mean nothing to a browser; html.parser raises AssertionError at some (3.11).
_DECLARATION = re.compile(r"<!\[(?:CDATA\[.*?\]\]>|[^<>]*>)?", re.DOTALL)
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})


class BeyondMending(ValueError):
    """An ending tag of MJML or a comment was never closed, or there is too much in it."""


def mended(text: str) -> str:
    """`text` with well-formed insides of ending tags, quoted and unrepeated attributes, and no comments between tags.

    Raises BeyondMending.
    """
    return _pieces().sub(_mend_piece, text)


def with_numeric_entities(text: str) -> str:
    """`text` with HTML's named entities, unknown to XML, as numbers; a bare `&` and unknown names stay."""
    return re.sub(r"&([A-Za-z][A-Za-z0-9]*);", lambda match: _entity(match[1]) or match[0], text)


@cache
def _pieces() -> re.Pattern[str]:
    endings = sorted(
        (tag for tag, component in schema().components.items() if component.holds_html), key=len, reverse=True
    )
    attributes = r"""(?:\s(?:[^<>"']|"[^"]*"|'[^']*')*?)?"""
    names = "|".join(endings)
    return re.compile(
        rf"(?P<comment><!--.*?(?:-->|\Z))|<(?P<ending>{names})(?P<attributes>{attributes})(?P<shut>/)?>"
        rf"(?(shut)|(?P<inside>.*?)(?:(?P<close></(?P=ending)\s*>)|\Z))|<(?P<open>mj[\w-]*)(?P<more>{attributes})(?P<end>/?)>",
        re.DOTALL,
    )


def _mend_piece(match: re.Match[str]) -> str:
    if match["comment"]:
        return _mend_comment(match[0])
    if match["open"]:
        return f"<{match['open']}{_mend_attributes(match['more'])}{match['end']}>"
    tag, attributes = match["ending"], _mend_attributes(match["attributes"])
    if match["shut"]:
        return f"<{tag}{attributes}/>"
    if not match["close"]:
        raise BeyondMending(tag)
    inside = match["inside"]
    content = _escape(inside) if tag in _RAW else _mend_html(inside)
    return f"<{tag}{attributes}>{content}</{tag}>"


def _mend_comment(comment: str) -> str:
    """Between tags only what Outlook reads is worth keeping."""
    if not comment.endswith("-->"):
        raise BeyondMending("comment")
    inside = comment[4:-3]
    return f"<!--{_single_hyphens(inside)}-->" if inside.startswith("[if ") else "\n" * inside.count("\n")


def _mend_attributes(text: str) -> str:
    """Of an attribute that stands twice the first counts, as in HTML."""
    seen: set[str] = set()

    def mend(match: re.Match[str]) -> str:
        if match[1] in seen:
            return "\n" * match[0].count("\n")
        seen.add(match[1])
        value = match[2] or match[3] or match[4] or ""
        return f'{match[1]}="{_escape(value).replace(chr(34), "&quot;")}"'

    return _ATTRIBUTE.sub(mend, text)


def _mend_html(fragment: str) -> str:
    if fragment.count("<") > _MOST_TAGS:
        raise BeyondMending("too many tags")
    writer = _XhtmlWriter()
    pieces = _COMMENT.split(fragment)  # texts and comments in turn
    pieces[::2] = [
        _DECLARATION.sub(_only_lines, _REFERENCE.sub(_mend_reference, text)) for text in pieces[::2]
    ]
    writer.feed("".join(pieces))
    writer.close()
    return writer.written()


def _only_lines(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _escape(text: str) -> str:
    """Text or a value for XML: references are kept, everything else means itself."""
    return _REFERENCE.sub(_mend_reference, text).replace("<", "&lt;").replace(">", "&gt;")


def _mend_reference(match: re.Match[str]) -> str:
    name = match[1]
    return (_entity(name, match[0]) if name else "") or f"&amp;{match[0][1:]}"


def _entity(name: str, as_it_is: str = "") -> str:
    if name in _XML_ENTITIES:
        return as_it_is
    return "".join(f"&#{ord(character)};" for character in html.entities.html5.get(f"{name};", ""))


class _XhtmlWriter(HTMLParser):
    """Writes an HTML fragment with every element closed, values quoted and bare signs escaped."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._out: list[str] = []
        self._open: list[str] = []

    def written(self) -> str:
        return "".join(self._out) + "".join(f"</{tag}>" for tag in reversed(self._open))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs)
        if tag not in VOID:
            self._out.append(f"</{tag}>")

    def _start(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.startswith("mj-"):
            raise BeyondMending(tag)
        while self._open and self._open[-1] in _CLOSES.get(tag, ()):
            self._out.append(f"</{self._open.pop()}>")
        source = self.get_starttag_text() or ""
        values = dict(reversed([(name, value or "") for name, value in attrs]))
        written = "".join(
            f' {name}="{_value(values.pop(name))}"' for name, _ in attrs if name in values and _is_name(name)
        )
        lost = source.count("\n") - written.count("\n")
        self._out.append(f"<{tag}{written}{chr(10) * lost}{' /' if tag in VOID else ''}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while (closed := self._open.pop()) != tag:
                self._out.append(f"</{closed}>")
            self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._out.append(data.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))

    def handle_entityref(self, name: str) -> None:
        self._out.append(f"&{name};")  # only XML's own are left

    def handle_charref(self, name: str) -> None:
        self._out.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._out.append(f"<!--{_single_hyphens(data)}-->")


def _value(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _is_name(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z_][\w.:-]*", text) is not None


def _single_hyphens(comment: str) -> str:
    """XML forbids `--` in a comment, and `-` at its end; KEEPS_APART goes when the comment is written."""
    return re.sub(r"-(?=-|\Z)", f"-{KEEPS_APART}", comment)
