"""Draws the pictures of `examples/` anew: python tools/draw_examples.py. The same code draws the same pictures."""

import sys
from pathlib import Path

from drawing.by_day import apples, cargo_bike, plots
from drawing.in_winter import greenhouse, lanterns, pruning, story_hour
from drawing.indoors import logo, repair_cafe, seeds
from PIL import Image

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
_COLOURS = 200  # of a saved palette: flat pictures lose nothing visible and stay small
_JPEG_QUALITY = 90

FLAT = {"repair-cafe": repair_cafe, "seeds": seeds, "cargo-bike": cargo_bike, "plots": plots}
GLOWING = {
    "apples": apples,
    "greenhouse": greenhouse,
    "lanterns": lanterns,
    "story-hour": story_hour,
    "pruning": pruning,
}


def main(target: Path = EXAMPLES) -> int:
    """Writes every picture below `target`: flat ones as PNG, those with soft light as JPEG."""
    folder = target / "announcements" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in FLAT.items():
        palette = draw().finished().quantize(_COLOURS, Image.Quantize.MEDIANCUT)
        palette.save(folder / f"{name}.png", optimize=True)
    for name, draw in GLOWING.items():
        draw().finished().save(folder / f"{name}.jpg", quality=_JPEG_QUALITY, optimize=True)
    logo().save(target / "logo.png", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
