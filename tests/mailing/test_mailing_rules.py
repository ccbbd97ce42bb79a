from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.editions.models import EditionMode
from newsletter.editions.rules import variants_of
from newsletter.mailing.models import DeliveryState, MailingState
from newsletter.mailing.rules import (
    MOVES,
    attempts_max,
    choose_variant,
    is_dead_address,
    retry_after,
    state_after,
)
from newsletter.transport.outcome import Outcome, Verdict

FR_EN = ("fr", "en")
BOTH = variants_of(FR_EN, EditionMode.SEPARATE)
COMBINED = variants_of(FR_EN, EditionMode.COMBINED)
ONLY_FR = variants_of(["fr"], EditionMode.SEPARATE)


@pytest.mark.parametrize(
    ("languages", "reads_both", "variants", "variant"),
    [
        (["fr"], False, BOTH, "fr"),
        (["fr-BE"], False, BOTH, "fr"),
        (["en-GB", "fr"], False, BOTH, "en"),
        (["en", "fr"], True, BOTH, "en+fr"),
        (["fr"], True, BOTH, "fr+en"),
        (["nl", "en"], False, BOTH, "en"),
        ([], False, BOTH, "fr+en"),
        (["nl"], False, BOTH, "fr+en"),
        (["en"], False, COMBINED, "en+fr"),
        (["fr"], True, COMBINED, "fr+en"),
        (["en"], False, ONLY_FR, None),
        (["en", "fr"], False, ONLY_FR, "fr"),
        (["en", "fr"], True, ONLY_FR, "fr"),
        ([], False, ONLY_FR, "fr"),
        (["de"], False, ONLY_FR, "fr"),
        (["fr"], False, (), None),
    ],
)
def test_choose_variant(
    languages: list[str], reads_both: bool, variants: tuple[str, ...], variant: str | None
) -> None:
    assert choose_variant(languages, reads_both, variants, FR_EN) == variant


@given(
    st.lists(st.sampled_from(["fr", "en", "nl", "fr-BE", "en-GB", "de", "ar"]), max_size=4),
    st.booleans(),
    st.lists(st.sampled_from(["fr", "en", "nl"]), min_size=1, unique=True),
    st.sampled_from(EditionMode),
)
def test_every_reader_gets_one_variant_that_exists(
    languages: list[str], reads_both: bool, edition_languages: list[str], mode: EditionMode
) -> None:
    variants = variants_of(edition_languages, mode)
    assert choose_variant(languages, reads_both, variants, edition_languages) in variants


def outcome(verdict: Verdict, code: int | None = None, enhanced: str | None = None) -> Outcome:
    return Outcome(verdict, code, enhanced, "words")


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.ACCEPTED, DeliveryState.ACCEPTED),
        (Verdict.REJECTED, DeliveryState.REJECTED),
        (Verdict.DEFERRED, DeliveryState.DEFERRED),
        (Verdict.BLOCKED, DeliveryState.DEFERRED),
        (Verdict.CONTENT_REFUSED, DeliveryState.DEFERRED),
        (Verdict.IN_DOUBT, DeliveryState.IN_DOUBT),
        (Verdict.NOT_TRIED, DeliveryState.PENDING),
    ],
)
def test_state_after_each_verdict(verdict: Verdict, state: DeliveryState) -> None:
    assert state_after(outcome(verdict), 1) is state


def test_later_is_given_up_in_the_end() -> None:
    assert attempts_max(timedelta(hours=72)) == 23
    assert state_after(outcome(Verdict.DEFERRED), 22) is DeliveryState.DEFERRED
    assert state_after(outcome(Verdict.DEFERRED), 23) is DeliveryState.GIVEN_UP
    assert state_after(outcome(Verdict.DEFERRED), 3, timedelta(hours=1)) is DeliveryState.DEFERRED
    assert state_after(outcome(Verdict.DEFERRED), 4, timedelta(hours=1)) is DeliveryState.GIVEN_UP


@given(st.integers(1, 30), st.floats(0, 1))
def test_a_retry_is_up_to_a_quarter_later_so_that_not_all_come_back_at_once(
    count: int, chance: float
) -> None:
    assert retry_after(count) <= retry_after(count, chance) <= retry_after(count) * 1.25
    assert retry_after(count, 1.0) == retry_after(count) * 1.25


def test_retries_grow_rarer_and_span_about_three_days() -> None:
    waits = [retry_after(count) for count in range(1, 24)]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=5)
    assert timedelta(days=2) < sum(waits, timedelta()) < timedelta(days=4)


def test_only_a_mailbox_that_does_not_exist_is_dead() -> None:
    assert is_dead_address(outcome(Verdict.REJECTED, 550, "5.1.1"))
    assert not is_dead_address(outcome(Verdict.REJECTED, 550, "5.2.1"))
    assert not is_dead_address(outcome(Verdict.BLOCKED, 550, "5.1.1"))
    assert not is_dead_address(outcome(Verdict.REJECTED))


def test_what_is_over_stays_over() -> None:
    assert MOVES[MailingState.FINISHED] == MOVES[MailingState.CANCELLED] == frozenset()
    assert set(MOVES) == set(MailingState)
