"""Quoted-printable in pieces (RFC 2045 section 6.7) that may be put together in any order that a message needs.

Every piece is written as if it began at column 0, and every piece but the last of a body ends at column 0, by a hard
line break or a soft one (`=` CRLF). So a value may be as long as it likes without any line passing 76 characters, and
what stands at column 0 is known beforehand: a dot or `From ` there is encoded, which spares every later look for lines
that SMTP would have to double the dot of (RFC 5321 section 4.5.2) or that a mailbox file would take for a new mail.
"""

import re

SOFT_BREAK = b"=\r\n"
_WIDTH = 75  # 76 less the "=" of a soft break
_PLAIN = frozenset(range(33, 127)) - {ord("=")} | {ord(" "), ord("\t")}
_ENCODED = [chr(octet) if octet in _PLAIN else f"={octet:02X}" for octet in range(256)]
_LINE_END = re.compile(r"\r\n|\r|\n")


def encode_piece(text: str, *, is_last: bool = False) -> bytes:
    """A part of a body, of any number of lines; it ends at column 0 unless it is the last one of its body."""
    lines = [_encode_line(line) for line in _LINE_END.split(text)]
    encoded = "\r\n".join(lines).encode("ascii")
    return encoded if is_last or not lines[-1] else encoded + SOFT_BREAK


def encode_value(text: str) -> bytes:
    """A value of one line, ending in a soft break; nothing for nothing."""
    return _encode_line(text).encode("ascii") + SOFT_BREAK if text else b""


def _encode_line(line: str) -> str:
    encoded = "".join(map(_ENCODED.__getitem__, line.encode("utf-8", "replace")))
    if encoded.endswith((" ", "\t")):  # white space at the end of a line may be lost on the way
        encoded = f"{encoded[:-1]}={ord(encoded[-1]):02X}"
    rows = []
    rest = _guard_start(encoded)
    while len(rest) > _WIDTH:
        cut = _cut_before_escape(rest)
        rows.append(rest[:cut])
        rest = _guard_start(rest[cut:])
    rows.append(rest)
    return "=\r\n".join(rows)


def _guard_start(row: str) -> str:
    if row.startswith("."):
        return "=2E" + row[1:]
    if row.startswith("From "):
        return "=46" + row[1:]
    return row


def _cut_before_escape(row: str) -> int:
    """Where to break the row without parting an `=XX`."""
    escape = row.find("=", _WIDTH - 2, _WIDTH)
    return _WIDTH if escape < 0 else escape
