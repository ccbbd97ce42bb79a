"""HTML as Markdown: links, headings, lists, quotations, emphasis and line breaks stay; the rest is told."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

from newsletter.announcements.intake.elements import BLOCKS, EMBEDS, LINK_SCHEMES, Element, clean_tree
from newsletter.announcements.intake.spans import PLAIN, Span, Style, line_of, paragraphs_of
from newsletter.announcements.remark_kinds import RemarkCode

HTML_MAX = 1_000_000  # characters of one announcement; nobody mails more
_HEADING_TOP = 2  # the first level is the title's
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PICTURE_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)\Z", re.IGNORECASE)
_NUMBER_MAX = 999_999_999  # CommonMark section 5.2


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """A picture in a text: its whole address, and what it shows in words."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Converted:
    """A text as Markdown, its pictures in order, and what was left out or changed: code and what it is about."""

    markdown: str
    pictures: tuple[FoundPicture, ...]
    findings: tuple[tuple[RemarkCode, str], ...]


def to_markdown(html: str, base_url: str = "") -> Converted:
    """The Markdown of a piece of HTML; addresses in it are relative to `base_url`."""
    notes = _Notes(base_url)
    writer = _Writer(notes)
    writer.take(clean_tree(html).children, PLAIN)
    return Converted("\n\n".join(writer.finished()), tuple(notes.pictures), tuple(notes.findings))


def plain_words(html: str) -> str:
    """The words of a piece of HTML on one line."""
    return clean_tree(html).text()


def whole_address(base_url: str, address: str, schemes: frozenset[str] = LINK_SCHEMES) -> str:
    """The address as it leads from `base_url`, "" where it leads nowhere from a mailbox."""
    try:
        joined = urljoin(base_url, address.strip())
        parts = urlsplit(joined)
    except ValueError:
        return ""
    is_whole = parts.scheme in schemes and bool(parts.netloc or parts.scheme in {"mailto", "tel"})
    return joined if is_whole else ""


@dataclass(slots=True)
class _Notes:
    """What is found beside the text."""

    base_url: str
    pictures: list[FoundPicture] = field(default_factory=list)
    findings: list[tuple[RemarkCode, str]] = field(default_factory=list)

    def picture(self, element: Element) -> None:
        source = element.attributes.get("data-src") or element.attributes.get("src", "")
        url = whole_address(self.base_url, source, frozenset({"http", "https"})) if source else ""
        is_tracker = {element.attributes.get("width"), element.attributes.get("height")} & {"0", "1"}
        if source and not url:
            self.findings.append((RemarkCode.PICTURE_REFUSED, source))
        if url and not is_tracker and url not in {picture.url for picture in self.pictures}:
            self.pictures.append(FoundPicture(url, " ".join(element.attributes.get("alt", "").split())))

    def link(self, element: Element) -> str:
        """Where the link leads; "" where nowhere."""
        href = element.attributes.get("href", "")
        is_place = not href and element.attributes.keys() & {"name", "id"}
        if is_place or (href.startswith("#") and not self.base_url):
            return ""
        url = whole_address(self.base_url, href) if href else ""
        if not url:
            self.findings.append((RemarkCode.LINK_LEFT_OUT, f"{element.text()} {href}".strip()))
        return url


