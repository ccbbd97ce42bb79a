"""Pictures of rendered variants as a browser shows them: desktop and phone, light and dark.

Taken by Chromium in headless mode, in a fresh profile each time. Pictures of our own in a letter come from the database, because
the public address need not be reachable yet.
"""

import html
import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from newsletter.announcements.queries import picture_data
from newsletter.foundation.database import Database
from newsletter.foundation.errors import NewsletterError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PLACES = (
    Path("/usr/bin/chromium"),
    Path("/snap/bin/chromium"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
_SWITCHES = (
    *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-device-scale-factor=1"),
)
_SECONDS = 60
_GAP = 20  # CSS pixels between shots, and around them on the sheet
_WINDOW_FRAME = 160  # what a headless window may take away from the height that was asked for
_TALLEST = 15_800  # Chromium draws no surface of more than 16 384
_COLOURS = 256  # of a saved picture: nothing visible is lost, and it is a third as large
_LABEL_HEIGHT = 44
_SHEET_SCALE = 0.5
_SHEET_GROUND = "#7d858d"
# Named by the hash of their content, so that the host does not matter.
_HOSTED_PICTURE = re.compile(r"https?://[^\s\"'<>()]*/media/([0-9a-f]{64})\.([a-z]+)")
_MEASURE = """addEventListener("load", () => { document.title = [...document.querySelectorAll("iframe")].map((frame) => {
  const height = frame.contentDocument.documentElement.scrollHeight;
  frame.style.height = height + "px";
  return height;
}).join(","); });"""


class PicturesNotTaken(NewsletterError):
    """Chromium is there and gave no picture."""


@dataclass(frozen=True, slots=True)
class Look:
    """One way of looking at a mail: the width of the screen in CSS pixels, and `light` or `dark`."""

    width: int
    scheme: str

    @property
    def label(self) -> str:
        """What stands above the shot: "phone 390, dark"."""
        return f"{'phone' if self.width < 600 else 'desktop'} {self.width}, {self.scheme}"


LOOKS = (Look(600, "light"), Look(390, "light"), Look(600, "dark"), Look(390, "dark"))


def find_chromium(search_path: str | None = None, places: Sequence[Path] = _PLACES) -> Path | None:
    """Chromium or Chrome, on the PATH (or another search path) or in its usual places; None where there is none."""
    found = next(filter(None, (shutil.which(name, path=search_path) for name in _NAMES)), None)
    return Path(found) if found else next((place for place in places if place.is_file()), None)


def write_pictures(
    chromium: Path, letters: Mapping[str, str], folder: Path, database: Database
) -> list[Path]:
    """Writes FOLDER/<name>.png for each letter (name -> HTML as it is mailed) and FOLDER/sheet.png of all looks.

    Raises PicturesNotTaken.
    """
    written = []
    rows = take_shots(chromium, letters, database)
    for variant, shots in rows.items():
        written.append(folder / f"{variant}.png")
        shots[0].quantize(_COLOURS).save(written[-1])
    _sheet(rows).quantize(_COLOURS).save(folder / "sheet.png")
    return [*written, folder / "sheet.png"]


def take_shots(
    chromium: Path, letters: Mapping[str, str], database: Database
) -> dict[str, list[Image.Image]]:
    """For each letter a picture of the whole of it for each of LOOKS. Raises PicturesNotTaken."""
    with tempfile.TemporaryDirectory(prefix="newsletter-pictures-") as name:
        folder = Path(name)
        frames = {
            name: _frames(_with_local_pictures(letter, folder, database)) for name, letter in letters.items()
        }
        page = folder / "all.html"
        page.write_text(_looks_page("".join(frames.values())), "utf-8")
        title = re.search("<title>([0-9,]+)</title>", _run(chromium, folder, page, "--dump-dom"))
        if title is None:
            raise PicturesNotTaken("Chromium did not tell how long the letters are.")
        heights = iter(min(int(height), _TALLEST) for height in title[1].split(","))
        return {
            name: _shots(chromium, row, folder, [next(heights) for _ in LOOKS])
            for name, row in frames.items()
        }


def _shots(chromium: Path, frames: str, folder: Path, heights: list[int]) -> list[Image.Image]:
    page, target = folder / "looks.html", folder / "looks.png"
    page.write_text(_looks_page(frames), "utf-8")
    target.unlink(missing_ok=True)
    starts = list(accumulate((look.width + _GAP for look in LOOKS), initial=0))
    size = f"--window-size={starts[-1]},{max(heights) + _WINDOW_FRAME}"
    _run(chromium, folder, page, f"--screenshot={target}", size)
    if not target.is_file():
        raise PicturesNotTaken("Chromium took no picture.")
    whole = Image.open(io.BytesIO(target.read_bytes())).convert("RGB")
    return [
        whole.crop((start, 0, start + look.width, height))
        for start, look, height in zip(starts, LOOKS, heights, strict=False)
    ]


def _frames(letter: str) -> str:
    """The letter in a frame for each look: a frame has a width of its own for media queries, and hands on its colour scheme."""
    document = html.escape(letter)
    return "".join(
        f'<iframe sandbox="allow-same-origin" style="width:{look.width}px;margin-right:{_GAP}px;color-scheme:{look.scheme}" srcdoc="{document}"></iframe>'
        for look in LOOKS
    )


def _looks_page(frames: str) -> str:
    style = "body{margin:0;white-space:nowrap;font-size:0}iframe{border:0;height:100px;vertical-align:top}"
    return f'<!doctype html><meta charset="utf-8"><style>{style}</style><script>{_MEASURE}</script><body>{frames}'


def _run(chromium: Path, workplace: Path, page: Path, *switches: str) -> str:
    with tempfile.TemporaryDirectory(prefix="profile-", dir=workplace, ignore_cleanup_errors=True) as profile:
        command = [str(chromium), *_SWITCHES, f"--user-data-dir={profile}", *switches, page.as_uri()]
        if os.geteuid() == 0:  # Chromium's sandbox refuses to work for root
            command.insert(1, "--no-sandbox")
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 – no shell, paths of ours
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PicturesNotTaken(f"Chromium ({chromium}) gave no picture: {error}.") from error
    if done.returncode:
        raise PicturesNotTaken(f"Chromium ({chromium}) ended with {done.returncode} and gave no picture.")
    return done.stdout.decode("utf-8", "replace")


def _with_local_pictures(letter: str, folder: Path, database: Database) -> str:
    """The letter with those of its pictures that the database holds as files in `folder`."""

    def localise(match: re.Match[str]) -> str:
        with database.read() as session:
            found = picture_data(session, match[1])
        if found is None:
            return match[0]
        path = folder / f"{match[1]}.{match[2]}"
        path.write_bytes(found[1])
        return path.as_uri()

    return _HOSTED_PICTURE.sub(localise, letter)


def _sheet(rows: Mapping[str, list[Image.Image]]) -> Image.Image:
    """All shots with their labels, a row for each variant, at half their size."""
    half = {
        variant: [
            shot.resize((int(shot.width * _SHEET_SCALE), int(shot.height * _SHEET_SCALE))) for shot in shots
        ]
        for variant, shots in rows.items()
    }
    width = max(sum(shot.width + _GAP for shot in shots) for shots in half.values()) + _GAP
    heights = [max(shot.height for shot in shots) + _LABEL_HEIGHT + _GAP for shots in half.values()]
    sheet = Image.new("RGB", (width, sum(heights) + _GAP), _SHEET_GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(20)
    top = _GAP
    for (variant, shots), height in zip(half.items(), heights, strict=True):
        left = _GAP
        for shot, look in zip(shots, LOOKS, strict=True):
            is_cut = shot.height >= int(_TALLEST * _SHEET_SCALE)
            label = f"{variant} · {look.label}{' (its beginning)' if is_cut else ''}"
            draw.text((left, top + 8), label, "#ffffff", font)
            sheet.paste(shot, (left, top + _LABEL_HEIGHT))
            left += shot.width + _GAP
        top += height
    return sheet
