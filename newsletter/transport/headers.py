"""Header lines as they go over the wire (RFC 5322, RFC 2047), and the values that people and programs put into them.

Three manners, chosen by the header's name: addresses are structured, texts such as the subject are encoded and folded
where they must be, and everything that programs read (`List-Unsubscribe`, `Message-ID`, ...) is written as it is, on
one line, or refused. Whatever a value holds, it can never begin another header.
"""

import binascii
import re
from datetime import datetime
from email.utils import format_datetime

from newsletter.foundation.addresses import envelope_address
from newsletter.foundation.errors import BadInput

LINE_OCTETS_MAX = 998  # RFC 5322 section 2.1.1
_FOLD_AT = 76  # RFC 2047 section 2: a line that holds an encoded-word
_WORD_MAX = 75  # RFC 2047 section 2: an encoded-word
_LONGEST_NAME_BEFORE_PHRASE = len("Reply-To: ")
_WORD_FRAME = len("=?utf-8?q??=")
_LIST_ID_OCTETS_MAX = 255  # RFC 2919 section 3
_QUOTED_MAX = 64

_BREAKING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_PRINTABLE = re.compile(r"[\x20-\x7e]*\Z")
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_ATOMS = re.compile(rf"{_ATEXT}++(?: {_ATEXT}++)*+\Z")
_DOT_ATOM = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*\Z")
_ENCODED_WORD = r"=\?[\w-]+\?[bqBQ]\?[!->@-~]*\?="
_WRITTEN_PHRASE = re.compile(
    rf'(?:"(?:[^"\\\x00-\x1f\x7f-\U0010ffff]|\\[ -~])*"|{_ENCODED_WORD}(?: {_ENCODED_WORD})*)\Z'
)
_DOMAIN = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*\Z"
)
_LABEL = r"[a-z0-9]++(?:-++[a-z0-9]++)*+"
_SIMPLE_ADDRESS = re.compile(rf"[a-z0-9]++(?:[._+-][a-z0-9]++)*+@{_LABEL}(?:\.{_LABEL})++\Z")
_NOT_IN_LOCAL_PART = re.compile(r'[\s()<>\[\],;:\\"@]')
_Q_SAFE = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
)  # RFC 2047 section 5 (3)
_Q_AS_LONG = "".join([*_Q_SAFE, " "]).encode()  # what is one octet there, too
_NOT_ASCII = bytes(range(128, 256))


