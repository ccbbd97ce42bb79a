"""Language tags: their one spelling, the choice among several, their names and writing direction (BCP 47, RFC 4647)."""

import re
from collections.abc import Iterable, Sequence

from babel import Locale

from newsletter.foundation.errors import BadInput

_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|[0-9]{3}))?\Z")
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "yi", "ps", "sd", "ckb", "dv"})


class NotALanguage(BadInput):
    """The text is not a language tag such as `fr`, `fr-BE` or `zh-Hant`."""

    def __init__(self, text: str) -> None:
        super().__init__(f"“{text[:40]}” is not a language tag; write it like fr, en or fr-BE.")
        self.text = text


def normalise_tag(text: str) -> str:
    """The one spelling of a tag (RFC 5646 section 2.1.1): `FR_be` gives `fr-BE`. Raises NotALanguage."""
    text = text.strip()
    if not _TAG.match(text):
        raise NotALanguage(text)
    first, *rest = re.split(r"[-_]", text)
    cased = [part.title() if len(part) == 4 else part.upper() for part in rest]
    return "-".join([first.lower(), *cased])


def normalise_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Each tag in its one spelling, in order, without repetitions."""
    return tuple(dict.fromkeys(normalise_tag(tag) for tag in tags))


def base_language(tag: str) -> str:
    """The language without script and region: `fr-BE` gives `fr`."""
    return tag.split("-", 1)[0]


def lookup(wanted: Sequence[str], available: Sequence[str]) -> str | None:
    """The first of `wanted` that is available, each shortened from its end until it fits (RFC 4647 section 3.4).

    `fr-BE` finds `fr`, never `fr-CA`. None means that nothing fits.
    """
    by_key = {tag.lower(): tag for tag in available}
    for tag in wanted:
        parts = tag.lower().split("-")
        while parts:
            if found := by_key.get("-".join(parts)):
                return found
            parts.pop()
    return None


def best_match(wanted: Sequence[str], available: Sequence[str]) -> str | None:
    """The available tag that a reader of these languages is served in, each of hers tried before the next.

    What `lookup` finds, else the first available one of the same language: `en` is served in `en-GB` where there is
    no `en`, and `fr-BE` in `fr-CA` only where there is no `fr`. None means that none of her languages is there.
    """
    for tag in wanted:
        found = lookup([tag], available)
        if found is None:
            found = next((one for one in available if base_language(one) == base_language(tag)), None)
        if found is not None:
            return found
    return None


def direction(tag: str) -> str:
    """`rtl` for languages written from right to left, else `ltr`: the value of HTML's `dir`."""
    return "rtl" if base_language(tag) in _RIGHT_TO_LEFT else "ltr"


def babel_locale(tag: str) -> Locale:
    """Babel's locale for a tag; a region that Babel does not know falls back to the language."""
    found = Locale.negotiate([tag.replace("-", "_"), base_language(tag)], _babel_identifiers(tag))
    return found or Locale("en")


def _babel_identifiers(tag: str) -> list[str]:
    from babel.localedata import exists

    return [name for name in (tag.replace("-", "_"), base_language(tag)) if exists(name)]


def language_name(tag: str, in_language: str) -> str:
    """What `in_language` calls the language: ("en", "fr") gives "anglais". The tag itself where no name is known."""
    return babel_locale(tag).get_language_name(in_language.replace("-", "_")) or tag


def own_name(tag: str) -> str:
    """What the language calls itself, with a capital: "Français", "English"."""
    name = language_name(tag, base_language(tag))
    return name[:1].upper() + name[1:]
