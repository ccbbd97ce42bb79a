"""Options about languages: a text for each of them (`--subject fr="..."`), and the one to answer in (`--in fr`)."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import NotALanguage, normalise_tag
from newsletter.foundation.sayings import STAFF_LANGUAGES

_F = TypeVar("_F", bound=Callable[..., Any])


def texts_option(flag: str, explanation: str) -> Callable[[_F], _F]:
    """An option given once per language, as LANGUAGE=TEXT."""

    def decorate(command: _F) -> _F:
        return click.option(flag, multiple=True, metavar="LANGUAGE=TEXT", help=explanation)(command)

    return decorate


def in_option(command: _F) -> _F:
    """Adds `--in`, as `answer_in`: the language of findings and remarks, None for that of the settings."""
    return click.option(
        "--in",
        "answer_in",
        type=click.Choice(STAFF_LANGUAGES),
        help="The language of findings and remarks; default: the setting `staff_language`.",
    )(command)


def texts_per_language(
    values: Sequence[str], languages: Sequence[str], flag: str, whose: str = ""
) -> dict[str, str]:
    """Language -> text. A value without a language counts for every language; raises BadInput for an unknown one.

    `languages` are those of the installation, or of what `whose` names: "edition 3".
    """
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
                f"{flag} {language}=…: {whose} is in {', '.join(languages)}."
                if whose
                else f"{flag} {language}=…: this installation speaks {', '.join(languages)} (NEWSLETTER_LANGUAGES)."
            )
        else:
            texts[language] = text
    return texts
