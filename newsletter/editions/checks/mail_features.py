"""Which features of HTML and CSS a mail uses, in the names of caniemail's data."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml.html import HtmlElement

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DECLARATION = re.compile(r"(?:^|[;{])\s*([a-z-]+)\s*:\s*([^;{}]+)", re.IGNORECASE)
_AT_RULE = re.compile(r"@([a-z-]+)([^{;]*)", re.IGNORECASE)
_PSEUDO = re.compile(r"::?([a-z-]+)(?=[^{}]*\{)", re.IGNORECASE)
_FAMILIES = {
    "border": re.compile(r"border(?:-(?:top|right|bottom|left))?(?:-(?:color|style|width))?"),
    "border-radius": re.compile(r"border(?:-(?:top|bottom)-(?:left|right))?-radius"),
    "margin": re.compile(r"margin(?:-(?:top|right|bottom|left))?"),
    "padding": re.compile(r"padding(?:-(?:top|right|bottom|left))?"),
    "left-right-top-bottom": re.compile(r"left|right|top|bottom"),
    "gap": re.compile(r"(?:column-|row-)?gap"),
    "grid-template": re.compile(r"grid-template(?:-.*)?"),
    "column-layout-properties": re.compile(r"columns|column-(?:fill|rule.*|span|width)"),
    "margin-inline-block": re.compile(r"margin-(?:inline|block)"),
    "margin-inline-start-end": re.compile(r"margin-inline-(?:start|end)"),
    "padding-inline-block": re.compile(r"padding-(?:inline|block)"),
    "padding-inline-start-end": re.compile(r"padding-inline-(?:start|end)"),
}
_VALUES = {
    "css-display-flex": re.compile(r"display:\s*(?:inline-)?flex"),
    "css-display-grid": re.compile(r"display:\s*(?:inline-)?grid"),
    "css-display-none": re.compile(r"display:\s*none"),
    "css-linear-gradient": re.compile(r"linear-gradient\("),
    "css-radial-gradient": re.compile(r"radial-gradient\("),
    "css-conic-gradient": re.compile(r"conic-gradient\("),
    "css-unit-calc": re.compile(r"calc\("),
    "css-function-clamp": re.compile(r"clamp\("),
    "css-function-min": re.compile(r"(?<![\w-])min\("),
    "css-function-max": re.compile(r"(?<![\w-])max\("),
    "css-function-light-dark": re.compile(r"light-dark\("),
    "css-modern-color": re.compile(r"(?:ok)?l(?:ch|ab)\("),
    "css-variables": re.compile(r"var\(--"),
    "css-rgba": re.compile(r"rgba\("),
    "css-rgb": re.compile(r"rgb\("),
    "css-important": re.compile(r"!important"),
    **{
        f"css-unit-{unit}": re.compile(rf"\d{unit}\b")
        for unit in ("rem", "vh", "vw", "vmin", "vmax", "ch", "ex")
    },
}
_AT_MEDIA = {
    "css-at-media-prefers-color-scheme": "prefers-color-scheme",
    "css-at-media-prefers-reduced-motion": "prefers-reduced-motion",
    "css-at-media-hover": "hover",
    "css-at-media-orientation": "orientation",
}
_ELEMENTS = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "html-h1-h6"),
    **dict.fromkeys(("ul", "ol", "dl"), "html-lists"),
    **dict.fromkeys(
        ("article", "aside", "details", "figcaption", "figure", "footer", "header", "main"), "html-semantics"
    ),
    **dict.fromkeys(("mark", "nav", "section", "summary", "time"), "html-semantics"),
    **dict.fromkeys(("map", "area"), "html-image-maps"),
    **dict.fromkeys(("s", "strike"), "html-strike"),
    "button": "html-button-submit",
}
_ATTRIBUTES: tuple[str, ...] = (
    "align",
    "background",
    "cellpadding",
    "cellspacing",
    "dir",
    "height",
    "hidden",
    "lang",
    "loading",
)
_ATTRIBUTES += ("role", "srcset", "target", "valign", "width", "aria-hidden", "aria-label", "aria-labelledby")
_ATTRIBUTES += ("aria-describedby", "aria-live", "popover", "required")
_PICTURES = {"jpeg": "jpg", "tif": "tiff", "heic": "heif"}


def features_in(page: HtmlElement) -> set[str]:
    """The features that the mail uses: "css-display-flex", "html-picture", "image-webp"."""
    return {*_html_features(page), *_css_features(page)}


def _html_features(page: HtmlElement) -> Iterator[str]:
    for element in page.iter():
        if not isinstance(element.tag, str):
            continue
        yield _ELEMENTS.get(element.tag, f"html-{element.tag}")
        for name in element.attrib:
            if name in _ATTRIBUTES:
                yield "html-loading-attribute" if name == "loading" else f"html-{name}"
        if element.tag == "a":
            yield from _link_features(element.get("href") or "")
        if element.tag == "img":
            yield from _picture_features(element.get("src") or "")


def _link_features(target: str) -> Iterator[str]:
    if target.startswith("#"):
        yield "html-anchor-links"
    if target.startswith("mailto:"):
        yield "html-mailto-links"


def _picture_features(source: str) -> Iterator[str]:
    if source.startswith("data:"):
        yield "image-base64"
        return
    ending = urlsplit(source).path.rpartition(".")[2].lower()
    yield f"image-{_PICTURES.get(ending, ending)}"


def _css_features(page: HtmlElement) -> Iterator[str]:
    sheets = [_COMMENT.sub("", style.text or "") for style in page.iter("style")]
    inline = [element.get("style") or "" for element in page.iter() if isinstance(element.tag, str)]
    for css in [*sheets, *inline]:
        for name, value in _DECLARATION.findall(css):
            yield from _declaration_features(name.lower(), f"{name}:{value}".lower())
    for css in sheets:
        for name, rest in _AT_RULE.findall(css):
            yield f"css-at-{name.lower()}"
            yield from (slug for slug, word in _AT_MEDIA.items() if word in rest)
        for name in _PSEUDO.findall(css):
            yield f"css-pseudo-class-{name.lower()}"
            yield f"css-pseudo-element-{name.lower()}"


def _declaration_features(name: str, declaration: str) -> Iterator[str]:
    family = next((slug for slug, pattern in _FAMILIES.items() if pattern.fullmatch(name)), name)
    yield f"css-{family}"
    yield from (slug for slug, pattern in _VALUES.items() if pattern.search(declaration))
