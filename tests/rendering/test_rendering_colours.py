"""The palette around an accent colour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.colours import DARK, DEFAULT_ACCENT, LIGHT, contrast, palette, parse_colour

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
def test_every_pair_of_the_palette_can_be_read(accent: str) -> None:
    colours = palette(accent)
    pairs = [
        (colours.accent, LIGHT.card),
        (colours.accent, LIGHT.page),
        (colours.accent, colours.on_accent),
        (colours.dark_accent, DARK.card),
        (colours.dark_accent, DARK.page),
        (colours.dark_accent, colours.on_dark_accent),
        (colours.fill, colours.on_fill),
    ]
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []


def test_every_ink_can_be_read_on_every_ground() -> None:
    grounds = [(mode, ground) for mode in (LIGHT, DARK) for ground in (mode.card, mode.page)]
    pairs = [(ink, ground) for mode, ground in grounds for ink in (mode.ink, mode.quiet, mode.heading)]
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []


def test_an_accent_that_can_be_read_stays() -> None:
    assert palette(DEFAULT_ACCENT).accent == DEFAULT_ACCENT


@pytest.mark.parametrize(
    ("accent", "fill", "ink"),
    [
        ("#ffdd00", "#ffdd00", "#11151a"),
        (DEFAULT_ACCENT, DEFAULT_ACCENT, "#ffffff"),
        ("#fffbe6", "#7e6a00", "#ffffff"),
    ],
)
def test_a_field_of_colour_keeps_a_pale_accent_unless_nobody_would_see_it(
    accent: str, fill: str, ink: str
) -> None:
    colours = palette(accent)
    assert (colours.fill, colours.on_fill) == (fill, ink)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#14539A", "#14539a"),
        ("abc", "#aabbcc"),
        (" #fff ", "#ffffff"),
        ("blue", None),
        ("", None),
        ("#12345", None),
    ],
)
def test_parse_colour_takes_hexadecimal_only(text: str, colour: str | None) -> None:
    assert parse_colour(text) == colour
