"""`newsletter editions render`: pictures of the variants where a browser is at hand, everything else without one."""

import os
from pathlib import Path

import pytest
from PIL import Image

from cli_shell import Shell
from needed_parts import missing_part
from newsletter.cli.screenshots import find_chromium

NAMES = ["en", "en+fr", "fr", "fr+en"]
FILES = sorted(f"{name}.{ending}" for name in NAMES for ending in ("html", "txt", "eml", "mjml"))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def colours_in(picture: Image.Image, box: tuple[int, int, int, int]) -> set[tuple[int, ...]]:
    found = picture.convert("RGB").crop(box).getcolors(1_000_000)
    assert found is not None
    return {colour for _, colour in found if isinstance(colour, tuple)}


def add_a_red_picture(shell: Shell) -> None:
    folder = shell.folder / "more"
    folder.mkdir()
    Image.new("RGB", (1200, 600), "#d01030").save(folder / "red.png")
    for language, title in (("fr", "Une image"), ("en", "A picture")):
        head = f"---\ntitle: {title}\nimage: red.png\nalt: {title}\n---\n\n"
        (folder / f"red.{language}.md").write_text(f"{head}{title}.\n", "utf-8")
    [report] = [shell.json("announcements", "import", "more")]
    [added] = [item for source in report for item in source["added"]]
    identifier = str(added["id"] if isinstance(added, dict) else added)
    shell.ok("editions", "create", "--list", "letter", "--announcement", identifier)


@pytest.mark.slow
def test_render_adds_a_picture_of_each_variant_and_a_sheet_of_all(ready: Shell) -> None:
    if find_chromium() is None:
        missing_part("Chromium")
    add_a_red_picture(ready)
    ready.ok("editions", "render", "2", "--out", "out")
    out = ready.folder / "out"
    assert names_in(out) == sorted([*FILES, *(f"{name}.png" for name in NAMES), "sheet.png"])
    french = Image.open(out / "fr.png")
    assert french.width == 600
    middle = (100, 100, 500, french.height)
    assert any(
        abs(red - 208) + abs(green - 16) + abs(blue - 48) < 40
        for red, green, blue in colours_in(french, middle)
    )
    sheet = Image.open(out / "sheet.png")
    assert sheet.width == (600 + 390) * 2 // 2 + 5 * 20
    assert sheet.height > french.height // 2 * len(NAMES)
    corner = colours_in(sheet, (20, 70, 320, 80)), colours_in(sheet, (20 + 300 + 195 + 40, 70, 855, 80))
    assert [max(colours) > (200, 200, 200) for colours in corner] == [True, False]  # light, dark


def test_render_takes_no_picture_where_none_is_wanted(ready: Shell) -> None:
    done = ready("editions", "render", "1", "--out", "out", "--no-pictures")
    assert (done.returncode, done.stderr) == (0, "")
    assert names_in(ready.folder / "out") == FILES


def test_a_browser_that_fails_is_told_and_everything_else_is_written(ready: Shell) -> None:
    broken = ready.folder / "bin" / "chromium"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    ready.settings["PATH"] = f"{broken.parent}{os.pathsep}{os.environ['PATH']}"
    done = ready("editions", "render", "1", "--out", "out")
    assert (done.returncode, names_in(ready.folder / "out")) == (0, FILES)
    assert done.stderr == f"Note: no pictures: Chromium ({broken}) ended with 3 and gave no picture.\n"


def test_chromium_is_found_on_the_path_else_in_its_usual_places(tmp_path: Path) -> None:
    assert find_chromium(str(tmp_path), ()) is None
    usual = tmp_path / "usual"
    usual.touch()
    assert find_chromium(str(tmp_path), (tmp_path / "nothing", usual)) == usual
    on_path = tmp_path / "google-chrome"
    on_path.touch(0o755)
    assert find_chromium(str(tmp_path), (usual,)) == on_path
