"""First sentences: whole ones where they fit, no field cut, nothing after them lost that was short anyway."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.fields import as_written, set_aside
from newsletter.rendering.markdown import opening_words
from newsletter.rendering.teaser import first_sentences


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("Short.", 10, "Short."),
        ("One. Two. Three.", 12, "One. Two."),
        ("One. Two. Three.", 16, "One. Two. Three."),
        ("Venez\u202f! Il y aura de la soupe pour tout le monde.", 20, "Venez\u202f!"),
        ("«\u00a0Venez.\u00a0» Il y aura de la soupe.", 20, "«\u00a0Venez.\u00a0»"),
        ("M. Dupont et J. Martin ont signé la convention.", 30, "M. Dupont et J. Martin ont\u00a0…"),
        ("No sentence ends in here, never", 26, "No sentence ends in here\u00a0…"),
        ("Le 3.5 km. Et puis", 15, "Le 3.5 km."),
        ("Unbreakable", 5, "Unbreakable"),
    ],
)
def test_whole_sentences_are_kept_else_whole_words(text: str, most: int, shown: str) -> None:
    assert first_sentences(text, most) == shown


def test_a_field_is_never_cut() -> None:
    text = set_aside("Dear [[first_name|friend of the garden]], come and see us all.")
    assert as_written(first_sentences(text, 12)) == "Dear\u00a0…"


@given(st.text(alphabet="ab. !\u00a0A»", max_size=80), st.integers(1, 60))
def test_what_is_shown_is_the_beginning(text: str, most: int) -> None:
    shown = first_sentences(text, most)
    kept = shown.removesuffix("\u00a0…")
    assert text.startswith(kept)
    assert len(shown) <= most + 2 or " " not in text[:most]


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("One **bold** [link](https://a.be).\nTwo.\n\nThree.", "One bold link. Two. Three."),
        ("# Title\n\nOne.\n\n- a\n- b\n\nAfter.", "One."),
        ("> quote\n\nOne.", "One."),
        ("- only\n- a list", "only"),
        ("", ""),
    ],
)
def test_the_opening_is_the_first_paragraphs_without_targets(markdown: str, words: str) -> None:
    assert opening_words(markdown) == words
