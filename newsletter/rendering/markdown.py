"""An editor's Markdown as an XHTML fragment and as plain text. Raw HTML in it is text like any other."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter.rendering.fields import holds_field, is_link_field

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_TAGS = {"p", "strong", "em", "a", "ul", "ol", "li", "br", "blockquote", "h2", "h3", "h4", "h5", "h6"}
_ATTRIBUTES: dict[str, set[str]] = {"a": {"href"}, "ol": {"start"}, "*": set()}
_DEEPEST_HEADING = 6
_DEEPEST_NESTING = 50
# An address that was typed as such: up to the sign that ends the sentence or the bracket around it.
_BARE_URL = re.compile('https?://(?=\\w)[^\\s<>()\\[\\]"«»\ufdd0]*[^\\s<>()\\[\\]"«»\ufdd0.,;:!?\'’…*_]')
# Code and rules have no place in a letter: their signs come out as they were typed.
_UNUSED_RULES = ["backticks", "code", "fence", "hr", "html_block", "html_inline"]


@dataclass(frozen=True, slots=True)
class BodyProblem:
    """A link that was left out, or a picture: `line` counts in the Markdown from 1."""

    kind: str  # "unsafe", "relative", "picture" or "deep"
    target: str
    line: int


def to_xhtml(markdown: str, heading_level: int) -> str:
    """The Markdown as well-formed XHTML whose first heading is an `h<heading_level>` and no later one skips a level."""
    tokens = _parse(markdown)
    _shift_headings(tokens, heading_level)
    _leave_out_links(tokens)
    engine = _engine()
    rendered = str(engine.renderer.render(tokens, engine.options, {}))
    cleaned = nh3.clean(rendered, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=set(SCHEMES), link_rel=None)
    return cleaned.replace("&nbsp;", "\u00a0").replace("<br>", "<br />").strip()


def to_text(markdown: str) -> str:
    """The Markdown as text for people: links as `label (url)`, headings underlined, lists with dashes and numbers."""
    tokens = _parse(markdown)
    _leave_out_links(tokens)
    return _PlainWriter().write(tokens)


def opening_words(markdown: str) -> str:
    """The first paragraphs up to anything else (a heading, a list), as plain text on one line, links without their targets.

    Where there is no paragraph, the first item of a list or the first line of a quotation.
    """
    tokens = _parse(markdown)
    paragraphs: list[str] = []
    others: list[str] = []
    for before, token in pairwise(tokens):
        if token.type == "inline" and before.type == "paragraph_open":
            (paragraphs if before.level == 0 else others).append(_words(token))
        elif token.nesting > 0 and token.level == 0 and token.type != "paragraph_open" and paragraphs:
            break
    return " ".join(filter(None, paragraphs or others[:1]))


def _words(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return " "
    return "".join(map(_words, token.children)) if token.children else token.content


def find_body_problems(markdown: str) -> list[BodyProblem]:
    """What the Markdown asks for and does not get."""
    found = []
    for token in _parse(markdown):
        line = token.map[0] + 1 if token.map else 1
        if token.level == _DEEPEST_NESTING - 1 and token.nesting > 0:
            found.append(BodyProblem("deep", "", line))
        for inline in token.children or ():
            if inline.type == "image":
                found.append(BodyProblem("picture", str(inline.attrs.get("src", "")), line))
            elif inline.type == "link_open" and (kind := _trouble(str(inline.attrs.get("href", "")))):
                found.append(BodyProblem(kind, str(inline.attrs.get("href", "")), line))
            elif inline.type in {"softbreak", "hardbreak"}:
                line += 1
    return found


def is_safe_url(url: str) -> bool:
    """Whether a letter may link there: an address that leads somewhere from a mailbox, and runs no script."""
    return _trouble(url) == ""


def _trouble(url: str) -> str:
    if holds_field(url):
        return "" if is_link_field(url) else "unsafe"
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return "unsafe"
    if not parts.scheme:
        return "relative"
    if parts.scheme.lower() not in SCHEMES:
        return "unsafe"
    return "" if parts.netloc or parts.scheme.lower() in {"mailto", "tel"} else "relative"


@cache
def _engine() -> MarkdownIt:
    engine = MarkdownIt("commonmark", {"html": False, "xhtmlOut": True, "maxNesting": _DEEPEST_NESTING})
    engine.disable(_UNUSED_RULES)
    engine.validateLink = lambda _url: True  # type: ignore[assignment,method-assign]  # what is unsafe is reported and left out
    normal = engine.normalizeLink
    engine.normalizeLink = lambda url: url if holds_field(url) else normal(url)  # type: ignore[method-assign]
    engine.add_render_rule("image", _render_picture)
    return engine


def _parse(markdown: str) -> list[Token]:
    tokens = _engine().parse(markdown)
    for token in tokens:
        if token.children is not None:
            token.children = _with_bare_urls(token.children)
    return tokens


def _with_bare_urls(tokens: list[Token]) -> list[Token]:
    out: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type.startswith("link_") else 0
        out += _split_at_urls(token) if token.type == "text" and not depth else [token]
    return out


def _split_at_urls(token: Token) -> list[Token]:
    out: list[Token] = []
    end = 0
    for match in _BARE_URL.finditer(token.content):
        href = _engine().normalizeLink(match[0])
        opening = Token("link_open", "a", 1, attrs={"href": href}, markup="autolink")
        link = [opening, _text_token(match[0]), Token("link_close", "a", -1)]
        out += [_text_token(token.content[end : match.start()]), *link]
        end = match.end()
    return [*out, _text_token(token.content[end:])]


def _text_token(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _render_picture(
    _renderer: object, tokens: Sequence[Token], index: int, _options: object, _env: object
) -> str:
    return html.escape(_inline_text(tokens[index].children or []))


def _shift_headings(tokens: list[Token], top: int) -> None:
    open_levels: list[int] = []
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
            while open_levels and open_levels[-1] >= level:
                open_levels.pop()
            open_levels.append(level)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(top + len(open_levels) - 1, _DEEPEST_HEADING)}"


def _leave_out_links(tokens: list[Token]) -> None:
    for token in tokens:
        dropped = 0
        kept: list[Token] = []
        for inline in token.children or ():
            if inline.type == "link_open" and _trouble(str(inline.attrs.get("href", ""))):
                dropped += 1
            elif inline.type == "link_close" and dropped:
                dropped -= 1
            else:
                kept.append(inline)
        if token.children is not None:
            token.children = kept


class _PlainWriter:
    """Writes block tokens as paragraphs; `prefix` is what stands before each line of a nested block."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._prefixes: list[str] = []
        self._numbers: list[int | None] = []
        self._mark = ""
        self._heading = ""
        self._after_item = False

    def write(self, tokens: list[Token]) -> str:
        for token in tokens:
            self._take(token)
        return "".join(self._blocks).strip("\n")

    def _take(self, token: Token) -> None:
        kind = token.type
        if kind == "blockquote_open":
            self._prefixes.append("> ")
        elif kind in {"bullet_list_open", "ordered_list_open"}:
            self._numbers.append(int(token.attrs.get("start", 1)) if kind.startswith("ordered") else None)
        elif kind == "list_item_open":
            self._open_item()
        elif kind in {"blockquote_close", "list_item_close"}:
            self._prefixes.pop()
        elif kind in {"bullet_list_close", "ordered_list_close"}:
            self._numbers.pop()
        elif kind == "heading_open":
            self._heading = "=" if token.tag in {"h1", "h2"} else "-"
        elif kind == "inline":
            self._write_block(_inline_text(token.children or []))

    def _open_item(self) -> None:
        number = self._numbers[-1]
        self._mark = "- " if number is None else f"{number}. "
        if number is not None:
            self._numbers[-1] = number + 1
        self._prefixes.append(" " * len(self._mark))

    def _write_block(self, text: str) -> None:
        lines = text.split("\n")
        if self._heading:
            lines.append(self._heading * max(len(line) for line in lines))
            self._heading = ""
        before = "".join(self._prefixes)
        first = before[: len(before) - len(self._mark)] + self._mark if self._mark else before
        tight = bool(self._mark) and self._after_item
        gap = "" if not self._blocks else "\n" if tight else "\n\n"
        self._after_item, self._mark = bool(self._mark), ""
        written = [first + lines[0], *(before + line for line in lines[1:])]
        self._blocks.append(gap + "\n".join(line.rstrip() for line in written))


def _inline_text(tokens: list[Token]) -> str:
    out: list[str] = []
    targets: list[tuple[str, int]] = []
    for token in tokens:
        if token.type == "link_open":
            says_itself = token.markup == "autolink"
            targets.append(("" if says_itself else str(token.attrs.get("href", "")), len(out)))
        elif token.type == "link_close" and targets:
            target, start = targets.pop()
            label = "".join(out[start:])
            shown = target.removeprefix("mailto:").removeprefix("tel:")
            if label not in {target, shown} and target:
                out.append(f" ({shown})" if label else shown)
        elif token.type in {"softbreak", "hardbreak"}:
            out.append(" " if token.type == "softbreak" else "\n")
        elif token.type == "image":
            out.append(_inline_text(token.children or []))
        else:
            out.append(token.content)
    return "".join(out)