class HeaderRefused(BadInput):
    """A header cannot be written as asked; `name` is the header's, `reason` why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The header {name} cannot be written: {reason}.")
        self.name = name
        self.reason = reason


def on_one_line(text: str) -> str:
    """`text` with each run of control characters and line separators turned into one space, none at its ends."""
    if _BREAKING.search(text):
        text = _BREAKING.sub(" ", text).strip(" ")
    return _SURROGATES.sub("\ufffd", text)


def mailbox(name: str, address: str) -> str:
    """ "Name <address>" as it stands in From, To, Reply-To or Sender: the name quoted or encoded, the domain as A-labels.

    Only the part before the @ may stay outside ASCII; such an address needs SMTPUTF8 (RFC 6531) and is refused in
    every header but To. Line breaks in the name become spaces; in the address they are refused. Raises HeaderRefused.
    """
    written = _written_address(address)
    phrase = written_phrase(name)
    return f"{phrase} <{written}>" if phrase else written


def rfc5322_date(moment: datetime) -> str:
    """The value of a Date header (RFC 5322 section 3.3), in the zone of `moment`, which must have one."""
    if moment.tzinfo is None:
        raise ValueError("a datetime without a zone")
    return format_datetime(moment)


def message_id(left: str, domain: str) -> str:
    """The value of a Message-ID header: "<left@domain>", the domain as A-labels. Raises HeaderRefused."""
    if not _DOT_ATOM.match(left):
        raise HeaderRefused(
            "Message-ID", "the part before the @ is not plain letters, digits and single dots"
        )
    written = _written_address(f"{left}@{domain}", "Message-ID")
    return f"<{written}>"


def text_header(name: str, text: str) -> bytes:
    """A header that people read, such as Subject: folded, and encoded where it is not plain ASCII (RFC 2047)."""
    text = on_one_line(text)
    if not text.strip(" "):
        return f"{name}:\r\n".encode("ascii")
    if _PRINTABLE.match(text) and "=?" not in text and text == text.strip(" "):
        if len(name) + 2 + len(text) <= _FOLD_AT:
            return f"{name}: {text}\r\n".encode("ascii")
        words = text.split(" ")
        if all(words) and max(map(len, words)) < _FOLD_AT - len(name) - 2:
            return _folded(name, text)
    return _folded(name, " ".join(_encoded_words(text, len(name) + 2)))


def raw_header(name: str, value: str) -> bytes:
    """A header that programs read: as it is, on one line, never encoded. Raises HeaderRefused where that cannot be."""
    if not _PRINTABLE.match(value):
        raise HeaderRefused(name, "its value must be plain ASCII on one line")
    line = f"{name}: {value}"
    if len(line) > LINE_OCTETS_MAX:
        raise HeaderRefused(
            name, f"its line has {len(line)} octets, and {LINE_OCTETS_MAX} are the most allowed"
        )
    return f"{line}\r\n".encode("ascii")


def address_header(name: str, phrase: str, address: str) -> bytes:
    """A header with one address and its written phrase ("" for none). Raises HeaderRefused."""
    if _SIMPLE_ADDRESS.match(address):  # as most are: nothing of it to be written otherwise
        line = f"{name}: {phrase} <{address}>\r\n" if phrase else f"{name}: {address}\r\n"
        if len(line) <= _FOLD_AT + len("\r\n"):
            return line.encode("ascii")
    written = _written_address(address, name)
    if not written.isascii() and name.lower() != "to":
        raise HeaderRefused(
            name, "its address needs letters outside ASCII before the @, which only a recipient may have"
        )
    return _folded(name, f"{phrase} <{written}>" if phrase else written)


def list_id_header(name: str, phrase: str, identifier: str) -> bytes:
    """List-Id with its written phrase ("" for none); the identifier is always as it is (RFC 2919). Raises HeaderRefused."""
    if not _DOT_ATOM.match(identifier) or "." not in identifier:
        raise HeaderRefused(name, "the part in angle brackets must be like label.example.org")
    wire = f"{phrase} <{identifier}>" if phrase else f"<{identifier}>"
    if len(wire) > _LIST_ID_OCTETS_MAX:
        raise HeaderRefused(
            name, f"it has {len(wire)} octets, and {_LIST_ID_OCTETS_MAX} are the most allowed"
        )
    return _folded(name, wire)


def written_phrase(name: str) -> str:
    """A display name as RFC 5322 and RFC 2047 want it: atoms, a quoted string or encoded-words; "" for none."""
    if not name or (name.isascii() and _may_be_quoted(name) and _ATOMS.match(name)):  # as it is
        return name
    if not name.isprintable() or "  " in name or name[0] == " " or name[-1] == " ":
        name = re.sub(" +", " ", on_one_line(name)).strip(" ")
    if name.isascii() and _may_be_quoted(name):
        if not name or _ATOMS.match(name):
            return name
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}"'
    return " ".join(_encoded_words(name, _LONGEST_NAME_BEFORE_PHRASE))


def _may_be_quoted(name: str) -> bool:
    # An encoded-word inside a quoted string means nothing, yet lenient readers decode it: so it is encoded again.
    return len(name) <= _QUOTED_MAX and "=?" not in name


def is_written_phrase(text: str) -> bool:
    """Whether `text` is one quoted string or a row of encoded-words already, as `mailbox` writes them."""
    return _WRITTEN_PHRASE.match(text) is not None


def split_phrase(value: str) -> tuple[str, str]:
    """The name and what stands in the angle brackets at the end of "Name <x>"; ("", value) where there are none."""
    value = value.strip(" ")
    if not value.endswith(">") or "<" not in value:
        return "", value
    at = value.rindex("<")
    return value[:at].strip(" "), value[at + 1 : -1]


def _written_address(address: str, header: str = "address") -> str:
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise HeaderRefused(header, "an address is needed, such as name@example.org")
    if _BREAKING.search(address) or _SURROGATES.search(address):
        raise HeaderRefused(header, "the address holds a line break or control character")
    if _NOT_IN_LOCAL_PART.search(local) or (local.isascii() and not _DOT_ATOM.match(local)):
        raise HeaderRefused(header, "the part of the address before the @ holds a sign that it must not")
    try:
        written = envelope_address(address)
    except ValueError as error:
        raise HeaderRefused(header, "the domain of the address cannot exist") from error
    if not _DOMAIN.match(written.rpartition("@")[2]):
        raise HeaderRefused(header, "the domain of the address cannot exist")
    return written


def _encoded_words(text: str, taken: int) -> list[str]:
    """`text` as encoded-words, none parting a character; the first leaves `taken` columns free on its line."""
    if word := _short_word(text, taken):
        return [word]
    octet_count = len(text.encode())
    is_q = sum(_q_width(character) for character in text) <= (octet_count + 2) // 3 * 4
    write, width = (_q_word, _q_width) if is_q else (_b_word, _b_width)
    columns = [_FOLD_AT - taken, _WORD_MAX]
    first_room, room = (available - _WORD_FRAME for available in columns)
    if not is_q:
        first_room, room = first_room // 4 * 3, room // 4 * 3  # base64 goes in groups of three octets
    words: list[str] = []
    start = used = 0
    for position, character in enumerate(text):
        cost = width(character)
        if used + cost > (room if words else first_room):
            words.append(write(text[start:position]))
            start, used = position, 0
        used += cost
    return [*words, write(text[start:])]


def _short_word(text: str, taken: int) -> str:
    """The same where one word holds it, as one holds most names, in whichever way is shorter; "" where none does."""
    octets = text.encode()
    to_encode = octets.translate(None, _Q_AS_LONG)
    q_count, base64_count = len(octets) + 2 * len(to_encode), (len(octets) + 2) // 3 * 4
    if min(q_count, base64_count) > _FOLD_AT - taken - _WORD_FRAME:
        return ""
    if q_count > base64_count:
        return f"=?utf-8?b?{binascii.b2a_base64(octets, newline=False).decode('ascii')}?="
    if to_encode.translate(None, _NOT_ASCII):  # the library leaves such signs as they are
        return _q_word(text)
    return f"=?utf-8?q?{binascii.b2a_qp(octets, header=True).decode('ascii')}?="


def _q_width(character: str) -> int:
    return 1 if character in _Q_SAFE or character == " " else 3 * len(character.encode())


def _b_width(character: str) -> int:
    return len(character.encode())


def _q_word(text: str) -> str:
    octets = "".join(
        "_" if character == " " else character if character in _Q_SAFE else _q_octets(character)
        for character in text
    )
    return f"=?utf-8?q?{octets}?="


def _q_octets(character: str) -> str:
    return "".join(f"={octet:02X}" for octet in character.encode())


def _b_word(text: str) -> str:
    return f"=?utf-8?b?{binascii.b2a_base64(text.encode(), newline=False).decode('ascii')}?="


def _folded(name: str, value: str) -> bytes:
    """The header with line breaks put in before words, so that lines stay below 77 characters where words allow it."""
    lines = [f"{name}:"]
    for word in value.split(" "):
        if len(lines[-1]) + 1 + len(word) > _FOLD_AT and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    if any(len(line.encode()) > LINE_OCTETS_MAX for line in lines):
        raise HeaderRefused(name, "a word in it is too long for a line")
    return "\r\n".join([*lines, ""]).encode()
