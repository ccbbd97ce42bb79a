"""Writes requirements.lock and requirements-dev.lock from pyproject.toml: hashes for every file, no index address.

Needs `uv` (any way of having it will do); run as `make lock` when a range in pyproject.toml changes.
"""

import shutil
import subprocess
import sys

LOCKS = {"requirements.lock": ["setup"], "requirements-dev.lock": ["setup", "dev"]}


def main() -> int:
    """Refreshes both locks; 2 where uv is missing."""
    uv = shutil.which("uv")
    if uv is None:
        print("uv is needed to write the locks: pip install uv", file=sys.stderr)
        return 2
    for lock, extras in LOCKS.items():
        chosen = [part for extra in extras for part in ("--extra", extra)]
        options = [
            "--universal",
            "--python-version",
            "3.11",
            "--generate-hashes",
            "--no-emit-index-url",
            "--no-header",
            "--quiet",
        ]
        subprocess.run(
            [uv, "pip", "compile", "pyproject.toml", *chosen, *options, "--output-file", lock], check=True
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
