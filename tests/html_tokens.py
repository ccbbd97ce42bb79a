"""HTML of a mail as a stream of tokens in which only differences that somebody could see or hear remain.

The insides of Outlook's conditional comments are tokens too; what a browser closes or opens by itself (`</p>`, `tbody`) is none.
Forgiven are the order of attributes, declarations and rules, white space, `#fff` for `#ffffff`, `0` for `0px`, digits of long
fractions, an empty `alt` where there was none, random ids, `vertical-align` of table cells that is the default, and what
MJML 5 added without effect: `word-spacing: normal`, `border: 0` of pictures.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

_CONDITION = re.compile(r"\[if ([^\]]*)\]>(.*?)(?:<!\[endif\])?\Z", re.DOTALL)
_LONE_MARK = re.compile(r"\s*(?:<!\[endif\]|\[if [^\]]*\]>\s*<!)\s*\Z")
_RANDOM = re.compile(r"\b(?:[0-9a-f]{8}|[0-9a-f]{16})\b")
_LONG_CLASS = re.compile(r"(?<=mj-column-per-)(\d+)-(\d{4})\d+")
_SHORT_COLOUR = re.compile(r"#([0-9a-f])([0-9a-f])([0-9a-f])(?![0-9a-f])")
# Void elements, and those that browsers close or open by themselves.
_WITHOUT_END = frozenset({"br", "img", "meta", "link", "hr", "input", "wbr", "tbody", "p", "li"})
_MEANS_NOTHING = frozenset({("td", "vertical-align"), ("html", "xmlns")})
_FRACTION = re.compile(r"\d+\.\d+")
_COMBINATOR = re.compile(r"\s*([+>~,])\s*")


@dataclass(slots=True)
class Tokens:
    """What a reader of HTML is given (`seen`), what Outlook is given besides, the style sheets, and linked fonts."""

    seen: list[object] = field(default_factory=list)
    outlook: list[object] = field(default_factory=list)
    css: list[str] = field(default_factory=list)
    fonts: list[str] = field(default_factory=list)


def tokens_of(html: str) -> Tokens:
    """The tokens of a whole document."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return Tokens(_merged(reader.seen), _merged(reader.outlook), sorted(reader.css), sorted(reader.fonts))


def differences(one: str, other: str) -> tuple[str, ...]:
    """In which respects two documents differ: of `seen`, `outlook`, `css` and `fonts`."""
    first, second = tokens_of(one), tokens_of(other)
    return tuple(
        name for name in ("seen", "outlook", "css", "fonts") if getattr(first, name) != getattr(second, name)
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[object] = []
        self.outlook: list[object] = []
        self.css: list[str] = []
        self.fonts: list[str] = []
        self._last: object = None
        self._is_css = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in reversed(attrs)}
        if tag == "link" and values.get("rel") == "stylesheet":
            self.fonts.append(values.get("href", ""))
            return
        self._is_css = tag == "style"
        if not self._is_css and tag != "tbody":
            self._add(("<", tag, _attributes(tag, values)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _WITHOUT_END:
            self._add(("</", tag))

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._is_css = False
        elif tag not in _WITHOUT_END:
            self._add(("</", tag))

    def handle_data(self, data: str) -> None:
        if self._is_css:
            self._take_css(data)
        # An end without a beginning is nothing to a browser, and text to html.parser.
        elif text := " ".join(data.replace("<![endif]-->", "").replace("\u00a0", "\ufffc").split()):
            self._add(text)

    def handle_comment(self, data: str) -> None:
        if _LONE_MARK.match(data):
            return
        match = _CONDITION.match(data)
        if match is None:
            return
        inner = _Reader()
        inner.feed(match[2])
        inner.close()
        elements_before = sum(isinstance(token, tuple) and token[0] == "<" for token in self.seen)
        opening = (elements_before, "if", " ".join(match[1].split()))
        if self._last != opening:  # two comments that touch are one
            self.outlook.append(opening)
        self._last = opening
        self.outlook += [*inner.seen, *inner.outlook, *inner.css]

    def handle_decl(self, decl: str) -> None:
        self._add(decl.lower())

    def unknown_decl(self, data: str) -> None:
        """`<![endif]` that stands alone says nothing."""

    def _add(self, token: object) -> None:
        self.seen.append(token)

    def _take_css(self, text: str) -> None:
        for address in re.findall(r"@import url\(([^)]*)\)", text):
            self.fonts.append(address.strip("'\""))
        text = re.sub(r"@import url\([^)]*\);?|/\*.*?\*/", "", text, flags=re.DOTALL)
        self.css += [_value(rule) for rule in _rules(text)]


def _rules(text: str) -> list[str]:
    """Each rule of a style sheet, those of a media query with it before them."""
    found, depth, start, outer = [], 0, 0, ""
    for place, sign in enumerate(text):
        if sign == "{":
            depth += 1
            head = text[start:place].strip()
            if head.startswith("@media"):
                outer, start, depth = head, place + 1, 0
        elif sign == "}":
            if depth == 0:
                outer = ""
            else:
                selector, _, body = text[start:place].partition("{")
                selector = _COMBINATOR.sub(r"\1", " ".join(selector.split()))
                found.append(f"{outer} {selector} {_style(body)}")
                depth -= 1
            start = place + 1
    return found


def _attributes(tag: str, values: dict[str, str]) -> tuple[tuple[str, str], ...]:
    out = {}
    for name, value in values.items():
        if (tag, name) in _MEANS_NOTHING or (name in {"alt", "class", "title"} and not value.strip()):
            continue
        if name == "style":
            out[name] = _style(value.replace("border:0;", "") if tag == "img" else value)
        elif name == "class":
            out[name] = " ".join(sorted(_value(value).split()))
        else:
            out[name] = _value(value.strip())
    return tuple(sorted(item for item in out.items() if item != ("style", "")))


def _style(text: str) -> str:
    declarations = {}
    for part in re.split(r";(?![^(]*\))", text):
        name, _, value = part.partition(":")
        if value.strip() and (name.strip(), value.strip()) != ("word-spacing", "normal"):
            declarations[name.strip().lower()] = _value(" ".join(value.split()))
    if declarations.get("vertical-align") == "top" and len(declarations) == 1:
        return ""
    return "; ".join(f"{name}: {value}" for name, value in sorted(declarations.items()))


def _value(text: str) -> str:
    text = re.sub(r"\s*!\s*important", " !important", re.sub(r"(?<![\w.#])0px\b", "0", text))
    text = _LONG_CLASS.sub(r"\1-\2", text)
    text = _RANDOM.sub("#", text.replace("'", '"').replace(", ", ","))
    text = _SHORT_COLOUR.sub(r"#\1\1\2\2\3\3", re.sub(r"#[0-9A-Fa-f]{3,8}", lambda m: m[0].lower(), text))
    return _FRACTION.sub(lambda match: f"{float(match[0]):.3f}".rstrip("0").rstrip("."), text)


def _merged(tokens: list[object]) -> list[object]:
    """The stream with neighbouring texts as one: where the markup is cut says nothing."""
    out: list[object] = []
    for token in tokens:
        if isinstance(token, str) and out and isinstance(out[-1], str):
            out[-1] = f"{out[-1]} {token}"
        else:
            out.append(token)
    return out
