"""Dates in words."""

from datetime import date

import pytest

from newsletter.rendering.dates import full_date, long_date


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("fr", "1er mars 2026"),
        ("fr-BE", "1er mars 2026"),
        ("en", "1 March 2026"),
        ("en-US", "March 1, 2026"),
        ("nl", "1 maart 2026"),
        ("de", "1. März 2026"),
    ],
)
def test_long_date_is_written_as_in_its_language(language: str, shown: str) -> None:
    assert long_date(date(2026, 3, 1), language) == shown


def test_only_the_first_of_a_month_is_ordinal_in_french() -> None:
    shown = [long_date(date(2026, 1, day), "fr") for day in (1, 2, 11, 21, 31)]
    assert shown == [
        "1er janvier 2026",
        "2 janvier 2026",
        "11 janvier 2026",
        "21 janvier 2026",
        "31 janvier 2026",
    ]


@pytest.mark.parametrize(
    ("language", "shown"), [("fr", "Dimanche 1er mars 2026"), ("en", "Sunday, 1 March 2026")]
)
def test_full_date_begins_with_the_day_of_the_week(language: str, shown: str) -> None:
    assert full_date(date(2026, 3, 1), language) == shown
