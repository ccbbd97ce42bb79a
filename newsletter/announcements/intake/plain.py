"""Plain text as Markdown that shows the same words: signs that Markdown would swallow are escaped."""

import re
from collections.abc import Sequence

_NUMBERED = re.compile(r"(\s*\d{1,2})([.)])(?=\s)")
_LIST_ITEM = re.compile(r"(\s*)([-*+])(?=\s+\S)")
_BULLET = re.compile(r"(\s*)[•‣·▪–](?=\s+\S)")
_INLINE = re.compile(
    r"(?P<link>\[[^\[\]\\`*_<>&]+\]\(https?://[^\s()\\`<>;]+\))"
    r"|(?P<address>(?<!\w)<?https?://[^\s<>\\`]*[^\s<>\\`.,;:!?)\]*_”»’]>?)"
    r"|[\\`*_]|&(?=#?\w+;)|<(?=[\w!?/])|(?<=\])\(|!(?=\[)|\[(?=[^\[\]]*\]:)|~(?=~~)"
)
_LINE_START = re.compile(r"(?==+\s*\Z|-+\s*\Z|\+\s*\Z)")
_LONG_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|\Z)")


def paragraph_as_markdown(lines: Sequence[str]) -> str:
    """One paragraph of plain text as Markdown; dashes and numbers that begin several lines stay a list."""
    is_numbered = sum(1 for line in lines if _NUMBERED.match(line)) > 1
    has_items = False
    out = []
    for line in lines:
        if item := _LIST_ITEM.match(line) or _BULLET.match(line):
            indent = item[1].expandtabs(4) if has_items else ""
            out.append(f"{indent}- {_start(line[item.end() :].strip(), is_numbered=False)}")
            has_items = True
        else:
            out.append(_start(line.strip(), is_numbered=is_numbered))
    return "\n".join(out)


def _start(text: str, *, is_numbered: bool) -> str:
    """The line with what begins it kept plain, unless it is a numbered item, a quotation or a heading."""
    text = _INLINE.sub(_escaped, text)
    if not is_numbered:
        text = _LONG_NUMBER.sub(r"\1\\\2", text, count=1) if _LONG_NUMBER.match(text) else text
    return "\\" + text if _LINE_START.match(text) else text


def _escaped(match: re.Match[str]) -> str:
    """A link stays, an address becomes a link to itself, any other sign gets a backslash."""
    if match["link"]:
        return match[0]
    return f"<{match['address'].strip('<>')}>" if match["address"] else "\\" + match[0]
