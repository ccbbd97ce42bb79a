"""An accent colour that can be read: on white, on the page, in dark mode, and the ink that can be read upon it (WCAG 2.2, 1.4.3)."""

import colorsys
import re
from dataclasses import dataclass

_HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\Z")
_LEAST_CONTRAST = 4.5
_LEAST_OF_FILL = 1.25  # a field of colour is seen as one: yellow on white is, cream is not
DEFAULT_ACCENT = "#14539a"


@dataclass(frozen=True, slots=True)
class Grounds:
    """What letters stand on and are made of, in one mode; every colour as #rrggbb."""

    page: str
    card: str
    ink: str
    quiet: str
    heading: str
    line: str


LIGHT = Grounds(
    page="#eef1f4", card="#ffffff", ink="#1f2328", quiet="#4a5561", heading="#14202e", line="#dde2e8"
)
DARK = Grounds(
    page="#11151a", card="#1b2128", ink="#e3e7eb", quiet="#b0b9c3", heading="#ffffff", line="#343c46"
)


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one letter: `accent` and `on_accent` in light mode, `dark_accent` and `on_dark_accent` in dark.

    `fill` is for fields of colour with words on them, which take a paler colour than words do; `on_fill` for those words.
    """

    accent: str
    on_accent: str
    dark_accent: str
    on_dark_accent: str
    fill: str
    on_fill: str
    light: Grounds = LIGHT
    dark: Grounds = DARK


def parse_colour(text: str) -> str | None:
    """The colour as #rrggbb in lower case; None where it is none. `#abc` and `abc` are understood."""
    match = _HEX.match(text.strip())
    if match is None:
        return None
    digits = match[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def palette(accent: str) -> Palette:
    """The palette around an accent as #rrggbb, each colour moved only as far as reading asks."""
    light = _until_readable(accent, (LIGHT.card, LIGHT.page), towards=0)
    dark = _until_readable(accent, (DARK.card, DARK.page), towards=1, least=6.0)
    fill = accent if _is_good_fill(accent) else light
    return Palette(light, _ink_on(light), dark, _ink_on(dark), fill, _ink_on(fill))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _until_readable(
    colour: str, grounds: tuple[str, ...], towards: float, least: float = _LEAST_CONTRAST
) -> str:
    """The colour, made lighter (`towards` 1) or darker (0) in small steps; its hue and saturation stay."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in _channels(colour)))
    for step in range(101):
        moved = lightness + (towards - lightness) * step / 100
        candidate = _as_hex(colorsys.hls_to_rgb(hue, moved, saturation))
        if all(contrast(candidate, ground) >= least for ground in grounds):
            return candidate
    return _as_hex((towards, towards, towards))


def _is_good_fill(colour: str) -> bool:
    return (
        contrast(colour, _ink_on(colour)) >= _LEAST_CONTRAST
        and contrast(colour, LIGHT.card) >= _LEAST_OF_FILL
    )


def _ink_on(ground: str) -> str:
    return max(("#ffffff", "#11151a"), key=lambda ink: contrast(ink, ground))


def _as_hex(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
