"""The rules of who reads what: how a person is recognised, what a language column says, what may become of a subscription."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from newsletter.audience.errors import LanguageNotUnderstood, ListRefused
from newsletter.audience.models import SubscriptionState
from newsletter.foundation.addresses import canonical_address
from newsletter.foundation.language import NotALanguage, base_language, normalise_tag, normalise_tags
from newsletter.foundation.signing import Keyring

# The moves that a subscription may make. Who left comes back only by asking anew, and confirming it.
MOVES: Mapping[SubscriptionState, frozenset[SubscriptionState]] = {
    SubscriptionState.PENDING: frozenset({SubscriptionState.ACTIVE, SubscriptionState.ENDED}),
    SubscriptionState.ACTIVE: frozenset({SubscriptionState.ENDED}),
    SubscriptionState.ENDED: frozenset({SubscriptionState.PENDING}),
}
# Those that a file may make: it can only end. It neither confirms nor brings back anybody (threat T8).
MOVES_BY_IMPORT: Mapping[SubscriptionState, frozenset[SubscriptionState]] = {
    SubscriptionState.PENDING: frozenset({SubscriptionState.ENDED}),
    SubscriptionState.ACTIVE: frozenset({SubscriptionState.ENDED}),
    SubscriptionState.ENDED: frozenset(),
}

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_SLUG_LENGTH_MAX = 60
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"  # RFC 5322 section 3.2.3
_LIST_ID = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})+\Z")
_LIST_ID_OCTETS_MAX = 255
_LANGUAGES_MAX = 5

# What people write into a language column, without accents and in lower case.
_LANGUAGE_WORDS = {
    word: tag
    for tag, words in {
        "fr": "francais francaise french frans franzosisch francophone franstalig fra fre",
        "en": "anglais anglaise english engels englisch anglophone engelstalig eng",
        "nl": "nederlands neerlandais dutch niederlandisch neerlandophone nederlandstalig flamand vlaams flemish nld dut",
        "de": "deutsch allemand german duits germanophone duitstalig deu ger",
    }.items()
    for word in words.split()
}
_BOTH_WORDS = frozenset(
    {"both", "bilingual", "bilingue", "les deux", "tweetalig", "beide", "zweisprachig", "beides"}
)
_AND_WORDS = frozenset({"and", "et", "und", "&"})


def address_key(keyring: Keyring, address: str) -> bytes:
    """The 16 octets by which a suppressed address is found again, in whatever spelling; they do not tell the address."""
    return keyring.fingerprint("suppression", canonical_address(address))


def checked_slug(text: str) -> str:
    """A list's short name, as it may stand in commands and web addresses. Raises ListRefused."""
    slug = text.strip()
    if not _SLUG.match(slug) or len(slug) > _SLUG_LENGTH_MAX:
        raise ListRefused(
            f"“{text[:60]}” cannot be a list's short name; use at most {_SLUG_LENGTH_MAX} small letters, figures "
            "and single hyphens between them, as in city-letter."
        )
    return slug


def checked_list_id(text: str) -> str:
    """The value of List-Id between its angle brackets, in lower case (it is compared without case).

    RFC 2919 section 2: dot-atom-text of a label and a domain, at most 255 octets. Raises ListRefused.
    """
    if not _LIST_ID.match(text) or len(text) > _LIST_ID_OCTETS_MAX:
        raise ListRefused(
            f"“{text[:80]}” cannot be a List-Id; write a name and your own domain with a dot between, without "
            f"spaces or accents, as in letter.example.org (at most {_LIST_ID_OCTETS_MAX} characters)."
        )
    return text.lower()


def reader_languages(text: str, installation: Sequence[str] = ()) -> tuple[tuple[str, ...], bool]:
    """The languages that a language column names, in order, and whether the reader wants two in one mail.

    One language, as a tag ("fr", "FR_be") or a word ("français", "Dutch"): that one. Several, with spaces, or any of
    `, ; + / | &` between: these in order, and both in one mail. "both", "bilingue": the first two of `installation`.
    Nothing: `((), False)`. Raises LanguageNotUnderstood for anything else, so that nobody is guessed a language.
    """
    plain = _without_accents(text)
    if not plain:
        return (), False
    if plain in _BOTH_WORDS:
        if len(installation) < 2:
            raise LanguageNotUnderstood(text)
        return tuple(installation[:2]), True
    words = [word for word in re.split(r"[\s,;+/|]+", plain) if word]
    # "et" is Estonian too, where it stands alone, first or last.
    named = [
        word for place, word in enumerate(words) if word not in _AND_WORDS or place in (0, len(words) - 1)
    ]
    try:
        languages = normalise_tags(_tag(word) for word in named)
    except NotALanguage as error:
        raise LanguageNotUnderstood(text) from error
    if not languages or len(languages) > _LANGUAGES_MAX:
        raise LanguageNotUnderstood(text)
    return languages, len(languages) > 1


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).casefold().strip()


def _tag(word: str) -> str:
    if known := _LANGUAGE_WORDS.get(word):
        return known
    tag = normalise_tag(word)
    if not _is_language(base_language(tag)):
        raise NotALanguage(word)
    return tag


@lru_cache(maxsize=1000)
def _is_language(code: str) -> bool:
    from babel import Locale  # imported here: most tables say fr, en, nl or de, and most commands read none

    return code in {"fr", "en", "nl", "de"} or code in Locale("en").languages
