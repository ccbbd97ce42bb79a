"""What people are shown and agree to when they sign up: the list's own words, else the catalogue's."""

from dataclasses import dataclass

from newsletter.audience.models import MailingList, OptIn
from newsletter.foundation.language import lookup
from newsletter.foundation.texts import texts


@dataclass(frozen=True, slots=True)
class ListOffer:
    """A list as a form offers it in one language; `name_language` is that of the name, where it has none in the form's.

    `needs_confirmation` is False where the form alone counts.
    """

    id: int
    slug: str
    name: str
    name_language: str
    description: str
    cadence: str
    consent: str
    needs_confirmation: bool

    @property
    def shown(self) -> str:
        """Everything that the form says of the list, as it is kept in evidence."""
        lines = (self.name, self.description, self.cadence, self.consent)
        return "\n".join(line for line in lines if line)


def offer_of(mailing_list: MailingList, organisation: str, language: str) -> ListOffer:
    """The list as a form in `language` offers it. Only the name is ever in another language."""
    name, tag = name_in(mailing_list.names, language)
    own = _in(mailing_list.consent_texts, language)
    return ListOffer(
        id=mailing_list.id,
        slug=mailing_list.slug,
        name=name,
        name_language=tag,
        description=_in(mailing_list.descriptions, language),
        cadence=_in(mailing_list.cadences, language),
        consent=own or _consent(name, organisation, language),
        needs_confirmation=mailing_list.opt_in is OptIn.DOUBLE,
    )


def name_in(names: dict[str, str], language: str) -> tuple[str, str]:
    """The name of a list in a language, else any that it has; and the language of that name."""
    tag = lookup([language], list(names)) or next(iter(names), language)
    return names.get(tag, ""), tag


def _in(by_language: dict[str, str], language: str) -> str:
    found = lookup([language], list(by_language))
    return by_language[found] if found else ""


def _consent(name: str, organisation: str, language: str) -> str:
    t = texts(language).gettext
    if not organisation:
        return t(
            "I would like to receive “{list}” by e-mail. I can leave at any time, with one click."
        ).format(list=name)
    return t(
        "I would like to receive “{list}” from {organisation} by e-mail. I can leave at any time, with one click."
    ).format(list=name, organisation=organisation)
