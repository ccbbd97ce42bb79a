"""What a row of a file asks for: a reader with languages, lists and a state. Pure; nothing is compared with who is there."""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from newsletter.audience.formulas import as_it_was
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

_YES_OR_NO = dict.fromkeys(
    ("yes", "oui", "ja", "true", "vrai", "waar", "wahr", "1", "x"), True
) | dict.fromkeys(("no", "non", "nee", "nein", "false", "faux", "onwaar", "falsch", "0"), False)


class RowRefused(BadInput):
    """The row cannot be imported; the message says why, without the address."""


class WantedReader(NamedTuple):
    """A reader as a row of the file describes her; empty where it says nothing."""

    line: int
    address: str
    address_lower: str
    name: str
    first_name: str
    languages: tuple[str, ...]
    reads_both: bool
    attributes: dict[str, str]
    subscriptions: tuple[tuple[int, SubscriptionState], ...]  # the list's number, and how she stands to it

    @property
    def wants_mail(self) -> bool:
        """Whether she is put on any list, not only taken off."""
        return any(state is not SubscriptionState.ENDED for _, state in self.subscriptions)


class RowReader:
    """Reads the rows of one file: its columns, the lists that may be named, the list that always applies."""

    def __init__(
        self,
        columns: Columns,
        list_ids: Mapping[str, int],
        always: Sequence[int],
        installation_languages: tuple[str, ...],
        without_basis: Collection[int] = (),
    ) -> None:
        self.installation_languages = installation_languages
        self._columns = columns
        self._list_ids = list_ids
        self._always = always
        # Lists of which nobody said on what grounds they are mailed.
        self._without_basis = without_basis
        # A file says a handful of things in these columns, a hundred thousand times each.
        self._subscriptions = lru_cache(maxsize=1000)(self._read_subscriptions)
        self._languages = lru_cache(maxsize=1000)(self._read_languages)

    def read(self, row: Row) -> WantedReader:
        """The reader whom the row describes. Raises BadInput with the reason: RowRefused, AddressRefused, ..."""
        columns, values = self._columns, row.values
        if row.problem:
            raise RowRefused(row.problem)
        if len(values) < columns.count:
            values = values + [""] * (columns.count - len(values))
        elif len(values) > columns.count and any(values[columns.count :]):
            raise RowRefused(f"the line has {len(values)} values, the header {columns.count}")
        together = "".join(values)
        if "'" in together:
            values = [as_it_was(value) for value in values]
        # A short row of nothing but letters: no value of it can be too long or hold a line break.
        checked = (
            _as_it_is if len(together) <= FIRST_NAME_LENGTH_MAX and together.isprintable() else _one_line
        )
        address = parse_address(values[columns.email])
        languages, reads_both = self._languages(_at(values, columns.language), _at(values, columns.both))
        return WantedReader(
            row.line,
            address,
            address.lower(),
            checked(_at(values, columns.name), "name", NAME_LENGTH_MAX),
            checked(_at(values, columns.first_name), "first name", FIRST_NAME_LENGTH_MAX),
            languages,
            reads_both,
            {
                name: checked(values[place], name, ATTRIBUTE_LENGTH_MAX)
                for place, name in columns.attributes
                if values[place]
            },
            self._subscriptions(_at(values, columns.lists), _at(values, columns.status)),
        )

    def _read_languages(self, text: str, both: str) -> tuple[tuple[str, ...], bool]:
        languages, reads_both = reader_languages(text, self.installation_languages)
        if not both:
            return languages, reads_both
        said = _YES_OR_NO.get(both.casefold())
        if said is None:
            raise RowRefused(f"“{both[:40]}” does not say whether she wants both languages; write yes or no")
        return languages, said

    def _read_subscriptions(self, text: str, status: str) -> tuple[tuple[int, SubscriptionState], ...]:
        """The lists that a line names; each may say how she stands to it, as in `letter:ended`."""
        of_line = _state(status)
        found = dict.fromkeys(self._always, of_line)
        for part in re.split(r"[;,|]", text):
            slug, _, state = (piece.strip() for piece in part.partition(":"))
            if not slug:
                continue
            list_id = self._list_ids.get(slug.lower())
            if list_id is None:
                raise RowRefused(f"there is no list “{slug[:60]}”")
            if list_id in self._without_basis:
                raise RowRefused(f"the list “{slug}” does not say on what grounds it is mailed")
            if state or list_id not in found:
                found[list_id] = _state(state) if state else of_line
        if not found:
            raise RowRefused("no list is named")
        return tuple(found.items())


def _at(values: Sequence[str], place: int | None) -> str:
    return "" if place is None else values[place]


def _as_it_is(text: str, _what: str, _length_max: int) -> str:
    return text


def _one_line(text: str, what: str, length_max: int) -> str:
    """The text with line breaks and control characters as one space (threat T4). Raises RowRefused if too long."""
    if not text.isprintable():
        text = _CONTROL.sub(" ", text).strip()
    if len(text) > length_max:
        raise RowRefused(f"the {what} is longer than {length_max} characters")
    return text


def _state(text: str) -> SubscriptionState:
    if not text:
        return SubscriptionState.ACTIVE
    state = _STATES.get(text.lower())
    if state is None:
        raise RowRefused(f"the status “{text[:40]}” is not understood; write active, pending or ended")
    return state
