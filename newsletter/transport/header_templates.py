"""Headers with merge fields, compiled to lines that are written already or to slots that a reader's values fill."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from newsletter.foundation.merge import Field, split_fields
from newsletter.transport.headers import (
    LINE_OCTETS_MAX,
    HeaderRefused,
    address_header,
    is_written_phrase,
    list_id_header,
    on_one_line,
    raw_header,
    split_phrase,
    text_header,
    written_phrase,
)

Values: TypeAlias = Mapping[str, str]
Slot: TypeAlias = Callable[[Values], bytes]
Pieces: TypeAlias = list[str | Field]

# RFC 5322 section 3.6.8; never a dot at the start of a line, and room for an encoded-word behind the name.
_NAME = re.compile(r"[A-Za-z0-9][!-9;-~]{0,39}\Z")
_WRITTEN_BY_US = frozenset({"mime-version", "content-type", "content-transfer-encoding"})
_ADDRESSES = frozenset({"from", "to", "reply-to", "sender"})
# What programs read. Encoding these breaks one-click unsubscribe and feedback reports (RFC 8058, RFC 2369).
_RAW = frozenset(
    {
        "auto-submitted",
        "content-language",
        "date",
        "feedback-id",
        "in-reply-to",
        "list-archive",
        "list-help",
        "list-owner",
        "list-post",
        "list-subscribe",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "message-id",
        "precedence",
        "references",
        "x-auto-response-suppress",
    }
)
_BETWEEN_BRACKETS = re.compile(r"[!-;=?-~]+\Z")
# Good in a raw header as they are: no bracket, nothing blank at an end.
_QUICK_BETWEEN_BRACKETS = re.compile(r"[!-;=?-~]+\Z")
_QUICK = re.compile(r"[!-;=?-~](?:[ -;=?-~]*[!-;=?-~])?\Z")
_STAND_IN = "@@value@@"
_REQUIRED = ("From", "Date")  # RFC 5322 section 3.6


def value_of(field: Field, values: Values) -> str:
    """What a reader's values give for a field: the field's default where there is none, or nothing to be seen in it."""
    value = values.get(field.key)
    return value if value and on_one_line(value).strip() else field.default


def check_names(names: list[str]) -> None:
    """Raises HeaderRefused where a header is missing, is there twice, is ours to write, or has a name that cannot be."""
    seen: set[str] = set()
    for name in names:
        if not _NAME.match(name):
            raise HeaderRefused(repr(name[:40]), "that is no name for a header")
        if name.lower() in seen:
            raise HeaderRefused(name, "it is there twice")
        if name.lower() in _WRITTEN_BY_US:
            raise HeaderRefused(name, "it is written with the bodies")
        seen.add(name.lower())
    for name in _REQUIRED:
        if name.lower() not in seen:
            raise HeaderRefused(name, "every message needs it, and it is missing")


def compile_header(name: str, value: str) -> bytes | Slot:
    """The header's line or lines where its value is the same for all, else the slot that writes them.

    Raises HeaderRefused, as does the slot where a reader's value cannot stand in this header.
    """
    pieces = split_fields(value)
    slot = _slot(name, value, pieces)
    return slot if len(pieces) > 1 else slot({})


def _slot(name: str, value: str, pieces: Pieces) -> Slot:
    lowered = name.lower()
    if lowered in _ADDRESSES:
        return _phrase_slot(name, value, address_header)
    if lowered == "list-id":
        return _phrase_slot(name, value, list_id_header)
    if lowered in _RAW:
        return _raw_slot(name, pieces)
    fill = _filler(pieces)
    return lambda values: text_header(name, fill(values))


def _filler(pieces: Pieces) -> Callable[[Values], str]:
    if len(pieces) == 3 and not pieces[0] and not pieces[2] and isinstance(field := pieces[1], Field):
        key, default = field.key, field.default

        def fill(values: Values) -> str:
            value = values.get(key)
            if value and value.isprintable() and not value.isspace():
                return value
            return value_of(field, values) if value else default

        return fill
    return lambda values: "".join(
        piece if isinstance(piece, str) else value_of(piece, values) for piece in pieces
    )


def _phrase_slot(name: str, value: str, write: Callable[[str, str, str], bytes]) -> Slot:
    """ "Name <x>", where the parts are filled each for itself, so that a value of one never becomes part of the other."""
    whole = split_fields(value.strip(" "))
    if len(whole) == 3 and not whole[0] and not whole[2]:
        # One field that stands for all of it, as `mailbox` gives it.
        fill_whole = _filler(whole)
        return lambda values: _write_whole(name, fill_whole(values), write)
    phrase, inside = split_phrase(value)
    phrase_pieces = split_fields(phrase)
    fill_phrase, fill_inside = _filler(phrase_pieces), _filler(split_fields(inside))
    is_written = len(phrase_pieces) == 1 and is_written_phrase(phrase)

    def fill(values: Values) -> bytes:
        written = phrase if is_written else written_phrase(fill_phrase(values))
        return write(name, written, fill_inside(values))

    return fill


def _write_whole(name: str, value: str, write: Callable[[str, str, str], bytes]) -> bytes:
    phrase, inside = split_phrase(value)
    return write(name, phrase if is_written_phrase(phrase) else written_phrase(phrase), inside)


def _raw_slot(name: str, pieces: Pieces) -> Slot:
    """The pieces as they are; a value between angle brackets may hold neither a bracket nor a space (RFC 2369 section 2)."""
    before = ["".join(map(str, pieces[:index])) for index in range(len(pieces))]
    in_brackets = [text.rfind("<") > text.rfind(">") for text in before]

    def fill(values: Values) -> bytes:
        texts = []
        for piece, is_inside in zip(pieces, in_brackets, strict=True):
            text = piece if isinstance(piece, str) else value_of(piece, values)
            if isinstance(piece, Field):
                if not text:
                    raise HeaderRefused(name, f"there is no value for its field {piece.key}")
                if is_inside and not _BETWEEN_BRACKETS.match(text):
                    raise HeaderRefused(
                        name, f"the value of its field {piece.key} may hold no space and no angle bracket"
                    )
            texts.append(text)
        return raw_header(name, "".join(texts))

    has_brackets = any(in_brackets[1::2])
    return _quick_slot(name, pieces, _QUICK_BETWEEN_BRACKETS if has_brackets else _QUICK, fill)


def _quick_slot(name: str, pieces: Pieces, is_quick: re.Pattern[str], otherwise: Slot) -> Slot:
    """The same for a header with one field, if perhaps in several places, whose value needs no second look, as a rule."""
    fields = {piece for piece in pieces if isinstance(piece, Field)}
    if len(fields) != 1:
        return otherwise
    [field] = fields
    pattern = "".join(piece if isinstance(piece, str) else _STAND_IN for piece in pieces)
    try:
        fixed = raw_header(name, pattern).split(_STAND_IN.encode())
    except HeaderRefused:
        return otherwise
    key, count = field.key, len(fixed) - 1
    value_octets_max = (LINE_OCTETS_MAX + len("\r\n") - sum(map(len, fixed))) // count
    if count != len(pieces) // 2:  # the stand-in is in the header itself
        return otherwise

    last: tuple[str | None, bytes] = (None, b"")  # a date, as a rule, is the same object for many readers

    def fill(values: Values) -> bytes:
        nonlocal last
        value = values.get(key)
        if value is last[0] and value is not None:
            return last[1]
        if value and is_quick.match(value) and len(value) <= value_octets_max:
            last = (value, value.encode("ascii").join(fixed))
            return last[1]
        return otherwise(values)

    return fill
