"""Options that take a text per language: `--subject fr="..." --subject en="..."`."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import NotALanguage, normalise_tag

_F = TypeVar("_F", bound=Callable[..., Any])


def texts_option(flag: str, explanation: str) -> Callable[[_F], _F]:
    """An option given once per language, as LANGUAGE=TEXT."""

    def decorate(command: _F) -> _F:
        return click.option(flag, multiple=True, metavar="LANGUAGE=TEXT", help=explanation)(command)

    return decorate


def texts_per_language(values: Sequence[str], languages: Sequence[str], flag: str) -> dict[str, str]:
    """Language -> text. A value without a language counts for every language; raises BadInput for an unknown one."""
    texts: dict[str, str] = {}
    for value in values:
        head, equals, text = value.partition("=")
        try:
            language = normalise_tag(head) if equals else ""
        except NotALanguage:
            language = ""
        if not language:
            texts = {**dict.fromkeys(languages, value), **texts}
        elif language not in languages:
            raise BadInput(
                f"{flag} {language}=…: this installation speaks {', '.join(languages)} (NEWSLETTER_LANGUAGES)."
            )
        else:
            texts[language] = text
    return texts
