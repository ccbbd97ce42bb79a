"""Whether the text of an attribute is of the type that the schema names: `unit(px,%){1,4}`, `color`, `enum(...)`."""

import re
from functools import lru_cache

from PIL.ImageColor import colormap

_ARGUMENTS = re.compile(r"(\w+)\(([^)]*)\)(?:\{(\d),(\d)\})?\Z")
_NUMBER = r"\d*\.?\d+"
_COLOUR = re.compile(
    r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\Z|(?:rgb|hsl)a?\([\d\s.,%/]+\)\Z", re.IGNORECASE
)
_COLOUR_WORDS = frozenset({"transparent", "inherit", "initial", "currentcolor", "rebeccapurple", "none", ""})


@lru_cache(4096)
def fits(value: str, kind: str) -> bool:
    """Whether `value` is of the schema's type `kind`; a type that is not known here fits everything."""
    if kind == "color":
        return value.lower() in _COLOUR_WORDS or value.lower() in colormap or bool(_COLOUR.match(value))
    if kind == "boolean":
        return value in {"true", "false"}
    if kind == "integer":
        return value.isdecimal()
    match = _ARGUMENTS.match(kind)
    if match is None:
        return True
    words = match[2].split(",")
    if match[1] == "enum":
        return value in words
    sign = "-?" if match[1] == "unitWithNegative" else ""
    lowest, highest = int(match[3] or 1), int(match[4] or 1)
    parts = value.split()
    return lowest <= len(parts) <= highest and all(_is_measure(part, words, sign) for part in parts)


def takes_measures(kind: str) -> bool:
    """Whether values of this type are lengths."""
    return kind.startswith("unit")


def _is_measure(text: str, units: list[str], sign: str) -> bool:
    if text in units or text == "0":
        return True
    endings = "|".join(re.escape(unit) for unit in units if unit != "auto")
    return re.fullmatch(f"{sign}{_NUMBER}(?:{endings})", text) is not None
