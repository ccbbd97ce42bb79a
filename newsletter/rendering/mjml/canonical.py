"""The one way of writing MJML that the engine reads without fault: ASCII, no space between tags, no line breaks.

Numbers of bugs are those of docs/decisions/0006-mjml-pipeline.md.
"""

import re
from functools import lru_cache

from lxml import etree

from newsletter.rendering.mjml.mending import KEEPS_APART, VOID
from newsletter.rendering.mjml.schema import schema
from newsletter.rendering.mjml.source import COLON, attributes_of

_TEXT_ONLY = frozenset({"mj-title", "mj-preview", "mj-breakpoint"})
_MAY_HOLD_RAW = frozenset({"mj-body", "mj-column"})
_SEALED = "@sealed "
_LOOSE = "@loose "
_SEAL = re.compile(f"<!--({_SEALED}|{_LOOSE})((?:[0-9a-f]{{2}})*)-->")
_BROKEN_LINE = re.compile(r"[ \t]*\n[ \t\n]*")
# What may not reach the engine as it is, in the order of its replacing; an XML document holds no other control characters.
_IN_TEXT = {"&": "&amp;"} | {sign: f"&#{ord(sign)};" for sign in "<>\r\x7f"}
_IN_ATTRIBUTE = _IN_TEXT | {sign: f"&#{ord(sign)};" for sign in "\"'\\"}
_UNSAFE_IN_CSS = re.compile(r"[<&]|[^ -~\n\t]")


def unsealed(html: str) -> str:
    """What was made of a canonical document, with Outlook's comments and the loose text of mj-raw as they were written."""
    return _SEAL.sub(_unsealed, html)


def canonical(root: etree._Element) -> str:
    """The tree as MJML in its canonical form."""
    out: list[str] = []
    _write_mjml(root, out)
    return "".join(out).replace(COLON, ":")


def _unsealed(seal: re.Match[str]) -> str:
    text = bytes.fromhex(seal[2]).decode("utf-8", "replace")
    return text if seal[1] == _LOOSE else f"<!--{text}-->"


def _write_mjml(element: etree._Element, out: list[str]) -> None:
    tag = str(element.tag)
    out.append(f"<{tag}{_attributes(element)}>")
    if tag == "mj-style":
        out.append(_UNSAFE_IN_CSS.sub(_css_escape, element.text or ""))
    elif tag in _TEXT_ONLY:
        out.append(_text("".join(map(str, element.itertext(with_tail=False))).strip()))
    elif tag == "mj-raw" and len(element) == 0 and (text := element.text or "").strip():
        # Between two rows of a table an HTML parser, and the inliner is one, would move it.
        out.append(f"<!--{_LOOSE}{_text(text).replace(COLON, ':').encode().hex()}-->")
    elif schema().holds_html(tag):
        _write_content(element, out)
    else:  # bug 2: white space and comments between structural tags are left out, but for those that Outlook reads
        for child in element:
            if isinstance(child, etree._Comment):
                if tag in _MAY_HOLD_RAW and (child.text or "").startswith("[if "):
                    out.append(f"<mj-raw>{_comment(child)}</mj-raw>")
            else:
                _write_mjml(child, out)
    out.append(f"</{tag}>")


def _write_content(element: etree._Element, out: list[str]) -> None:
    if element.text:
        out.append(_text(element.text))
    for child in element:
        _write_html(child, out)
        if child.tail:
            out.append(_text(child.tail))


def _write_html(element: etree._Element, out: list[str]) -> None:
    if isinstance(element, etree._Comment):
        out.append(_comment(element))
        return
    tag = str(element.tag)
    if tag in VOID:
        out.append(f"<{tag}{_attributes(element)} />")
        return
    out.append(f"<{tag}{_attributes(element)}>")
    _write_content(element, out)
    out.append(f"</{tag}>")


def _comment(element: etree._Element) -> str:
    """Bug 13: the engine parses what Outlook's comments hold, and fails where a tag is closed in another one; so it is told less."""
    text = (element.text or "").replace(KEEPS_APART, "").replace(COLON, ":")
    is_safe = "[if " not in text and "--" not in text and not text.endswith("-") and not text.startswith("@")
    return f"<!--{text}-->" if is_safe else f"<!--{_SEALED}{text.encode().hex()}-->"


def _attributes(element: etree._Element) -> str:
    """Bug 1: the engine prints attributes as Rust strings, so only plain ASCII without backslash may reach it."""
    values = attributes_of(element)
    return (
        "".join([f' {name}="{_attribute_value(value)}"' for name, value in values.items()]) if values else ""
    )


@lru_cache(4096)
def _attribute_value(value: str) -> str:
    return _plain(re.sub(r"[\n\t\r]+", " ", value), _IN_ATTRIBUTE)


def _text(text: str) -> str:
    """Bug 3: white space with a line break between inline elements would be dropped, so it becomes a space."""
    return _plain(_BROKEN_LINE.sub(" ", text) if "\n" in text else text, _IN_TEXT)


def _plain(text: str, references: dict[str, str]) -> str:
    """`text` in ASCII, with numbers for what is written as a reference."""
    for sign, reference in references.items():
        text = text.replace(sign, reference)
    return text if text.isascii() else text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _css_escape(match: re.Match[str]) -> str:
    return f"\\{ord(match[0]):x} "
