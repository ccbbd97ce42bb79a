"""Which of the configured languages a text is in (docs/decisions/0009-language-identification.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from newsletter.foundation.language import base_language

if TYPE_CHECKING:
    from lingua import LanguageDetector

_CHARACTERS_READ = 2000  # more does not make it surer, only slower
_CONFIDENCE_MIN = 0.65  # of the best language among the configured ones; below, a person should look


@dataclass(frozen=True, slots=True)
class IdentifiedLanguage:
    """One of the configured languages, and whether it had to be guessed."""

    language: str
    is_guess: bool


def identify_language(text: str, languages: Sequence[str]) -> IdentifiedLanguage:
    """The configured language that `text` is in, marked as a guess where it is likely rather than plain.

    A text that tells nothing gets the first configured language, as a guess.
    """
    if len(languages) == 1:
        return IdentifiedLanguage(languages[0], is_guess=False)
    by_code = {base_language(tag): tag for tag in reversed(languages)}
    detector = _detector(tuple(sorted(by_code)))
    values = detector.compute_language_confidence_values(text[:_CHARACTERS_READ]) if detector else []
    if not values or values[0].value == 0:
        return IdentifiedLanguage(languages[0], is_guess=True)
    best = by_code[values[0].language.iso_code_639_1.name.lower()]
    return IdentifiedLanguage(best, is_guess=values[0].value < _CONFIDENCE_MIN)


@lru_cache(maxsize=4)
def _detector(codes: tuple[str, ...]) -> "LanguageDetector | None":
    """The detector for these languages; None where fewer than two of them are known to it."""
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    known = [getattr(IsoCode639_1, code.upper()) for code in codes if hasattr(IsoCode639_1, code.upper())]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*known).build() if len(known) > 1 else None
