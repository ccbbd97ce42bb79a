"""Draws docs/pictures/edition.png: the demo's edition in French and English, as Chromium shows it.

Run `make demo` once before, so that out/ holds the rendered edition; needs the development parts and Chromium.
"""

import io
import sys
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT, GAP = 660, 1180, 28
SHOTS = (("fr", "light"), ("en", "dark"))


def main(folder: str = "") -> int:
    """Writes the picture from the latest rendered edition; 2 where there is none."""
    rendered = Path(folder) if folder else max((ROOT / "out").glob("edition-*"), default=None)
    if rendered is None or not (rendered / "fr.html").exists():
        print("There is no rendered edition in out/; run make demo first.", file=sys.stderr)
        return 2
    pictures = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for language, scheme in SHOTS:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
            page.goto((rendered / f"{language}.html").resolve().as_uri())
            page.wait_for_load_state("networkidle")
            pictures.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        browser.close()
    sheet = Image.new("RGB", (WIDTH * 2 + GAP * 3, HEIGHT + GAP * 2), "#dfe5ea")
    for place, picture in enumerate(pictures):
        mask = Image.new("L", picture.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, *picture.size), 14, fill=255)
        sheet.paste(picture, (GAP + place * (WIDTH + GAP), GAP), mask)
    target = ROOT / "docs" / "pictures" / "edition.png"
    target.parent.mkdir(exist_ok=True)
    sheet.quantize(128).save(target, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
