"""Options about how people come to a list and what they are told there."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from newsletter.audience.actions import ListTerms
from newsletter.audience.models import MailingList, OptIn
from newsletter.cli.languages import texts_option, texts_per_language

_F = TypeVar("_F", bound=Callable[..., Any])


def terms_options(command: _F) -> _F:
    """Adds the options that `terms_from` understands."""
    options = (
        click.option(
            "--public/--private",
            "is_public",
            default=None,
            help="Shown to everybody, with a sign-up form (default), or to nobody.",
        ),
        click.option(
            "--opt-in",
            type=click.Choice([kind.value for kind in OptIn]),
            help="double: the owner of the address confirms by mail (default); single: the form alone counts.",
        ),
        click.option(
            "--welcome/--no-welcome", "sends_welcome", default=None, help="Greet new readers with a mail."
        ),
        texts_option("--cadence", "How often it comes, per language: --cadence fr='Chaque mois'."),
        texts_option(
            "--consent", "What people agree to when they sign up, per language; '' for our own words."
        ),
        click.option("--legal-basis", help="On what grounds it is mailed where an import says nothing else."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def terms_from(
    languages: Sequence[str],
    *,
    is_public: bool | None,
    opt_in: str | None,
    sends_welcome: bool | None,
    cadence: Sequence[str],
    consent: Sequence[str],
    legal_basis: str | None,
) -> ListTerms:
    """What the options said. Raises BadInput for a language that the installation does not speak."""
    return ListTerms(
        is_public=is_public,
        opt_in=OptIn(opt_in) if opt_in else None,
        sends_welcome=sends_welcome,
        cadences=texts_per_language(cadence, languages, "--cadence"),
        consent_texts=texts_per_language(consent, languages, "--consent"),
        legal_basis=legal_basis,
    )


def terms_json(mailing_list: MailingList) -> dict[str, Any]:
    """The terms of a list in JSON."""
    return {
        "is_public": mailing_list.is_public,
        "opt_in": mailing_list.opt_in.value,
        "sends_welcome": mailing_list.sends_welcome,
        "cadences": dict(mailing_list.cadences),
        "consent_texts": dict(mailing_list.consent_texts),
        "legal_basis": mailing_list.legal_basis,
    }
