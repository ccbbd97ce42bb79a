"""The house's one colour, darkened or lightened until it can be read (WCAG 2.2, success criteria 1.4.3 and 1.4.11)."""

from colorsys import hls_to_rgb, rgb_to_hls

_STEP = 0.02


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours written as #rrggbb, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(_channels(one)), _luminance(_channels(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable_on(colour: str, background: str, ratio: float) -> str:
    """`colour` itself where it stands out from `background` by `ratio`, else the nearest shade of it that does."""
    step = _STEP if contrast("#ffffff", background) > contrast("#000000", background) else -_STEP
    hue, lightness, saturation = rgb_to_hls(*(channel / 255 for channel in _channels(colour)))
    shade = colour
    while contrast(shade, background) < ratio and 0 < lightness + step < 1:
        lightness += step
        shade = _written(hls_to_rgb(hue, lightness, saturation))
    return shade


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(channels: tuple[int, int, int]) -> float:
    red, green, blue = (_linear(channel / 255) for channel in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _written(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
