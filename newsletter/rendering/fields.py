"""The merge fields that a letter may hold, and how they pass through Markdown and typography unharmed.

The grammar is foundation/merge.py's. While a text is worked on, each field stands in it as a token between two
noncharacters (U+FDD0, U+FDD1; never exchanged between programs), so that whatever else comes to look like `[[`
is the editor's own and stays literal.
"""

import html
import re

from newsletter.foundation.errors import NewsletterError
from newsletter.foundation.language import normalise_tag
from newsletter.foundation.merge import LITERAL_OPEN, Field, fields_with_lines, guard_literals, split_fields

UNSUBSCRIBE = Field("link", "unsubscribe")
_PLAIN = frozenset({"first_name", "name", "email"})
_TOKEN = re.compile("\ufdd0([0-9a-f]*)\ufdd1")
_ALMOST = re.compile(r"(?<!\\)\[\[ *([A-Za-z][\w :|-]*) *\]\]")
# What no XML may hold, what HTML would read as something else (C1), and the noncharacters that we use ourselves.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def greeting(language: str) -> Field:
    """The field whose value is the whole greeting line in that language: "Bonjour Marie,"."""
    return Field("greeting", language)


def is_known(field: Field) -> bool:
    """Whether the field gets a value when a letter is mailed."""
    if field.name == "greeting":
        return _is_language(field.argument)
    return (field.name in _PLAIN and not field.argument) or (field.name, field.argument) in {
        ("link", "unsubscribe"),
        ("open", ""),
    }


def unknown_fields(text: str) -> list[tuple[Field, int]]:
    """The fields in an editor's text that do not exist, each with its line; an escaped `\\[[x]]` is none."""
    return [(field, line) for field, line in fields_with_lines(guard_literals(text)) if not is_known(field)]


def almost_fields(text: str) -> list[tuple[str, int]]:
    """What looks like a field and is none (`[[First Name]]`), with its line; it comes out as it was typed."""
    found = []
    for match in _ALMOST.finditer(text):
        if not fields_with_lines(match[0]):
            found.append((match[0], text.count("\n", 0, match.start()) + 1))
    return found


def clean(text: str) -> str:
    """`text` with Unix line ends and without characters that no mail can carry."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n")
    return _UNWANTED.sub("", text)


def set_aside(text: str) -> str:
    """An editor's text with each field as a token, and every other `[[` (also an escaped one) as it looks."""
    return "".join(
        _token(piece) if isinstance(piece, Field) else piece for piece in split_fields(guard_literals(text))
    )


def literal(text: str) -> str:
    """A text in which `[[` means nothing, as it must stand in compiled output."""
    return text.replace("[[", LITERAL_OPEN)


def put_back(text: str) -> str:
    """Text for the plain part: tokens are fields again, every other `[[` is guarded."""
    return _TOKEN.sub(lambda token: str(_field(token)), literal(text))


def put_back_html(fragment: str) -> str:
    """The same in HTML, where a field's default is escaped like the text around it."""
    return _TOKEN.sub(lambda token: html.escape(str(_field(token))), literal(fragment))


def as_written(text: str) -> str:
    """Text with tokens for people to read, in a message: fields as the editor typed them."""
    return _TOKEN.sub(lambda token: str(_field(token)), text)


def holds_field(text: str) -> bool:
    """Whether a field was set aside somewhere in the text."""
    return _TOKEN.search(text) is not None


def is_link_field(text: str) -> bool:
    """Whether the text is one field that was set aside and whose value is an address of ours.

    Any other value comes from a reader's own data and must not decide where a link leads.
    """
    token = _TOKEN.fullmatch(text)
    return token is not None and _field(token) == UNSUBSCRIBE


def _token(field: Field) -> str:
    return f"\ufdd0{str(field).encode().hex()}\ufdd1"


def _field(token: re.Match[str]) -> Field:
    return fields_with_lines(bytes.fromhex(token[1]).decode())[0][0]


def _is_language(text: str) -> bool:
    try:
        return normalise_tag(text) == text
    except NewsletterError:
        return False
