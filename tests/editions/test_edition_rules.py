import pytest

from newsletter.editions.models import EditionMode, Fallback
from newsletter.editions.rules import (
    BLOCKED,
    Choice,
    choose_text,
    languages_of,
    shorten_repeated,
    variants_of,
)
from newsletter.rendering.content import ItemForm

FR_EN = ("fr", "en")


@pytest.mark.parametrize("policy", Fallback)
@pytest.mark.parametrize("wanted", FR_EN)
def test_text_that_exists_is_shown_whole_under_every_policy(policy: Fallback, wanted: str) -> None:
    assert choose_text(wanted, FR_EN, (), "fr", FR_EN, policy) == Choice(wanted, ItemForm.FULL)


@pytest.mark.parametrize(
    ("policy", "choice"),
    [
        (Fallback.OMIT, None),
        (Fallback.LABEL, Choice("en", ItemForm.LABELLED)),
        (Fallback.SUMMARY, Choice("en", ItemForm.SUMMARY)),
        (Fallback.BLOCK, BLOCKED),
    ],
)
def test_missing_text_follows_the_policy(policy: Fallback, choice: object) -> None:
    assert choose_text("fr", ["en"], (), "en", FR_EN, policy) == choice


@pytest.mark.parametrize(
    ("policy", "choice"),
    [(Fallback.OMIT, None), (Fallback.LABEL, Choice("en", ItemForm.LABELLED)), (Fallback.BLOCK, None)],
)
def test_not_applicable_is_not_missing_and_never_blocks(policy: Fallback, choice: object) -> None:
    assert choose_text("fr", ["en"], ["fr"], "en", FR_EN, policy) == choice


def test_source_language_stands_in_first_then_the_editions_order() -> None:
    languages = ("nl", "fr", "en")
    assert choose_text("nl", ["en", "fr"], (), "en", languages, Fallback.LABEL) == Choice(
        "en", ItemForm.LABELLED
    )
    assert choose_text("nl", ["en", "fr"], (), "de", languages, Fallback.LABEL) == Choice(
        "fr", ItemForm.LABELLED
    )


def test_announcement_without_any_text_shows_nothing() -> None:
    assert choose_text("fr", [], (), "fr", FR_EN, Fallback.LABEL) is None


def test_item_whole_in_the_other_part_is_only_announced_in_this_one() -> None:
    labelled = Choice("en", ItemForm.LABELLED)
    assert shorten_repeated(labelled, ["en"]) == Choice("en", ItemForm.SUMMARY)
    assert shorten_repeated(labelled, ["nl"]) == labelled
    assert shorten_repeated(Choice("fr", ItemForm.FULL), ["en"]) == Choice("fr", ItemForm.FULL)


@pytest.mark.parametrize(
    ("languages", "mode", "variants"),
    [
        (FR_EN, EditionMode.SEPARATE, ("fr", "en", "fr+en", "en+fr")),
        (FR_EN, EditionMode.COMBINED, ("fr+en", "en+fr")),
        (("fr",), EditionMode.SEPARATE, ("fr",)),
        (("fr",), EditionMode.COMBINED, ("fr",)),
        ((), EditionMode.SEPARATE, ()),
        (
            ("fr", "en", "nl"),
            EditionMode.SEPARATE,
            ("fr", "en", "nl", "fr+en", "fr+nl", "en+fr", "en+nl", "nl+fr", "nl+en"),
        ),
    ],
)
def test_variants_of_an_edition(
    languages: tuple[str, ...], mode: EditionMode, variants: tuple[str, ...]
) -> None:
    assert variants_of(languages, mode) == variants


def test_languages_of_a_variant_have_the_readers_own_first() -> None:
    assert languages_of("en+fr") == ("en", "fr")
    assert languages_of("fr") == ("fr",)
