"""Draws docs/pictures/edition.png: the demo's edition in French and English, light and dark, as Chromium shows it.

Plays the demo in a folder of its own, and takes its pictures as `newsletter editions render` does.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from newsletter.cli.screenshots import LOOKS, find_chromium, take_shots
from newsletter.foundation.database import Database

ROOT = Path(__file__).parents[1]
HEIGHT, GAP, RADIUS = 1246, 28, 14
SHOTS = (("fr", "light"), ("en", "dark"))
GROUND = "#dfe5ea"
COLOURS = 256


def main() -> int:
    """Writes the picture; 2 where there is no browser."""
    chromium = find_chromium()
    if chromium is None:
        print("Neither Chromium nor Chrome was found.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")
        }
        command = [sys.executable, "-m", "newsletter", "demo", "--once"]
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        rendered = max((Path(folder) / "out").glob("edition-*"))
        letters = {name: (rendered / f"{name}.html").read_text("utf-8") for name, _ in SHOTS}
        database = Database(f"sqlite:///{folder}/subscribers.db")
        rows = take_shots(chromium, letters, database)
        database.close()
    looks = [(look.width, look.scheme) for look in LOOKS]
    pictures = [rows[name][looks.index((600, scheme))] for name, scheme in SHOTS]
    target = ROOT / "docs" / "pictures" / "edition.png"
    target.parent.mkdir(exist_ok=True)
    side_by_side(pictures).quantize(COLOURS, kmeans=2).save(target, optimize=True)
    return 0


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """The upper part of each picture, with round corners."""
    width = pictures[0].width
    sheet = Image.new("RGB", ((width + GAP) * len(pictures) + GAP, HEIGHT + GAP * 2), GROUND)
    for place, picture in enumerate(pictures):
        upper = picture.crop((0, 0, width, HEIGHT))
        mask = Image.new("L", upper.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, *upper.size), RADIUS, fill=255)
        sheet.paste(upper, (GAP + place * (width + GAP), GAP), mask)
    return sheet


if __name__ == "__main__":
    sys.exit(main())
