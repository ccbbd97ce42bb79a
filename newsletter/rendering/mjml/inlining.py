"""What the engine leaves out, done after it: `mj-style inline="inline"` and mj-html-attributes.

Both go through css-inline, which keeps Outlook's comments and our markers where they stand.
"""

import re
from dataclasses import dataclass

import css_inline
from lxml import etree

from newsletter.rendering.mjml.engine import engine_refusals

_OPENING_TAG = re.compile(r"<[a-z][a-z0-9]*(?: [^<>\"]*(?:\"[^\"]*\"[^<>\"]*)*)?>")
_MARK = "--newsletter-attribute-"
_STYLE = re.compile(r' style="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Afterwork:
    """What was taken out of the head: CSS to write into style attributes, and (selector, attribute, value)."""

    css: str
    attributes: tuple[tuple[str, str, str], ...]


def take_afterwork(root: etree._Element) -> Afterwork:
    """Takes inline styles and HTML attributes out of the head of `root`."""
    css: list[str] = []
    attributes: list[tuple[str, str, str]] = []
    for head in root.findall("mj-head"):
        for style in [style for style in head.findall("mj-style") if style.get("inline") == "inline"]:
            css.append(style.text or "")
            head.remove(style)
        for block in head.findall("mj-html-attributes"):
            attributes += _html_attributes(block)
            head.remove(block)
    return Afterwork("\n".join(css), tuple(attributes))


def apply_afterwork(html: str, work: Afterwork) -> str:
    """`html` with the styles inlined and the attributes set (bugs 5 and 6), in the serialisation of html5ever.

    Raises EngineRefused where the CSS cannot be read.
    """
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
    return _OPENING_TAG.sub(lambda tag: _set_marked(tag[0], work), inlined) if work.attributes else inlined


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
