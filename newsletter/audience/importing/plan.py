"""What a wanted reader changes about one who is there already. Pure.

A file adds and corrects; it never takes back what a reader decided (threat T8): who left stays away, who has not
confirmed stays so, and the languages that she chose herself stay hers. It may end a subscription, as other systems
hand over those who left there. Empty values of the file change nothing.
"""

from typing import NamedTuple

from newsletter.audience.importing.rows import WantedReader
from newsletter.audience.models import LanguageOrigin, SubscriptionState
from newsletter.audience.rules import MOVES_BY_IMPORT


class Reader(NamedTuple):
    """What an import may change about a subscriber."""

    name: str
    first_name: str
    languages: tuple[str, ...]
    language_origin: LanguageOrigin
    reads_both: bool
    attributes: dict[str, str]


def new_reader(wanted: WantedReader) -> Reader:
    """The reader as she begins, all of it from the file."""
    return Reader(
        wanted.name,
        wanted.first_name,
        wanted.languages,
        LanguageOrigin.IMPORT if wanted.languages else LanguageOrigin.GUESS,
        wanted.reads_both,
        wanted.attributes,
    )


def corrected_reader(known: Reader, wanted: WantedReader) -> Reader:
    """The reader as she is after the row; equal to `known` where it says nothing new."""
    corrected = known._replace(
        name=wanted.name or known.name,
        first_name=wanted.first_name or known.first_name,
        attributes={**known.attributes, **wanted.attributes},
    )
    if keeps_own_languages(known, wanted) or not says_other_languages(known, wanted):
        return corrected
    return corrected._replace(
        languages=wanted.languages,
        reads_both=wanted.reads_both,
        language_origin=LanguageOrigin.IMPORT,
    )


def says_other_languages(known: Reader, wanted: WantedReader) -> bool:
    """Whether the file names languages, and others than we know."""
    if not wanted.languages:
        return False
    return (wanted.languages, wanted.reads_both) != (known.languages, known.reads_both)


def keeps_own_languages(known: Reader, wanted: WantedReader) -> bool:
    """Whether the file's languages give way to those that the reader chose herself."""
    return known.language_origin is LanguageOrigin.EXPLICIT and says_other_languages(known, wanted)


def ends(known: SubscriptionState, wanted: SubscriptionState) -> bool:
    """Whether the row ends a subscription that is in the state `known`."""
    return wanted is SubscriptionState.ENDED and wanted in MOVES_BY_IMPORT[known]
