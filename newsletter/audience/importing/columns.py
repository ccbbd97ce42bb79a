"""Which column of a file holds what: the names that people give to the columns we know, and every other as an attribute."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from newsletter.audience.errors import FileRefused
from newsletter.audience.formulas import as_it_was

_ATTRIBUTES_MAX = 50
_ATTRIBUTE_NAME_LENGTH_MAX = 60
_SHOWN_LENGTH = 300

# Without accents, capitals, spaces and signs: "E-mail", "Prénom", "First name", "Nachname".
_NAMES = {
    "email": "email emailaddress mail mailaddress courriel adresseemail adressemail adressecourriel adresseelectronique "
    "adressedecourriel emailadres mailadres emailadresse mailadresse epost epostadresse",
    "name": "name nom fullname nomcomplet naam volledigenaam vollstandigername",
    "first_name": "firstname prenom voornaam vorname givenname",
    "language": "language languages langue langues lang taal talen sprache sprachen",
    "lists": "lists list listes liste lijsten lijst listen",
    "status": "status statut",
    "both": "both bothlanguages lesdeux deuxlangues bilingue bilingual tweetalig zweisprachig",
}
_COLUMN_OF = {name: column for column, names in _NAMES.items() for name in names.split()}
# Often something else, as the postal address: taken only where no other column claims to be that.
_PERHAPS = {
    "email": {"adresse", "address", "adres"},
    "name": {"lastname", "surname", "nomdefamille", "achternaam", "familienaam", "nachname", "familienname"},
}


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
    both: int | None = None


def columns_of(
    header: Sequence[str], file_name: str, line: int, said: Mapping[str, str] | None = None
) -> Columns:
    """What each column of the header means; `said` names, for a column that we know or an attribute, its heading.

    Raises FileRefused where none is the address, two are the same, or a heading that was said is not there.
    """
    header = [as_it_was(text) for text in header]
    known = _known_columns([_plain(text) for text in header])
    known = _with_said(known, header, said or {}, file_name, line)
    if "email" not in known.values():
        found = ", ".join(filter(None, header))[:_SHOWN_LENGTH]
        raise FileRefused(
            file_name,
            f"the header has no column “email”; it has: {found}. Say which one it is, as in --column email=…",
            line,
        )
    places: dict[str, int] = {}
    attributes: dict[str, int] = {}
    for place, text in enumerate(header):
        if not text:
            continue
        column = known.get(place)
        if column in _NAMES:
            taken, key = places, column
        else:
            taken, key = attributes, _attribute_name(column or text, file_name, line)
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
        both=places.get("both"),
    )


def _known_columns(plain: Sequence[str]) -> dict[int, str]:
    """Place -> which of the columns that we know stands there, by its heading."""
    known = {place: _COLUMN_OF[name] for place, name in enumerate(plain) if name in _COLUMN_OF}
    for column, names in _PERHAPS.items():
        if column not in known.values():
            known.update((place, column) for place, name in enumerate(plain) if name in names)
    return known


def _with_said(
    known: Mapping[int, str], header: Sequence[str], said: Mapping[str, str], file_name: str, line: int
) -> dict[int, str]:
    """What the headings tell, but for what somebody said otherwise."""
    kept = {place: column for place, column in known.items() if column not in said}
    plain = [_plain(text) for text in header]
    for column, heading in said.items():
        if _plain(heading) not in plain:
            found = ", ".join(filter(None, header))[:_SHOWN_LENGTH]
            raise FileRefused(
                file_name,
                f"the header has no column “{heading[:60]}”, said to be the {column}; it has: {found}",
                line,
            )
        kept[plain.index(_plain(heading))] = column
    return kept


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
