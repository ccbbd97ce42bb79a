"""MJML as text to an element tree that remembers its lines."""

import html.entities
import re

from lxml import etree

from newsletter.rendering.problems import Code, Level, Problem

# Deeper than any letter; the engine's stack ends the whole process at some thousands (seen with 20 000, mrml 6.0.1).
_DEEPEST = 150
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_PROLOGUE = re.compile(r"\A\s*<\?xml[^>]*\?>")


def read_mjml(text: str) -> etree._Element | Problem:
    """The root element, or the one problem that kept the text from being read; lines count in `text` as written."""
    normalised = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    normalised = _PROLOGUE.sub(lambda match: "\n" * match[0].count("\n"), normalised)
    if doctype := re.search("<!DOCTYPE", normalised, re.IGNORECASE):
        line = normalised.count("\n", 0, doctype.start()) + 1
        return _unreadable("a document type has no place in MJML; take it out", line)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_pis=True, encoding="utf-8")
    try:
        root = etree.fromstring(_ENTITY.sub(_numeric, normalised).encode("utf-8", "surrogatepass"), parser)
    except etree.XMLSyntaxError as error:
        return _unreadable(error.msg or "it is not well-formed", error.lineno or 1)
    if root.tag != "mjml":
        return _unreadable(f"it begins with <{root.tag}>, not with <mjml>", line_of(root))
    return _too_deep(root) or root


def line_of(element: etree._Element) -> int:
    """The line on which the element's tag stands."""
    line = element.sourceline
    return line if isinstance(line, int) else 1


def attributes_of(element: etree._Element) -> dict[str, str]:
    """The element's attributes, in order, as plain texts."""
    return {str(name): str(value) for name, value in element.attrib.items()}


def _numeric(match: re.Match[str]) -> str:
    """HTML's named entities are unknown to XML; as numbers they mean the same."""
    if match[1] in _XML_ENTITIES:
        return match[0]
    characters = html.entities.html5.get(f"{match[1]};")
    return "".join(f"&#{ord(character)};" for character in characters) if characters else match[0]


def _too_deep(root: etree._Element) -> Problem | None:
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST:
            return _unreadable(f"elements stand more than {_DEEPEST} deep in each other", line_of(element))
    return None


def _unreadable(message: str, line: int) -> Problem:
    return Problem(Code.MJML_UNREADABLE, Level.BLOCKS, f"The MJML cannot be read: {message}.", line, "mjml")
