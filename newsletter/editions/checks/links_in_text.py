"""The links of a Markdown text, where they stand, and what their addresses say about a language."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

_LINK = re.compile(
    r"\[(?P<label>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\](?P<rest>\((?P<target><[^<>\n]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?:\s+\"[^\"\n]*\")?\))"
    r"|<(?P<auto>(?:https?://|mailto:|tel:)[^<>\s]+)>"
    r"|(?P<bare>https?://(?=\w)[^\s<>()\[\]\"«»]*[^\s<>()\[\]\"«».,;:!?'’…*_])",
    re.IGNORECASE,
)
_TAG = re.compile(r"(?P<base>[a-z]{2})(?:[-_][a-z]{2})?", re.IGNORECASE)
_LANGUAGE_FIELDS = {"lang", "language", "langue", "locale", "hl", "taal"}


@dataclass(frozen=True, slots=True)
class LinkInText:
    """A link: its words ("" for an address that stands by itself), its target, its line, and where the target stands."""

    label: str
    target: str
    line: int
    start: int
    end: int

    @property
    def is_bare(self) -> bool:
        """Whether readers see the address itself."""
        return not self.label


def links_in(text: str) -> Iterator[LinkInText]:
    """The links of a text, in order; pictures are none."""
    for match in _LINK.finditer(text):
        if match.start() and text[match.start() - 1] in "!\\" and match["rest"]:
            continue
        target = (match["target"] or match["auto"] or match["bare"] or "").strip("<>")
        if target:
            start = match.start("rest") if match["rest"] else match.start()
            label = " ".join((match["label"] or "").split())
            yield LinkInText(label, target, text.count("\n", 0, match.start()) + 1, start, match.end())


def language_of_address(url: str, languages: tuple[str, ...]) -> str | None:
    """Which of `languages` (base tags) an address names: /fr/…, fr.example.org, ?lang=fr. None where it names none."""
    try:
        parts = urlsplit(url)
        first = (parts.hostname or "").split(".")[0]
    except ValueError:
        return None
    candidates = [value for name, value in parse_qsl(parts.query) if name.lower() in _LANGUAGE_FIELDS]
    # Only the first two segments: further down, /de/ is more likely a French word than German.
    candidates += parts.path.strip("/").split("/")[:2]
    candidates.append(first)
    for candidate in candidates:
        match = _TAG.fullmatch(candidate)
        if match and match["base"].lower() in languages:
            return match["base"].lower()
    return None


def site_of(url: str) -> str:
    """The host without what tells only the language or nothing: www.example.org and fr.example.org are example.org."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return url
    first, dot, rest = host.partition(".")
    return rest if dot and "." in rest and (first == "www" or len(first) == 2) else host
