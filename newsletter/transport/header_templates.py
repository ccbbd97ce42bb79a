"""Headers with merge fields, compiled to octets that are written already and slots that a reader's values fill."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import repeat
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

Columns: TypeAlias = Mapping[str, Sequence[str]]
"""The values of several readers: for each field's key those of all of them, in their order."""
Slot: TypeAlias = Callable[[Columns, int], list[bytes]]
"""Writes what so many readers' values give, one after the other."""
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
# Good in a raw header as it is: no bracket, nothing blank at an end.
_QUICK = re.compile(r"[!-;=?-~](?:[ -;=?-~]*[!-;=?-~])?\Z")
_STAND_IN = "@@value@@"
_PLAIN_MAX = 64  # `MessageSource.plain`
_REQUIRED = ("From", "Date")  # RFC 5322 section 3.6


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


def compile_header(name: str, value: str, plain: Collection[str] = ()) -> list[bytes | Slot]:
    """The header as pieces that are written already and slots that write the rest; the same slot may come twice.

    `plain` are the keys of fields as `MessageSource.plain` has them. Raises HeaderRefused, as does a slot where a reader's
    value cannot stand in this header.
    """
    pieces = split_fields(value)
    lowered = name.lower()
    if len(pieces) > 1 and lowered in _RAW:
        return _raw_pieces(name, pieces, plain)
    slot = _slot(name, lowered, value, pieces)
    return [slot if len(pieces) > 1 else slot({}, 1)[0]]


def _slot(name: str, lowered: str, value: str, pieces: Pieces) -> Slot:
    if lowered in _ADDRESSES:
        return _phrase_slot(name, value, address_header)
    if lowered == "list-id":
        return _phrase_slot(name, value, list_id_header)
    if lowered in _RAW:
        return _raw_slot(name, pieces)
    return lambda columns, count: [text_header(name, text) for text in _texts(pieces, columns, count)]


def _texts(pieces: Pieces, columns: Columns, count: int) -> Sequence[str]:
    """The pieces with each reader's values in the fields."""
    if len(pieces) == 3 and not pieces[0] and not pieces[2] and isinstance(pieces[1], Field):
        return _column(pieces[1], columns, count)
    in_turn = [
        [piece] * count if isinstance(piece, str) else _column(piece, columns, count) for piece in pieces
    ]
    return list(map("".join, zip(*in_turn, strict=True)))


def _column(field: Field, columns: Columns, count: int) -> Sequence[str]:
    """What readers' values give for a field: its default where there is none, or nothing to be seen in it."""
    default = field.default
    return [
        value
        if value and ((value.isprintable() and not value.isspace()) or on_one_line(value).strip())
        else default
        for value in columns.get(field.key) or [""] * count
    ]


def _phrase_slot(name: str, value: str, write: Callable[[str, str, str], bytes]) -> Slot:
    """ "Name <x>", where the parts are filled each for itself, so that a value of one never becomes part of the other."""
    whole = split_fields(value.strip(" "))
    if len(whole) == 3 and not whole[0] and not whole[2]:
        # One field that stands for all of it, as `mailbox` gives it.
        return lambda columns, count: [
            _write_whole(name, text, write) for text in _texts(whole, columns, count)
        ]
    phrase, inside = split_phrase(value)
    phrase_pieces, inside_pieces = split_fields(phrase), split_fields(inside)
    is_written = len(phrase_pieces) == 1 and is_written_phrase(phrase)

    def fill(columns: Columns, count: int) -> list[bytes]:
        phrases = _texts(phrase_pieces, columns, count)
        written = phrases if is_written else map(written_phrase, phrases)
        return list(map(write, repeat(name), written, _texts(inside_pieces, columns, count)))

    return fill


def _write_whole(name: str, value: str, write: Callable[[str, str, str], bytes]) -> bytes:
    phrase, inside = split_phrase(value)
    return write(name, phrase if is_written_phrase(phrase) else written_phrase(phrase), inside)


def _raw_slot(name: str, pieces: Pieces) -> Slot:
    """The pieces as they are; a value between angle brackets may hold neither a bracket nor a space (RFC 2369 section 2)."""
    in_brackets = _in_brackets(pieces)

    def fill(columns: Columns, count: int) -> list[bytes]:
        for piece, is_inside in zip(pieces, in_brackets, strict=True):
            if isinstance(piece, Field):
                for text in _column(piece, columns, count):
                    if not text:
                        raise HeaderRefused(name, f"there is no value for its field {piece.key}")
                    if is_inside and not _BETWEEN_BRACKETS.match(text):
                        raise HeaderRefused(
                            name, f"the value of its field {piece.key} may hold no space and no angle bracket"
                        )
        return [raw_header(name, text) for text in _texts(pieces, columns, count)]

    return fill


def _in_brackets(pieces: Pieces) -> list[bool]:
    before = ["".join(map(str, pieces[:index])) for index in range(len(pieces))]
    return [text.rfind("<") > text.rfind(">") for text in before]


def _raw_pieces(name: str, pieces: Pieces, plain: Collection[str]) -> list[bytes | Slot]:
    """A raw header with one field, if perhaps in several places, as what is fixed and a slot of the value alone."""
    careful = _raw_slot(name, pieces)
    fields = {piece for piece in pieces if isinstance(piece, Field)}
    fixed = _around(name, pieces) if len(fields) == 1 else None
    if fixed is None:
        return [careful]
    [field] = fields
    octets_max = (LINE_OCTETS_MAX + len("\r\n") - sum(map(len, fixed))) // (len(fixed) - 1)
    is_plain = field.key in plain and octets_max >= _PLAIN_MAX
    is_quick = _BETWEEN_BRACKETS if any(_in_brackets(pieces)[1::2]) else _QUICK
    slot = _value_slot(field, None if is_plain else is_quick, octets_max, careful)
    with_slots: list[bytes | Slot] = [fixed[0]]
    for piece in fixed[1:]:
        with_slots += [slot, piece]
    return with_slots


def _around(name: str, pieces: Pieces) -> list[bytes] | None:
    """What stands around the values of a raw header; None where that cannot be told."""
    pattern = "".join(piece if isinstance(piece, str) else _STAND_IN for piece in pieces)
    try:
        fixed = raw_header(name, pattern).split(_STAND_IN.encode())
    except HeaderRefused:
        return None
    return fixed if len(fixed) - 1 == len(pieces) // 2 else None  # else the stand-in is in the header itself


def _value_slot(field: Field, is_quick: re.Pattern[str] | None, octets_max: int, careful: Slot) -> Slot:
    """Writes a field's values alone, which need no second look as a rule: they are plain, or the pattern knows them.

    `careful` writes the whole headers, or says why not.
    """

    def fill(columns: Columns, count: int) -> list[bytes]:
        column = columns.get(field.key)
        if column and all(column):
            is_same = column.count(column[0]) == count  # as dates are
            looked_at = column[:1] if is_same else column
            if is_quick is None or all(
                len(value) <= octets_max and is_quick.match(value) for value in looked_at
            ):
                octets = [value.encode("ascii") for value in looked_at]
                return octets * count if is_same else octets
        careful(columns, count)
        return [value.encode("ascii") for value in _column(field, columns, count)]

    return fill