class _Writer:
    """Writes elements as blocks of Markdown, one after the other; a flat writer as one line."""

    def __init__(self, notes: _Notes, *, is_flat: bool = False) -> None:
        self._notes, self._is_flat = notes, is_flat
        self._blocks: list[str] = []
        self._spans: list[Span] = []
        self._list_mark = ""  # of the list that was written last, "" after anything else

    def finished(self) -> list[str]:
        """The blocks."""
        self._end_paragraph()
        return self._blocks

    def line(self) -> str:
        """All of it on one line."""
        return line_of(self._spans)

    def take(self, children: Sequence[Element | str], style: Style) -> None:
        """Adds what is in an element."""
        for child in children:
            if isinstance(child, str):
                self._spans.append(Span(child if child != "\n" else " ", style))
            elif child.tag in BLOCKS and self._is_flat:
                self.take([" ", *child.children, " "], style)
            elif child.tag in BLOCKS:
                self._end_paragraph()
                self._block(child, style)
                self._end_paragraph()
            else:
                self._inline(child, style)

    def _inline(self, element: Element, style: Style) -> None:
        match element.tag:
            case "br":
                self._spans.append(Span(" " if self._is_flat else "\n", style))
            case "a":
                self._link(element, style)
            case "strong" | "b":
                self.take(element.children, replace(style, is_strong=True))
            case "em" | "i":
                self.take(element.children, replace(style, is_emphasis=True))
            case "sup" if (text := element.text()).isdigit() and text.isascii():
                self._spans.append(Span(text.translate(_RAISED), style))
            case "img":
                self._notes.picture(element)
            case tag if tag in EMBEDS:
                self._embed(element, style)
            case _:
                self.take(element.children, style)

    def _embed(self, element: Element, style: Style) -> None:
        sources = [element, *element.walk()]
        found = (e.attributes.get(name, "") for e in sources for name in ("src", "data", "action"))
        self._notes.findings.append((RemarkCode.EMBED_LEFT_OUT, next(filter(None, found), element.tag)))
        if element.tag == "form":
            self.take(element.children, style)

    def _link(self, element: Element, style: Style) -> None:
        href = self._notes.link(element)
        self.take(element.children, replace(style, href=href or style.href))
        picture = next((e for e in element.walk() if e.tag == "img"), None)
        if href and picture and not element.text() and not _PICTURE_FILE.search(urlsplit(href).path):
            alt = picture.attributes.get("alt", "").strip()
            self._spans.append(Span(f" {alt or href} ", replace(style, href=href)))

    def _block(self, element: Element, style: Style) -> None:
        tag = element.tag
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self._heading(element, style)
        elif tag in {"ul", "ol"}:
            self._list(element, style)
        elif tag == "blockquote":
            inner = self._inner(element.children, style)
            quoted = "\n".join(f"> {line}".rstrip() for line in "\n\n".join(inner).split("\n"))
            self._add([quoted] if inner else [])
        elif tag == "table":
            self._table(element, style)
        elif tag == "pre":
            self.take(_with_breaks(element).children, style)
        elif tag == "figcaption":
            self.take(element.children, replace(style, is_emphasis=True))
        else:
            self.take(element.children, style)

    def _inner(self, children: Sequence[Element | str], style: Style) -> list[str]:
        writer = _Writer(self._notes)
        writer.take(children, style)
        return writer.finished()

    def _end_paragraph(self) -> None:
        self._add(paragraphs_of(self._spans))
        self._spans.clear()

    def _add(self, blocks: Sequence[str]) -> None:
        if blocks:
            self._blocks += blocks
            self._list_mark = ""

    def _heading(self, element: Element, style: Style) -> None:
        writer = _Writer(self._notes, is_flat=True)
        writer.take(element.children, replace(style, is_strong=False))
        text = re.sub(r"(?<![\\#])(#+)\Z", r"\\\1", writer.line())
        level = max(int(element.tag[1]), _HEADING_TOP)
        self._add([f"{'#' * level} {text}"] if text else [])

    def _list(self, element: Element, style: Style) -> None:
        is_ordered = element.tag == "ol"
        marks = (".", ")") if is_ordered else ("-", "*")
        mark = marks[1] if self._list_mark == marks[0] else marks[0]
        number = _number(element.attributes.get("start", "1"))
        items: list[str] = []
        is_loose = False
        for blocks in self._items(element, style):
            sign = f"{number}{mark} " if is_ordered else f"{mark} "
            text = blocks[0]
            for block in blocks[1:]:
                is_tight = block.startswith(("- ", "* "))
                is_loose = is_loose or not is_tight
                text += ("\n" if is_tight else "\n\n") + block
            lines = text.split("\n")
            items.append(
                "\n".join([sign + lines[0], *(" " * len(sign) + line if line else "" for line in lines[1:])])
            )
            number += 1
        self._add(["\n\n".join(items) if is_loose else "\n".join(items)] if items else [])
        self._list_mark = mark if items else self._list_mark

    def _items(self, element: Element, style: Style) -> list[list[str]]:
        """The blocks of each item that has words; what stands between items belongs to the one before it."""
        items: list[list[str]] = []
        for child in element.children:
            if isinstance(child, Element) and child.tag == "li":
                items.append(self._inner(child.children, style))
            elif blocks := self._inner([child], style):
                if not items:
                    items.append([])
                items[-1] += blocks
        return [blocks for blocks in items if blocks]

    def _table(self, table: Element, style: Style) -> None:
        """One line per row where the table holds data; the cells one after the other where it only lays out."""
        rows = [row for row in table.walk() if row.tag == "tr"]
        cells = [[e for e in row.children if isinstance(e, Element)] for row in rows]
        inner = {e.tag for e in table.walk()}
        is_layout = bool(inner & {"table", "ul", "ol", "blockquote"}) or max(map(len, cells), default=0) < 2
        if is_layout:
            self.take(table.children, style)
            return
        for caption in (e for e in table.walk() if e.tag == "caption"):
            self.take([*caption.children, Element("p")], style)
        lines = []
        for row in cells:
            is_head = all(cell.tag == "th" for cell in row)
            texts = [_cell(cell, replace(style, is_strong=is_head), self._notes) for cell in row]
            lines.append("- " + " — ".join(text for text in texts if text))
        lines = [line for line in lines if line != "- "]
        if lines:
            self._notes.findings.append((RemarkCode.TABLE_AS_TEXT, table.text()))
            self._add(["\n".join(lines)])
            self._list_mark = "-"


def _cell(cell: Element, style: Style, notes: _Notes) -> str:
    writer = _Writer(notes, is_flat=True)
    writer.take(cell.children, style)
    return writer.line()


def _with_breaks(element: Element) -> Element:
    """The element with a `br` for each end of a line, as `pre` shows them."""
    children: list[Element | str] = []
    for child in element.children:
        if isinstance(child, Element):
            children.append(_with_breaks(child))
            continue
        for number, line in enumerate(child.split("\n")):
            children += [Element("br")] if number else []
            children += [line] if line else []
    return Element(element.tag, element.attributes, children)


def _number(text: str) -> int:
    """The number that a list begins with, in the bounds of Markdown."""
    return min(int(text), _NUMBER_MAX // 2) if text.isascii() and text.isdigit() and len(text) < 12 else 1
