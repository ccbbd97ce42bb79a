"""Resolves mj-attributes, classes and defaults into the elements themselves, and mends values that the engine misreads.

The order is MJML's own: mj-all, the tag's defaults, mj-class from left to right, children of the parent's mj-class,
then what the element itself says. Numbers of bugs are those of docs/decisions/0006-mjml-pipeline.md.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from newsletter.rendering.mjml.schema import schema
from newsletter.rendering.mjml.source import attributes_of, parent_of
from newsletter.rendering.mjml.values import takes_measures

# The engine forgets paddings in percent when it computes widths, where npm's MJML takes their figure as pixels. It prints
# what it was given, so a percentage goes through it as pixels that begin with two zeros.
_PERCENT = re.compile(r"(?<![\w.])([1-9]\d*)%")
_AS_PIXELS = re.compile(r"00(?<![\w.#]00)([1-9]\d*)px")
_BARE_ZERO = re.compile(r"(?<![\w.#])0(?![\w.%])")
_USUAL_WIDTH = 600
_WITH_ALT = frozenset({"mj-image", "mj-social-element"})
_FALLBACK_FONTS = "Helvetica, Arial, sans-serif"
_NOTHING_WHEN_EMPTY = frozenset({"mj-title", "mj-preview"})
# Their font is that of the accordion, unless they themselves say another: defaults and classes do not count.
_WITH_FONT_OF_PARENT = frozenset({"mj-accordion-title", "mj-accordion-text"})
# A column has no `align`, but for Outlook npm's MJML gives it that of mj-all.
# What mj-social gives to its elements, before mj-all.
_SOCIAL_GIVES = frozenset(
    {
        *("border-radius", "color", "font-family", "font-size", "font-weight", "font-style", "icon-size"),
        *("icon-height", "icon-padding", "text-padding", "line-height", "text-decoration"),
    }
)
_UNDECLARED = frozenset({("mj-column", "align")})


@dataclass(slots=True)
class _Defaults:
    everywhere: dict[str, str] = field(default_factory=dict)
    by_tag: dict[str, dict[str, str]] = field(default_factory=dict)
    by_class: dict[str, dict[str, str]] = field(default_factory=dict)
    by_class_child: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    fallback_fonts: str = ""  # instead of the engine's own, which is a web font


def resolve_attributes(root: etree._Element, *, with_webfonts: bool) -> None:
    """Every body element of `root` gets all its attributes itself; mj-attributes leaves the head."""
    defaults = _take_defaults(root)
    defaults.fallback_fonts = "" if with_webfonts else _FALLBACK_FONTS
    for entry in root.findall("mj-head/*"):
        is_empty = not "".join(map(str, entry.itertext())).strip()
        if entry.tag not in schema().components or (entry.tag in _NOTHING_WHEN_EMPTY and is_empty):
            parent_of(entry).remove(entry)
    body = root.find("mj-body")
    if body is not None:
        _resolve(body, "", defaults)


def with_percents(html: str) -> str:
    """`html` of the engine with the percentages that went through it as pixels."""
    return _AS_PIXELS.sub(r"\1%", html)


def _take_defaults(root: etree._Element) -> _Defaults:
    defaults = _Defaults()
    for block in root.findall("mj-head/mj-attributes"):
        for entry in block.iterchildren(etree.Element):
            _take_entry(entry, defaults)
        parent_of(block).remove(block)
    return defaults


def _take_entry(entry: etree._Element, defaults: _Defaults) -> None:
    values = attributes_of(entry)
    if entry.tag == "mj-all":
        defaults.everywhere.update(values)
    elif entry.tag == "mj-class":
        name = values.pop("name", "")
        defaults.by_class.setdefault(name, {}).update(values)
        for child in entry.iterchildren(etree.Element):
            defaults.by_class_child.setdefault((name, str(child.tag)), {}).update(attributes_of(child))
    else:
        defaults.by_tag.setdefault(str(entry.tag), {}).update(values)


def _resolve(element: etree._Element, classes_above: str, defaults: _Defaults) -> None:
    tag = str(element.tag)
    own = attributes_of(element)
    classes = own.pop("mj-class", "")
    values = {**defaults.by_tag.get(tag, {}), **_of_classes(classes, defaults)}
    for name in classes_above.split():
        values.update(defaults.by_class_child.get((name, tag), {}))
    values.update(own)
    _fill_in(element, tag, values, defaults)
    if tag in _WITH_FONT_OF_PARENT and "font-family" not in own:
        values.pop("font-family", None)
    element.attrib.clear()
    for name, value in values.items():
        element.set(name, _with_unit(tag, name, value))
    if not schema().holds_html(tag):
        for child in list(element.iterchildren(etree.Element)):
            if child.tag in schema().components:
                _resolve(child, classes or classes_above, defaults)
            else:  # npm's MJML leaves out what it does not know; the checker has told it
                element.remove(child)


def _of_classes(classes: str, defaults: _Defaults) -> dict[str, str]:
    """Bug 7: of several classes the last one wins, and their css-classes add up."""
    values: dict[str, str] = {}
    for name in classes.split():
        added = defaults.by_class.get(name, {})
        both = [values.get("css-class", ""), added.get("css-class", "")]
        values = {**values, **added}
        if any(both):
            values["css-class"] = " ".join(filter(None, both))
    return values


def _fill_in(element: etree._Element, tag: str, values: dict[str, str], defaults: _Defaults) -> None:
    component = schema().components.get(tag)
    allowed = component.attributes if component else {}
    given = _given_by_parent(element) if tag == "mj-social-element" else frozenset()
    for name, value in defaults.everywhere.items():
        if (name in allowed and name not in given) or (tag, name) in _UNDECLARED:
            values.setdefault(name, value)
    if tag in _WITH_ALT:  # bug 9
        values.setdefault("alt", "")
    if defaults.fallback_fonts and "font-family" in allowed and "font-family" not in given:  # bug 12
        values.setdefault("font-family", defaults.fallback_fonts)
    if values.get("full-width") != "full-width":  # bug 10
        values.pop("full-width", None)


def _given_by_parent(element: etree._Element) -> frozenset[str]:
    parent = attributes_of(parent_of(element))
    given = _SOCIAL_GIVES.intersection(parent)
    return given | {"padding"} if "inner-padding" in parent else given


@lru_cache(4096)
def _with_unit(tag: str, name: str, value: str) -> str:
    """Bug 4: a zero without unit makes the engine forget the padding when it computes widths."""
    component = schema().components.get(tag)
    kind = component.attributes.get(name, "") if component else ""
    if name.startswith("padding"):
        value = _PERCENT.sub(r"00\1px", value)
    elif (tag, name) == ("mj-column", "width"):
        return _barely_less(value)
    elif (tag, name) == (
        "mj-image",
        "width",
    ):  # npm's MJML takes the figure as pixels whatever stands behind it
        return re.sub(r"^\s*(\d+)[.\d]*(?:px|%)?\s*$", r"\1px", value)
    if name != "line-height" and (takes_measures(kind) or name.endswith("border-radius")):
        return _BARE_ZERO.sub("0px", value)
    return value


def _barely_less(width: str) -> str:
    """A third written with sixteen digits falls short of it for npm's MJML, and is rounded up by the engine."""
    number = re.fullmatch(r"(\d+\.\d{4})\d{6,}%", width)
    if number is None:
        return width
    pixels = _USUAL_WIDTH * float(width[:-1]) / 100
    return f"{number[1]}%" if pixels < round(pixels) else width
