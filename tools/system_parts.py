"""Sees to the system parts that some tests need: PostgreSQL, Chromium, Spin with a C compiler.

Installs what is missing where it may (root on Debian); says what is missing elsewhere, and those tests are skipped.
With CI=true a missing part is a failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PARTS = {
    "postgresql-15": Path("/usr/lib/postgresql/15/bin/initdb"),
    "chromium": Path("/usr/bin/chromium"),
    "spin": Path("/usr/bin/spin"),
    "gcc": Path("/usr/bin/gcc"),
}


def main() -> int:
    """Installs or names what is missing; 1 where CI needs a part that is not there."""
    missing = [package for package, file in PARTS.items() if not file.exists()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _install(missing)
        missing = [package for package, file in PARTS.items() if not file.exists()]
    for package in missing:
        print(
            f"{package} is not here: the tests that need it are skipped (apt-get install {package})",
            file=sys.stderr,
        )
    return 1 if missing and os.environ.get("CI") == "true" else 0


def _install(packages: list[str]) -> None:
    print(f"Installing {', '.join(packages)} …", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-q", *command], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            print(done.stderr.strip()[-500:], file=sys.stderr)
            return


if __name__ == "__main__":
    sys.exit(main())
