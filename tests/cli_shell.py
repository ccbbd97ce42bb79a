"""A shell that runs `newsletter` as a process: from its very beginning by `start`, else forked (`forked_commands`)."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import forked_commands


@dataclass
class Shell:
    """Runs `newsletter` in a folder with settings of its own."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "newsletter", *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **self.settings}

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        done = forked_commands.run(list(arguments), self.folder, self.environment(), seconds=120)
        return subprocess.CompletedProcess(arguments, *done)

    def ok(self, *arguments: str) -> str:
        """What a command says that must succeed."""
        done = self(*arguments)
        assert done.returncode == 0, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.ok(*arguments, "--json"))

    def refused(self, *arguments: str, code: int = 2) -> str:
        """The one line with which a command refuses."""
        done = self(*arguments)
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        lines = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, done.stderr
        assert "Traceback" not in done.stderr
        return lines[0]
