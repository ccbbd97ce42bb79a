"""The schema's rules and the house's own, put to an MJML tree: what is wrong, with its line."""

from collections.abc import Iterator

from lxml import etree

from newsletter.foundation.sayings import Saying, saying
from newsletter.rendering.mjml.schema import schema
from newsletter.rendering.mjml.source import attributes_of, line_of
from newsletter.rendering.mjml.values import fits
from newsletter.rendering.problems import Code, Level, Problem

# The engine (mrml 6.0.1) draws these wrongly and no rewriting helps; docs/decisions/0006-mjml-pipeline.md.
_UNUSED_TAGS = frozenset(
    {
        *("mj-hero", "mj-carousel", "mj-carousel-image", "mj-navbar", "mj-navbar-link", "mj-include"),
        *("mj-accordion", "mj-accordion-element", "mj-accordion-title", "mj-accordion-text"),
    }
)
_UNUSED_ATTRIBUTES = frozenset(
    {
        *(("mjml", "owa"), ("mj-section", "gutter"), ("mj-raw", "position"), ("mj-group", "border-radius")),
    }
)
_UNUSED_VALUES = frozenset(
    {("mj-social", "icon-position", "right"), ("mj-social-element", "icon-position", "right")}
)


def check_mjml(root: etree._Element) -> list[Problem]:
    """Every breach of the schema and every component that the house does not use, in the order of lines."""
    problems = [problem for element in _mjml_elements(root) for problem in _check(element)]
    return sorted(problems, key=lambda problem: problem.line or 0)


def _mjml_elements(element: etree._Element) -> Iterator[etree._Element]:
    """The element and its MJML children; what an ending tag holds is HTML and not looked at."""
    yield element
    if schema().holds_html(str(element.tag)):
        return
    for child in element.iterchildren(etree.Element):
        yield from _mjml_elements(child)


def _check(element: etree._Element) -> Iterator[Problem]:
    tag = str(element.tag)
    parent = element.getparent()
    parent_tag = "" if parent is None else str(parent.tag)
    if tag in _UNUSED_TAGS:
        message = saying("<{tag}> is not used here: the engine draws it wrongly.", tag=tag)
        yield _problem(Code.MJML_NOT_USED_HERE, element, message)
    elif parent_tag in {"mj-attributes", "mj-class"} and tag in {"mj-all", "mj-class"}:
        return
    elif tag not in schema().components:
        yield _problem(Code.MJML_UNKNOWN_ELEMENT, element, saying("<{tag}> is no MJML element.", tag=tag))
        return
    elif tag not in schema().children.get(parent_tag, frozenset({tag})):
        message = saying("<{tag}> may not stand in <{parent}>.", tag=tag, parent=parent_tag)
        yield _problem(Code.MJML_MISPLACED_ELEMENT, element, message)
    if tag in schema().components:
        yield from _check_attributes(element, tag)
    if not schema().holds_html(tag) and _loose_text(element):
        message = saying("Text stands loose in <{tag}> and would be lost.", tag=tag)
        yield _problem(Code.MJML_LOOSE_TEXT, element, message)


def _check_attributes(element: etree._Element, tag: str) -> Iterator[Problem]:
    allowed = schema().components[tag].attributes
    for name, value in attributes_of(element).items():
        if (tag, name) in _UNUSED_ATTRIBUTES or (tag, name, value) in _UNUSED_VALUES:
            message = saying(
                "{attribute} of <{tag}> is not used here: the engine ignores or breaks it.",
                attribute=f'{name}="{value}"',
                tag=tag,
            )
            yield _problem(Code.MJML_NOT_USED_HERE, element, message)
        elif name not in allowed:
            message = saying("<{tag}> has no attribute {name}.", tag=tag, name=name)
            yield _problem(Code.MJML_UNKNOWN_ATTRIBUTE, element, message)
        elif not fits(value, allowed[name]):
            message = saying(
                "{attribute} of <{tag}> is not of the kind {kind}.",
                attribute=f'{name}="{value}"',
                tag=tag,
                kind=allowed[name],
            )
            yield _problem(Code.MJML_BAD_VALUE, element, message)


def _loose_text(element: etree._Element) -> bool:
    texts = [element.text, *(child.tail for child in element)]
    return any(text and text.strip() for text in texts)


def _problem(code: Code, element: etree._Element, message: Saying) -> Problem:
    return Problem(code, Level.BLOCKS, message, line_of(element), "mjml")
