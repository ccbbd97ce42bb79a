"""Values that a spreadsheet would take for formulas, made harmless in what is exported, and read back as they were.

Threat T7: a reader who calls herself `=HYPERLINK(...)` must not run anything on the desk of who opens the file. An
apostrophe goes before every `= + - @`, tab or return that a value begins with, or that follows a separator or a
quotation mark inside it: a program that splits the file at other signs than we do makes cells begin there.
"""

import re

_PLACE = r"(?:(?<=[;,|\t\r\n\"])|\A)( *)"
_TRIGGER = r"(?='*[=+\-@＝＋－＠\t\r])"
_BEFORE = re.compile(_PLACE + _TRIGGER)
_MARKED = re.compile(_PLACE + "'" + _TRIGGER)


def harmless(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet could begin a formula."""
    return _BEFORE.sub(r"\1'", text)


def as_it_was(text: str) -> str:
    """What `harmless` made of a text, undone; any other text stays unless it looks just like that."""
    return _MARKED.sub(r"\1", text) if "'" in text else text
