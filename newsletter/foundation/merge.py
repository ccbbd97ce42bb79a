"""Merge fields in compiled text: `[[first_name|friend]]`, `[[link:unsubscribe]]`, and blocks for one audience.

The grammar is fixed and small, because a template language would run what editors and readers typed
(threat T1, docs/decisions/0004-merge-fields.md). In compiled text every `[[` that opens a field is one;
a literal `[[` of the editor travels as the field `[[open]]` and comes out as itself.
"""

import re
from dataclasses import dataclass

_FIELD = re.compile(r"\[\[([a-z][a-z_]*)(?::([a-z][A-Za-z0-9_-]*))?(?:\|([^\[\]\n]*))?\]\]")
_BLOCK = re.compile(r"<!--@only ([a-z]+)-->(.*?)<!--@end-->", re.DOTALL)
LITERAL_OPEN = "[[open]]"


@dataclass(frozen=True, slots=True)
class Field:
    """One merge field: its name, what stands after the colon ("" for nothing), and the text for an empty value."""

    name: str
    argument: str = ""
    default: str = ""

    @property
    def key(self) -> str:
        """The name under which its value is looked up: `first_name`, `link:unsubscribe`."""
        return f"{self.name}:{self.argument}" if self.argument else self.name

    def __str__(self) -> str:
        return f"[[{self.key}|{self.default}]]" if self.default else f"[[{self.key}]]"


def split_fields(text: str) -> list[str | Field]:
    """Literal texts and fields in turn, starting and ending with a text; `[[open]]` is resolved to `[[`."""
    pieces: list[str | Field] = [""]
    end = 0
    for match in _FIELD.finditer(text):
        field = Field(match[1], match[2] or "", match[3] or "")
        before = text[end : match.start()]
        end = match.end()
        if field == Field("open"):
            pieces[-1] = f"{pieces[-1]}{before}[["
        else:
            pieces[-1] = f"{pieces[-1]}{before}"
            pieces += [field, ""]
    pieces[-1] = f"{pieces[-1]}{text[end:]}"
    return pieces


def fields_with_lines(text: str) -> list[tuple[Field, int]]:
    """Each field with the line (from 1) on which it stands."""
    found = []
    for match in _FIELD.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        found.append((Field(match[1], match[2] or "", match[3] or ""), line))
    return found


def guard_literals(text: str) -> str:
    """`text` with each `[[` that opens no field turned into `[[open]]`; a backslash before `[[` makes it literal."""
    out: list[str] = []
    position = 0
    while (start := text.find("[[", position)) >= 0:
        match = _FIELD.match(text, start)
        escaped = start > position and text[start - 1] == "\\"
        if match and not escaped:
            out.append(text[position : match.end()])
            position = match.end()
        else:
            out.append(text[position : start - 1 if escaped else start] + LITERAL_OPEN)
            position = start + 2
    return "".join(out) + text[position:]


def keep_blocks(html: str, audience: str) -> str:
    """`html` with `<!--@only mail-->…<!--@end-->` blocks of this audience opened and those of others taken out."""
    return _BLOCK.sub(lambda match: match[2] if match[1] == audience else "", html)
