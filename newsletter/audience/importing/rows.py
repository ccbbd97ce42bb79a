"""What a row of a file asks for: a reader with languages, lists and a state. Pure; nothing is compared with who is there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from newsletter.audience.importing.columns import Columns
from newsletter.audience.importing.reading import Row
from newsletter.audience.models import SubscriptionState
from newsletter.audience.rules import reader_languages
from newsletter.foundation.addresses import parse_address
from newsletter.foundation.errors import BadInput

NAME_LENGTH_MAX = 200
FIRST_NAME_LENGTH_MAX = 100
ATTRIBUTE_LENGTH_MAX = 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

# What stands in status columns, in small letters. Nothing that is not here is guessed.
_STATES = {
    word.strip(): state
    for state, words in {
        SubscriptionState.ACTIVE: "active, actif, subscribed, subscriber, confirmed, enabled, abonné, abonnée, "
        "inscrit, inscrite, confirmé, confirmée, actief, ingeschreven, yes, oui, ja",
        SubscriptionState.PENDING: "pending, unconfirmed, en attente, à confirmer, non confirmé, non confirmée, "
        "in afwachting, niet bevestigd",
        SubscriptionState.ENDED: "ended, unsubscribed, opted out, opt-out, left, cancelled, disabled, inactive, inactif, "
        "désabonné, désabonnée, désinscrit, désinscrite, terminé, terminée, uitgeschreven, bounced, cleaned, "
        "complained, blocked, blocklisted, no, non, nee",
    }.items()
    for word in words.split(",")
}


class RowRefused(BadInput):
    """The row cannot be imported; the message says why, without the address."""


@dataclass(frozen=True, slots=True)
class WantedReader:
    """A reader as a row of the file describes her; empty where it says nothing."""

    line: int
    address: str
    address_lower: str
    name: str
    first_name: str
    languages: tuple[str, ...]
    reads_both: bool
    attributes: dict[str, str]
    list_ids: tuple[int, ...]
    state: SubscriptionState


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the rows of one file: its columns, the lists that there are, the list that always applies."""

    columns: Columns
    list_ids: Mapping[str, int]
    always: tuple[int, ...]
    installation_languages: tuple[str, ...]

    def read(self, row: Row) -> WantedReader:
        """The reader whom the row describes. Raises BadInput with the reason: RowRefused, AddressRefused, ..."""
        columns, values = self.columns, row.values
        if row.problem:
            raise RowRefused(row.problem)
        if len(values) < columns.count:
            values = values + [""] * (columns.count - len(values))
        elif any(values[columns.count :]):
            raise RowRefused(f"the line has {len(values)} values, the header {columns.count}")
        address = parse_address(values[columns.email])
        languages, reads_both = _languages(_at(values, columns.language), self.installation_languages)
        return WantedReader(
            line=row.line,
            address=address,
            address_lower=address.lower(),
            name=_one_line(_at(values, columns.name), "name", NAME_LENGTH_MAX),
            first_name=_one_line(_at(values, columns.first_name), "first name", FIRST_NAME_LENGTH_MAX),
            languages=languages,
            reads_both=reads_both,
            attributes={
                name: _one_line(values[place], name, ATTRIBUTE_LENGTH_MAX)
                for place, name in columns.attributes
                if values[place]
            },
            list_ids=self._lists(_at(values, columns.lists)),
            state=_state(_at(values, columns.status)),
        )

    def _lists(self, text: str) -> tuple[int, ...]:
        if not text:
            if not self.always:
                raise RowRefused("no list is named")
            return self.always
        found = list(self.always)
        for slug in re.split(r"[;,|]", text):
            if not slug.strip():
                continue
            list_id = self.list_ids.get(slug.strip().lower())
            if list_id is None:
                raise RowRefused(f"there is no list “{slug.strip()[:60]}”")
            if list_id not in found:
                found.append(list_id)
        if not found:
            raise RowRefused("no list is named")
        return tuple(found)


def _at(values: Sequence[str], place: int | None) -> str:
    return "" if place is None else values[place]


def _one_line(text: str, what: str, length_max: int) -> str:
    """The text with line breaks and control characters as one space (threat T4). Raises RowRefused if too long."""
    if not text.isprintable():
        text = _CONTROL.sub(" ", text).strip()
    if len(text) > length_max:
        raise RowRefused(f"the {what} is longer than {length_max} characters")
    return text


# A file says a handful of things in these two columns, a hundred thousand times each.
_languages = lru_cache(maxsize=1000)(reader_languages)


def _state(text: str) -> SubscriptionState:
    if not text:
        return SubscriptionState.ACTIVE
    state = _STATES.get(text.lower())
    if state is None:
        raise RowRefused(f"the status “{text[:40]}” is not understood; write active, pending or ended")
    return state
