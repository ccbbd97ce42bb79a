"""Which column of a file holds what: the names that people give to the columns we know, and every other as an attribute."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.audience.errors import FileRefused

_ATTRIBUTES_MAX = 50
_ATTRIBUTE_NAME_LENGTH_MAX = 60
_SHOWN_LENGTH = 300

# Without accents, capitals, spaces and signs: "E-mail", "Prénom", "First name".
_NAMES = {
    "email": "email emailaddress mail mailaddress courriel adresseemail adressemail adressecourriel adresseelectronique "
    "emailadres mailadres emailadresse",
    "name": "name nom fullname nomcomplet naam",
    "first_name": "firstname prenom voornaam vorname givenname",
    "language": "language langue lang taal sprache",
    "lists": "lists list listes liste lijsten lijst",
    "status": "status statut",
}
_COLUMN_OF = {name: column for column, names in _NAMES.items() for name in names.split()}
# Often the postal address: the mail address only where no other column claims to be it.
_PERHAPS_EMAIL = {"adresse", "address", "adres"}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row what stands (counted from 0); None for a column that the file does not have."""

    email: int
    name: int | None
    first_name: int | None
    language: int | None
    lists: int | None
    status: int | None
    attributes: tuple[tuple[int, str], ...]
    unnamed: tuple[int, ...]
    count: int


def columns_of(header: Sequence[str], file_name: str, line: int) -> Columns:
    """What each column of the header means. Raises FileRefused where none is the address, or two are the same."""
    plain = [_plain(text) for text in header]
    known = {name: _COLUMN_OF[name] for name in plain if name in _COLUMN_OF}
    if "email" not in known.values():
        known.update((name, "email") for name in plain if name in _PERHAPS_EMAIL)
    if "email" not in known.values():
        found = ", ".join(filter(None, header))[:_SHOWN_LENGTH]
        raise FileRefused(file_name, f"the header has no column “email”; it has: {found}", line)
    places: dict[str, int] = {}
    attributes: dict[str, int] = {}
    for place, text in enumerate(header):
        if not text:
            continue
        column = known.get(plain[place])
        taken, key = (places, column) if column else (attributes, _attribute_name(text, file_name, line))
        if key in taken:
            twice = (
                f"columns {taken[key] + 1} (“{header[taken[key]]}”) and {place + 1} (“{text}”) say the same"
            )
            raise FileRefused(file_name, f"{twice}; take one of them out", line)
        taken[key] = place
    if len(attributes) > _ATTRIBUTES_MAX:
        raise FileRefused(
            file_name,
            f"the header has {len(attributes)} columns beside the known ones; {_ATTRIBUTES_MAX} are too many",
            line,
        )
    return Columns(
        email=places["email"],
        name=places.get("name"),
        first_name=places.get("first_name"),
        language=places.get("language"),
        lists=places.get("lists"),
        status=places.get("status"),
        attributes=tuple((place, name) for name, place in attributes.items()),
        unnamed=tuple(place for place, text in enumerate(header) if not text),
        count=len(header),
    )


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", text)).casefold()


def _attribute_name(text: str, file_name: str, line: int) -> str:
    """In small letters, with `_` for spaces, so that a merge field can name it."""
    name = re.sub(r"\s+", "_", unicodedata.normalize("NFC", text).lower())
    if len(name) > _ATTRIBUTE_NAME_LENGTH_MAX:
        raise FileRefused(
            file_name,
            f"the column name “{text[:40]}…” is longer than {_ATTRIBUTE_NAME_LENGTH_MAX} characters",
            line,
        )
    return name
