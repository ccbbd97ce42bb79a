"""MJML as text to an element tree that remembers its lines."""

import re
from dataclasses import dataclass
from typing import cast

from lxml import etree

from newsletter.foundation.sayings import Saying, saying
from newsletter.rendering.mjml.mending import BeyondMending, mended, with_numeric_entities
from newsletter.rendering.problems import Code, Level, Problem

# Deeper than any letter; the engine's stack ends the whole process at some thousands (seen with 20 000, mrml 6.0.1).
_DEEPEST = 150
_BELOW_THE_DEEPEST = etree.XPath("/*" * (_DEEPEST + 1))
# `<o:p>` and the like come from word processors, undeclared; COLON stands for the colon until the canonical form is written.
COLON = "_-colon-_"
_TAG_PREFIX = re.compile(r"(</?[A-Za-z][\w-]*):(?=[A-Za-z])")
_ATTRIBUTE_PREFIX = re.compile(r"(\s(?:xmlns|xlink|xml|v|o|w)):(?=[A-Za-z][\w-]*\s*=)")
_NAMESPACE = re.compile(r"""(<mjml\b[^<>]*?)\sxmlns=(?:"[^"]*"|'[^']*')""")
# Each pattern begins with what is rare, so that it is looked for at the speed of memory.
_PROLOGUE = re.compile(r"\A\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE\s[^\[<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReadMjml:
    """A document as elements, and what had to be mended before it could be read."""

    root: etree._Element
    problems: tuple[Problem, ...] = ()


def read_mjml(text: str) -> ReadMjml | Problem:
    """The document, or the one problem that kept the text from being read; lines count in `text` as written."""
    normalised = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for prologue in (_PROLOGUE, _DOCTYPE):
        normalised = prologue.sub(lambda match: "\n" * match[0].count("\n"), normalised)
    normalised = normalised.lstrip(" \t")
    if doctype := re.search("<!DOCTYPE", normalised, re.IGNORECASE):
        line = normalised.count("\n", 0, doctype.start()) + 1
        return _unreadable(saying("a document type has no place in MJML; take it out"), line)
    for prefix in (_TAG_PREFIX, _ATTRIBUTE_PREFIX):
        normalised = prefix.sub(rf"\1{COLON}", normalised)
    normalised = _NAMESPACE.sub(r"\1", normalised, count=1)
    try:
        return _checked(_parsed(with_numeric_entities(normalised)))
    except etree.XMLSyntaxError as error:
        detail, line = _words(error), error.lineno or 1
    try:
        read = _checked(_parsed(mended(normalised)))
    except (etree.XMLSyntaxError, BeyondMending):
        return _unreadable(detail, line)
    if isinstance(read, Problem):
        return read
    message = saying("The MJML is not well-formed and was mended: {detail}.", detail=detail)
    return ReadMjml(read.root, (Problem(Code.MJML_MENDED, Level.NOTES, message, line, "mjml"),))


def line_of(element: etree._Element) -> int:
    """The line on which the element's tag stands."""
    line = element.sourceline
    return line if isinstance(line, int) else 1


def attributes_of(element: etree._Element) -> dict[str, str]:
    """The element's attributes, in order, as plain texts."""
    return dict(cast("list[tuple[str, str]]", element.items()))


def parent_of(element: etree._Element) -> etree._Element:
    """The element around this one. Raises ValueError for the root."""
    parent = element.getparent()
    if parent is None:
        raise ValueError("the root element has no parent")
    return parent


def _parsed(text: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_pis=True, encoding="utf-8")
    return etree.fromstring(text.encode("utf-8", "surrogatepass"), parser)


def _checked(root: etree._Element) -> ReadMjml | Problem:
    if root.tag != "mjml":
        return _unreadable(
            saying("it begins with <{tag}>, not with <mjml>", tag=str(root.tag)), line_of(root)
        )
    return _too_deep(root) or ReadMjml(root)


def _words(error: etree.XMLSyntaxError) -> Saying:
    """What the parser says, which is English whatever the language; our own words where it says nothing."""
    said = re.sub(r", line \d+, column \d+$", "", error.msg or "").replace(COLON, ":")
    return Saying("{detail}", (("detail", said),)) if said else saying("it is not well-formed")


def _too_deep(root: etree._Element) -> Problem | None:
    too_deep = cast("list[etree._Element]", _BELOW_THE_DEEPEST(root))
    if not too_deep:
        return None
    detail = saying("elements stand more than {most} deep in each other", most=_DEEPEST)
    return _unreadable(detail, line_of(too_deep[0]))


def _unreadable(detail: Saying, line: int) -> Problem:
    message = saying("The MJML cannot be read: {detail}.", detail=detail)
    return Problem(Code.MJML_UNREADABLE, Level.BLOCKS, message, line, "mjml")
