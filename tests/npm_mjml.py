"""npm's official MJML, as an oracle: installed from `tools/oracle/package-lock.json`, never part of the running system."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from needed_parts import missing_part

_FOLDER = Path(__file__).parents[1] / "tools" / "oracle"
_INSTALL_SECONDS = 180
_RENDER_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Rendered:
    """What npm's MJML made of a document: HTML, its validator's findings, and how long it took."""

    html: str
    errors: tuple[str, ...]
    milliseconds: float


def needs_npm_mjml() -> None:
    """Installs the oracle where Node is at hand; skips the test where it is not."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node, for npm's own MJML to compare with, is not installed here")
    if _is_installed():
        return
    lock = _FOLDER / ".installing"
    try:
        lock.mkdir()
    except FileExistsError:
        _wait_until_gone(lock)
        if not _is_installed():
            missing_part("npm's MJML (another test run could not install it)")
        return
    try:
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(
            command, cwd=_FOLDER, capture_output=True, timeout=_INSTALL_SECONDS, check=False
        )
    finally:
        lock.rmdir()
    if done.returncode:
        missing_part(f"npm's MJML (npm ci ended with {done.returncode})")


def render_with_npm(sources: Sequence[str], version: str = "5") -> list[Rendered]:
    """What npm's MJML 5.4.1 (`version` 5) or 4.18.0 (4) makes of each document."""
    done = subprocess.run(
        ["node", "render.mjs"],
        cwd=_FOLDER,
        input=json.dumps({"version": version, "sources": list(sources)}),
        capture_output=True,
        text=True,
        timeout=_RENDER_SECONDS,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    return [
        Rendered(entry["html"], tuple(entry["errors"]), entry["milliseconds"])
        for entry in json.loads(done.stdout)
    ]


def _wait_until_gone(lock: Path) -> None:
    deadline = time.monotonic() + _INSTALL_SECONDS
    while lock.exists() and time.monotonic() < deadline:
        time.sleep(0.2)


def _is_installed() -> bool:
    return all((_FOLDER / "node_modules" / name / "package.json").is_file() for name in ("mjml", "mjml4"))
