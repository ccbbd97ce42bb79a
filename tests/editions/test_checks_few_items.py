"""`few-items`: a language that has too little of its own to be worth a letter."""

from collections.abc import Sequence

import pytest

from builders import a_list, an_announcement, an_edition
from newsletter.editions.checks.few_items import check_few_items
from newsletter.editions.checks.findings import told_in
from newsletter.editions.models import Fallback
from newsletter.editions.queries import edition_by_id
from newsletter.foundation.database import Database


def found(
    db: Database, *items: Sequence[str], fallback: Fallback = Fallback.OMIT, without: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Language and message of what is found in an edition whose items have texts in these languages."""
    with db.transaction() as session:
        announcements = [an_announcement(session, tags, title=f"{n} ") for n, tags in enumerate(items)]
        edition = an_edition(session, a_list(session), announcements, fallback=fallback)
        edition.left_out_languages = tuple(without)
        edition_id = edition.id
    with db.read() as session:
        return [
            (told.language, told.message)
            for told in (told_in(item, "en") for item in check_few_items(edition_by_id(session, edition_id)))
        ]


BOTH, FRENCH = ("fr", "en"), ("fr",)


def test_language_with_less_than_half_is_told(sqlite_db: Database) -> None:
    assert found(sqlite_db, BOTH, FRENCH, FRENCH) == [("en", "Items in English: 1 of 3.")]


def test_items_that_stand_in_another_language_are_none_of_its_own(sqlite_db: Database) -> None:
    assert found(sqlite_db, FRENCH, fallback=Fallback.LABEL) == [("en", "Items in English: 0 of 1.")]


@pytest.mark.parametrize("items", [(BOTH, BOTH), (BOTH, FRENCH), (BOTH, BOTH, FRENCH, FRENCH)])
def test_language_with_half_or_more_is_not_told(sqlite_db: Database, items: Sequence[Sequence[str]]) -> None:
    assert found(sqlite_db, *items) == []


def test_language_that_is_left_out_or_empty_is_not_told(sqlite_db: Database) -> None:
    assert found(sqlite_db, BOTH, FRENCH, FRENCH, without=["en"]) == []


def test_empty_language_blocks_and_is_not_told_twice(sqlite_db: Database) -> None:
    assert found(sqlite_db, FRENCH, FRENCH) == []
