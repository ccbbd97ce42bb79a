"""What the engine leaves out, done after it: `mj-style inline="inline"` and mj-html-attributes.

Both go through css-inline, which keeps Outlook's comments and our markers where they stand.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import css_inline
from lxml import etree

from newsletter.rendering.mjml.engine import engine_refusals

_OPENING_TAG = re.compile(r"<[a-z][a-z0-9]*(?: [^<>\"]*(?:\"[^\"]*\"[^<>\"]*)*)?>")
_MARK = "--newsletter-attribute-"
_STYLE = re.compile(r' style="([^"]*)"')
_SPACED = re.compile(r"(?:^|(?<=;))\s*([\w-]+):\s+")
_IMPORTANT = re.compile(r"\s*!\s*important")
_TIGHT = r"\1:"


@dataclass(frozen=True, slots=True)
class Afterwork:
    """What was taken out: CSS to write into style attributes, (selector, attribute, value), and what stands before the document."""

    css: str
    attributes: tuple[tuple[str, str, str], ...]
    before: str = ""


def take_afterwork(root: etree._Element) -> Afterwork:
    """Takes inline styles and HTML attributes out of the head of `root`, and mj-raw that stands outside head and body."""
    css: list[str] = []
    attributes: list[tuple[str, str, str]] = []
    for head in root.findall("mj-head"):
        for style in [style for style in head.findall("mj-style") if style.get("inline") == "inline"]:
            css.append(style.text or "")
            head.remove(style)
        for block in head.findall("mj-html-attributes"):
            attributes += _html_attributes(block)
            head.remove(block)
    before = [_inside(raw) for raw in root.findall("mj-raw") if raw.get("position") == "file-start"]
    for raw in root.findall("mj-raw"):
        root.remove(raw)
    return Afterwork("\n".join(css), tuple(attributes), "".join(before))


def apply_afterwork(html: str, work: Afterwork) -> str:
    """`html` with the styles inlined and the attributes set (bugs 5 and 6), in the serialisation of html5ever.

    Raises EngineRefused where the CSS cannot be read.
    """
    if not work.css.strip() and not work.attributes:
        return work.before + html
    marks = "".join(
        f"{path} {{ {_MARK}{number}: 1 }}\n" for number, (path, _, _) in enumerate(work.attributes)
    )
    inliner = css_inline.CSSInliner(
        inline_style_tags=False,  # <style> blocks stay as they are: they hold the media queries
        keep_style_tags=True,
        keep_link_tags=True,
        load_remote_stylesheets=False,
        extra_css=f"{work.css}\n{marks}",
    )
    with engine_refusals():
        inlined = inliner.inline(html)
    # Nothing is important that the inlined CSS made so: media queries must still win.
    unimportant = _IMPORTANT if "!important" in work.css else None
    inlined = _STYLE.sub(lambda style: f' style="{_tight(style[1], unimportant)}"', inlined)
    if work.attributes:
        inlined = _OPENING_TAG.sub(lambda tag: _set_marked(tag[0], work), inlined)
    return work.before + inlined


@lru_cache(4096)
def _tight(style: str, unwanted: re.Pattern[str] | None) -> str:
    """A style without needless space; the same few stand in a letter again and again."""
    written = _SPACED.sub(_TIGHT, style).removesuffix(";")
    return unwanted.sub("", written) if unwanted else written


def _inside(raw: etree._Element) -> str:
    return escape(raw.text or "", quote=False) + "".join(
        etree.tostring(child, encoding="unicode") for child in raw
    )


def _html_attributes(block: etree._Element) -> list[tuple[str, str, str]]:
    return [
        (selector.get("path", ""), attribute.get("name", ""), (attribute.text or "").strip())
        for selector in block.findall("mj-selector")
        for attribute in selector.findall("mj-html-attribute")
    ]


def _set_marked(tag: str, work: Afterwork) -> str:
    style = _STYLE.search(tag)
    if style is None or _MARK not in style[1]:
        return tag
    declarations = [part.strip() for part in style[1].split(";") if part.strip()]
    kept = [part for part in declarations if not part.startswith(_MARK)]
    tag = tag.replace(style[0], f' style="{"; ".join(kept)}"' if kept else "", 1)
    for mark in (part for part in declarations if part.startswith(_MARK)):
        _, name, value = work.attributes[int(mark.removeprefix(_MARK).split(":")[0])]
        tag = _set(tag, name, value)
    return tag


def _set(tag: str, name: str, value: str) -> str:
    written = f' {name}="{value.replace("&", "&amp;").replace(chr(34), "&quot;")}"'
    without = re.sub(rf' {re.escape(name)}="[^"]*"', "", tag)
    return f"{without[:-1]}{written}>"
