"""mj-include: files of others set into a document, where the caller has a way of reading them."""

import re
from collections.abc import Callable

from lxml import etree

from newsletter.foundation.errors import NewsletterError
from newsletter.foundation.sayings import Saying, saying
from newsletter.rendering.mjml.source import ReadMjml, line_of, parent_of, read_mjml
from newsletter.rendering.problems import Code, Level, Problem

Loader = Callable[[str], str]
_MOST = 100  # includes of one document, those inside others counted: a circle ends here


def take_in(root: etree._Element, loader: Loader | None) -> list[Problem]:
    """Replaces each mj-include of `root` by what its path holds; what could not be taken in is left out and told.

    `loader` is given the path as written and may raise OSError, ValueError, LookupError or an error of ours. MJML
    (a whole document or its pieces), `type="html"` and `type="css"` are understood. Lines inside count as the include's.
    """
    problems: list[Problem] = []
    for _ in range(_MOST):
        include = next(root.iter("mj-include"), None)
        if include is None:
            return problems
        problems += _replace(include, loader)
    for include in list(root.iter("mj-include")):
        problems.append(
            _problem(
                include,
                saying("There are more than {most} includes; does a file include itself?", most=_MOST),
            )
        )
        parent_of(include).remove(include)
    return problems


def _replace(include: etree._Element, loader: Loader | None) -> list[Problem]:
    path = include.get("path", "")
    parent = parent_of(include)
    place = parent.index(include)
    try:
        if loader is None:
            return [
                _problem(
                    include, saying("“{path}” is not included: nothing was given to read it with.", path=path)
                )
            ]
        found, problems = _elements(include, loader(path))
    except (OSError, ValueError, LookupError, NewsletterError) as error:
        return [
            _problem(
                include,
                saying("“{path}” could not be included: {detail}.", path=path, detail=str(error).rstrip(".")),
            )
        ]
    finally:
        parent.remove(include)
    line = line_of(include)
    for offset, element in enumerate(found):
        for inner in element.iter(etree.Element):
            inner.sourceline = line  # type: ignore[assignment]  # the stubs know it as an ellipsis
        parent.insert(place + offset, element)
    return problems


def _elements(include: etree._Element, text: str) -> tuple[list[etree._Element], list[Problem]]:
    kind = include.get("type", "mjml")
    if kind == "css":
        style = etree.Element("mj-style")
        if include.get("css-inline") == "inline":
            style.set("inline", "inline")
        style.text = text
        return [style], []
    is_head = parent_of(include).tag == "mj-head"
    inside = f"<mj-raw>{text}</mj-raw>" if kind == "html" else text
    if not re.search(r"<mjml[\s>]", inside):
        inside = (
            f"<mjml><mj-head>{inside}</mj-head></mjml>"
            if is_head
            else f"<mjml><mj-body>{inside}</mj-body></mjml>"
        )
    read = read_mjml(inside)
    if not isinstance(read, ReadMjml):
        message = saying("“{path}” cannot be taken in. {why}", path=include.get("path", ""), why=read.message)
        return [], [_problem(include, message)]
    head, body = read.root.find("mj-head"), read.root.find("mj-body")
    if is_head:
        return list(head) if head is not None else [], []
    _append_head(include, head)
    return list(body) if body is not None else [], []


def _append_head(include: etree._Element, head: etree._Element | None) -> None:
    """The head of an included document joins that of the including one."""
    if head is None:
        return
    root = include.getroottree().getroot()
    own = root.find("mj-head")
    if own is None:
        own = etree.Element("mj-head")
        root.insert(0, own)
    for element in list(head):
        own.append(element)


def _problem(include: etree._Element, message: Saying) -> Problem:
    return Problem(Code.MJML_NOT_INCLUDED, Level.BLOCKS, message, line_of(include), "mjml")
