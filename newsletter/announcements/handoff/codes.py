"""What a translator must not break in Markdown: merge fields and the targets of links, found and put back."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

_LABEL = r"(?:[^\[\]\\\n]|\\.|\[\[[^\[\]\n]*\]\])*"
_CODE = re.compile(
    rf"(?P<open>(?<!\\)!?\[)(?P<label>{_LABEL})\]\((?P<url>[^\s()<>]+)(?P<title>\s+\"[^\"\n]*\")?\)"
    r"|\[\[(?P<key>[a-z][a-z_]*(?::[a-z][A-Za-z0-9_-]*)?)(?:\|(?P<default>[^\[\]\n]*))?\]\]"
    r"|(?P<angle><)?(?P<bare>https?://(?=\w)[^\s<>()\[\]\"«»]*[^\s<>()\[\]\"«».,;:!?'’…*_])(?(angle)>)"
)


class CodeKind(StrEnum):
    """What stands behind a code."""

    FIELD = "field"  # a merge field
    LINK = "link"  # a link or a picture in Markdown, or an address that stands as such


@dataclass(frozen=True, slots=True)
class Words:
    """What a translator translates."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A protected stretch: `start`, then what it encloses, then `end`. A code that encloses nothing has no inner words.

    `url` is the target of a link, which stands in `end` (or in `start`, where nothing is enclosed); it has a unit of its own.
    """

    kind: CodeKind
    start: str
    end: str = ""
    inner: tuple["Words | Code", ...] | None = None
    url: str = ""

    @property
    def shape(self) -> tuple[CodeKind, str, str]:
        """What stays the same when a text is translated: all but the words and the target."""
        if not self.url:
            return self.kind, self.start, self.end
        return self.kind, self.start.replace(self.url, "", 1), self.end.replace(self.url, "", 1)

    def with_url(self, url: str) -> "Code":
        """The same link to another target."""
        if self.inner is None:
            return replace(self, start=self.start.replace(self.url, url, 1), url=url)
        return replace(self, end=self.end.replace(self.url, url, 1), url=url)


Piece = Words | Code


def pieces_of(text: str) -> tuple[Piece, ...]:
    """The text as words and codes in turn; `text_of` gives it back, sign for sign."""
    pieces: list[Piece] = []
    end = 0
    for match in _CODE.finditer(text):
        if match.start() > end:
            pieces.append(Words(text[end : match.start()]))
        pieces.append(_code(match))
        end = match.end()
    if end < len(text):
        pieces.append(Words(text[end:]))
    return tuple(pieces)


def text_of(pieces: Sequence[Piece]) -> str:
    """The text that these pieces are."""
    return "".join(
        piece.text if isinstance(piece, Words) else f"{piece.start}{text_of(piece.inner or ())}{piece.end}"
        for piece in pieces
    )


def codes_in(pieces: Sequence[Piece]) -> Iterator[Code]:
    """Every code in the order of its start, those inside others included."""
    for piece in pieces:
        if isinstance(piece, Code):
            yield piece
            yield from codes_in(piece.inner or ())


def _code(match: re.Match[str]) -> Code:
    if match["url"] is not None:
        end = f"]({match['url']}{match['title'] or ''})"
        return Code(CodeKind.LINK, match["open"], end, pieces_of(match["label"]), match["url"])
    if match["bare"] is not None:
        return Code(CodeKind.LINK, match[0], url=match["bare"])
    if match["default"] is None:
        return Code(CodeKind.FIELD, match[0])
    inner = (Words(match["default"]),) if match["default"] else ()
    return Code(CodeKind.FIELD, f"[[{match['key']}|", "]]", inner)
