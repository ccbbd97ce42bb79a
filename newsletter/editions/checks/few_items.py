"""Whether each language has enough of its own in an edition to be worth a letter."""

from collections.abc import Iterator

from newsletter.editions.checks.findings import Finding, finding
from newsletter.editions.coverage import counts_by_language, coverage_of
from newsletter.editions.models import Edition
from newsletter.foundation.sayings import LanguageName, saying


def check_few_items(edition: Edition) -> Iterator[Finding]:
    """Languages of a whole edition that have less than half of the items which its fullest language has.

    One with nothing to show at all is not named: it blocks freezing anyway.
    """
    counts = counts_by_language(coverage_of(edition), edition.languages)
    most = max((count.own for count in counts), default=0)
    for count in counts:
        is_going_out = count.language not in edition.left_out_languages and count.own + count.in_another > 0
        if count.is_few and is_going_out:
            message = saying(
                "Items in {language}: {own} of {most}.",
                language=LanguageName(count.language),
                own=count.own,
                most=most,
            )
            yield finding("few-items", message, language=count.language)
