"""Whether a mail can be read: the contrast of each text with its ground, computed for light and dark (WCAG 2.2, 1.4.3)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import css_inline
from lxml.html import HtmlElement

from newsletter.editions.checks.findings import Finding, finding
from newsletter.editions.checks.mail_markup import parse_mail
from newsletter.foundation.sayings import saying
from newsletter.rendering.colours import contrast, parse_colour

_LEAST, _LEAST_LARGE = 4.5, 3.0
_LARGE_PX, _LARGE_BOLD_PX = 24.0, 18.66
_NAMES = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "gray": "#808080", "grey": "#808080"}
_NAMES |= {"blue": "#0000ff", "green": "#008000", "yellow": "#ffff00", "silver": "#c0c0c0", "navy": "#000080"}
_HEADING_PX = {"h1": 32.0, "h2": 24.0, "h3": 18.72, "h4": 16.0, "h5": 13.28, "h6": 10.72}
_DARK = re.compile(r"@media[^{]*prefers-color-scheme\s*:\s*dark[^{]*\{")
_LIGHT_MODE = saying(
    "In light mode {ink} on {ground} has a contrast of {ratio} to 1, and needs {least}: “{words}”"
)
_DARK_MODE = saying(
    "In dark mode {ink} on {ground} has a contrast of {ratio} to 1, and needs {least}: “{words}”"
)
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)\s*(?:[,/]\s*([\d.]+)(%?)\s*)?\)")


@dataclass(frozen=True, slots=True)
class _Look:
    """How text looks at a place: colours as #rrggbb; `ground` is None over a picture, where nothing can be computed."""

    ink: str = "#000000"
    ground: str | None = "#ffffff"
    size_px: float = 16.0
    is_bold: bool = False

    @property
    def least(self) -> float:
        is_large = self.size_px >= _LARGE_PX or (self.is_bold and self.size_px >= _LARGE_BOLD_PX)
        return _LEAST_LARGE if is_large else _LEAST


def check_contrast(html: str) -> Iterator[Finding]:
    """Each pair of colours that is too pale to be read, once, with the words where it was found first."""
    versions = {False: html}
    if dark_rules := rules_for_dark(html):
        versions[True] = _with_rules(html, dark_rules)
    for is_dark, version in versions.items():
        seen: set[tuple[str, str | None]] = set()
        for words, look in _texts(parse_mail(version), _Look()):
            pair = (look.ink, look.ground)
            if look.ground is None or pair in seen or not _is_text(words):
                continue
            ratio = contrast(look.ink, look.ground)
            if ratio < look.least:
                seen.add(pair)
                message = (_DARK_MODE if is_dark else _LIGHT_MODE).of(
                    ink=look.ink,
                    ground=look.ground,
                    ratio=round(ratio, 1),
                    least=look.least,
                    words=words[:40],
                )
                yield finding("low-contrast", message)


def rules_for_dark(html: str) -> str:
    """The rules of every `@media (prefers-color-scheme: dark)` block, as a style sheet; "" where there is none."""
    rules = []
    for style in parse_mail(html).iter("style"):
        css = style.text or ""
        for match in _DARK.finditer(css):
            rules.append(css[match.end() : _closing(css, match.end())])
    return "\n".join(rules)


def _closing(css: str, start: int) -> int:
    """Where the block that is open at `start` ends."""
    depth = 1
    for at in range(start, len(css)):
        depth += {"{": 1, "}": -1}.get(css[at], 0)
        if depth == 0:
            return at
    return len(css)


def _with_rules(html: str, rules: str) -> str:
    inliner = css_inline.CSSInliner(
        inline_style_tags=False, keep_style_tags=True, load_remote_stylesheets=False, extra_css=rules
    )
    return str(inliner.inline(html))


def _texts(element: HtmlElement, look: _Look) -> Iterator[tuple[str, _Look]]:
    """Each piece of shown text with how it looks."""
    if not isinstance(element.tag, str) or element.tag in {"head", "style", "script"}:
        return
    style = _declarations(element)
    if _is_hidden(style):
        return
    look = _look(element, style, look)
    if element.text and element.text.strip():
        yield " ".join(element.text.split()), look
    for child in element:
        yield from _texts(child, look)
        if child.tail and child.tail.strip():
            yield " ".join(child.tail.split()), look


def _is_text(words: str) -> bool:
    return any(sign.isalnum() for sign in words)


def _declarations(element: HtmlElement) -> dict[str, str]:
    found: dict[str, str] = {}
    important: set[str] = set()
    for declaration in (element.get("style") or "").split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip().lower()
        is_important = value.endswith("!important")
        if colon and (is_important or name not in important):
            found.pop(name, None)  # the later one counts, also between `background` and `background-color`
            found[name] = value.removesuffix("!important").strip()
            if is_important:
                important.add(name)
    return {name: found[name] for name in sorted(found, key=lambda name: name in important)}


def _is_hidden(style: dict[str, str]) -> bool:
    return (
        style.get("display") == "none"
        or style.get("visibility") == "hidden"
        or style.get("max-height") in {"0", "0px"}
    )


def _look(element: HtmlElement, style: dict[str, str], look: _Look) -> _Look:
    if element.tag in _HEADING_PX:
        look = replace(look, size_px=_HEADING_PX[element.tag], is_bold=True)
    elif element.tag in {"b", "strong", "th"}:
        look = replace(look, is_bold=True)
    elif element.tag == "a" and element.get("href"):
        look = replace(look, ink="#0000ee")
    if ground := _colour(element.get("bgcolor") or ""):
        look = replace(look, ground=ground)
    for name, value in style.items():
        if name in {"background", "background-color"}:
            look = replace(look, ground=_ground(value, look.ground))
        elif name == "color":
            look = replace(look, ink=_colour(value) or look.ink)
        elif name == "font-size":
            look = replace(look, size_px=_size_px(value, look.size_px))
        elif name == "font-weight":
            look = replace(look, is_bold=value in {"bold", "bolder", "600", "700", "800", "900"})
    return look


def _ground(value: str, around: str | None) -> str | None:
    if "url(" in value or "gradient(" in value:
        return None
    words = re.findall(r"rgba?\([^)]*\)|[^\s]+", value)
    return next((colour for word in words if (colour := _colour(word))), around)


def _colour(text: str) -> str | None:
    text = text.strip().lower()
    if match := _RGB.fullmatch(text):
        share = 1.0 if match[4] is None else float(match[4]) / (100 if match[5] else 1)
        return (
            None
            if share < 1
            else "#" + "".join(f"{min(int(match[number]), 255):02x}" for number in (1, 2, 3))
        )
    return _NAMES.get(text) or (parse_colour(text) if text.startswith("#") else None)


def _size_px(value: str, around: float) -> float:
    match = re.fullmatch(r"([\d.]+)(px|pt|em|rem|%)", value)
    if match is None:
        return around
    number, unit = float(match[1]), match[2]
    return number * {"px": 1.0, "pt": 4 / 3, "em": around, "rem": 16.0, "%": around / 100}[unit]
