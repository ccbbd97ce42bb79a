"""Sayings: the system's words kept as data, with the values that fill them in, so that they can be said in any language later.

Write `saying("The picture {source} has no width.", source=url)`; `tests/foundation/test_texts.py` finds
every such call and fails where French or English lacks it. Nothing is said before somebody names a language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from newsletter.foundation.language import babel_locale, language_name
from newsletter.foundation.texts import texts

STAFF_LANGUAGES = ("en", "fr")  # whose catalogues hold every text for those who work here


class Sayable(Protocol):
    """What has words in every language."""

    def said_in(self, language: str) -> str:
        """Its words in a language."""


Value: TypeAlias = "str | int | float | Sayable | tuple[Value, ...]"


@dataclass(frozen=True, slots=True)
class Saying:
    """Words in English, as the catalogues know them, and a value for each name in braces."""

    words: str
    values: tuple[tuple[str, Value], ...] = ()

    def of(self, /, **values: Value) -> Saying:
        """The same words with these values, for words that stand in a table."""
        return Saying(self.words, tuple(values.items()))

    def said_in(self, language: str) -> str:
        """The saying in a language, its values too; in English where no catalogue has it."""
        told = texts(language).gettext(self.words)
        return told.format(**{name: _said(value, language) for name, value in self.values})


@dataclass(frozen=True, slots=True)
class LanguageName:
    """The name of a language: "French", "français"."""

    tag: str

    def said_in(self, language: str) -> str:
        """What `language` calls it."""
        return language_name(self.tag, language)


def saying(words: str, /, **values: Value) -> Saying:
    """The saying with these values. A tuple is said with commas; a float with the language's decimal sign."""
    return Saying(words, tuple(values.items()))


def _said(value: Value, language: str) -> str:
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, float):
        from babel.numbers import format_decimal

        return format_decimal(value, locale=babel_locale(language))
    if isinstance(value, tuple):
        return ", ".join(_said(item, language) for item in value)
    return value.said_in(language)
