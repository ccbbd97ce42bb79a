"""Resolves mj-attributes, classes and defaults into the elements themselves, and mends values that the engine misreads.

The order is MJML's own: mj-all, the tag's defaults, mj-class from left to right, children of the parent's mj-class,
then what the element itself says. Numbers of bugs are those of docs/decisions/0006-mjml-pipeline.md.
"""

import re
from dataclasses import dataclass, field

from lxml import etree

from newsletter.rendering.mjml.schema import schema
from newsletter.rendering.mjml.source import attributes_of, parent_of
from newsletter.rendering.mjml.values import takes_measures

_BARE_ZERO = re.compile(r"(?<![\w.#])0(?![\w.%])")
_WITH_ALT = frozenset({"mj-image", "mj-social-element"})
_FALLBACK_FONTS = "Helvetica, Arial, sans-serif"
# What these children do not say themselves, they take from their parent in the engine.
_INHERITING = {"mj-social-element": "mj-social"}


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
    body = root.find("mj-body")
    if body is not None:
        _resolve(body, "", defaults)


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
    element.attrib.clear()
    for name, value in values.items():
        element.set(name, _with_unit(tag, name, value))
    if not schema().holds_html(tag):
        for child in element.iterchildren(etree.Element):
            _resolve(child, classes or classes_above, defaults)


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
    inherited = attributes_of(parent_of(element)) if tag in _INHERITING else {}
    for name, value in defaults.everywhere.items():
        if name in allowed and name not in inherited:
            values.setdefault(name, value)
    if tag in _WITH_ALT:  # bug 9
        values.setdefault("alt", "")
    if defaults.fallback_fonts and "font-family" in allowed and "font-family" not in inherited:  # bug 12
        values.setdefault("font-family", defaults.fallback_fonts)
    if values.get("full-width") != "full-width":  # bug 10
        values.pop("full-width", None)


def _with_unit(tag: str, name: str, value: str) -> str:
    """Bug 4: a zero without unit makes the engine forget the padding when it computes widths."""
    component = schema().components.get(tag)
    kind = component.attributes.get(name, "") if component else ""
    if name != "line-height" and (takes_measures(kind) or name.endswith("border-radius")):
        return _BARE_ZERO.sub("0px", value)
    return value
