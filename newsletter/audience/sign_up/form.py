"""What a sign-up form says: understood, or refused field by field. Pure: whether anybody is known is not asked here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from newsletter.audience.sign_up.words import ListOffer
from newsletter.foundation.addresses import AddressRefused, parse_address

BOTH = "both"
"""What the form sends among the languages by whoever wants two in one mail."""

_NAME_LENGTH_MAX = 100
_ADDRESS_LENGTH_MAX = 400
# A name is greeted with in mails: nothing that a mail program makes a link of, and no markup.
_NO_NAME = re.compile(r"[<>@\[\]{}|\\^`]|://|www\.|\S\.[a-z]{2,}(?:/|\b)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


class Problem(StrEnum):
    """Why a field is refused."""

    ADDRESS_MISSING = "address_missing"  # nothing was typed
    ADDRESS_WRONG = "address_wrong"  # no address that we would mail
    NAME_WRONG = "name_wrong"  # too long, or a link, or markup
    LIST_MISSING = "list_missing"  # none was chosen
    LANGUAGES_FEW = "languages_few"  # two in one mail are wanted, and one was chosen of three or more


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it came in: `languages` may hold `BOTH`, `lists` are short names. All of it may be anything."""

    address: str = ""
    name: str = ""
    languages: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """A form that was understood."""

    address: str
    name: str
    languages: tuple[str, ...]
    reads_both: bool
    lists: tuple[ListOffer, ...]


def understand(
    typed: Typed, offers: Sequence[ListOffer], languages: Sequence[str], form_language: str
) -> Wish | Mapping[str, Problem]:
    """The wish, or the problem of each field that has one ("address", "name", "languages", "lists").

    `languages` are those of the installation; where none is chosen, it is the form's. Lists and languages that are
    not offered are passed over.
    """
    problems: dict[str, Problem] = {}
    address = _address(typed.address, problems)
    name = plain_name(typed.name)
    if name is None:
        problems["name"] = Problem.NAME_WRONG
    lists = tuple(offer for offer in offers if offer.slug in typed.lists)
    if not lists:
        problems["lists"] = Problem.LIST_MISSING
    chosen = _languages(typed.languages, languages, form_language)
    reads_both = BOTH in typed.languages
    if reads_both and len(chosen) < 2:
        chosen = _first(languages, form_language) if len(languages) == 2 else chosen
        if len(chosen) < 2:
            problems["languages"] = Problem.LANGUAGES_FEW
    return problems or Wish(address, name or "", chosen, reads_both, lists)


def plain_name(text: str, length_max: int = _NAME_LENGTH_MAX) -> str | None:
    """The name on one line, "" for none; None where it is too long, or a link, or markup: mails greet with it."""
    name = _CONTROL.sub(" ", text).strip()
    return None if len(name) > length_max or _NO_NAME.search(name) else name


def _address(text: str, problems: dict[str, Problem]) -> str:
    if not text.strip():
        problems["address"] = Problem.ADDRESS_MISSING
        return ""
    try:
        return parse_address(text[:_ADDRESS_LENGTH_MAX])
    except AddressRefused:
        problems["address"] = Problem.ADDRESS_WRONG
        return ""


def _languages(typed: Sequence[str], languages: Sequence[str], form_language: str) -> tuple[str, ...]:
    chosen = [tag for tag in _first(languages, form_language) if tag in typed]
    if not chosen and BOTH not in typed:
        return (form_language,)
    return tuple(chosen)


def _first(languages: Sequence[str], form_language: str) -> tuple[str, ...]:
    """The languages, that of the form first."""
    return tuple(sorted(languages, key=lambda tag: tag != form_language))
