"""An installed wheel works from an empty folder: templates, catalogues, migrations and examples travel with it."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_wheel_runs_the_demo_from_an_empty_folder(tmp_path: Path) -> None:
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(tmp_path / "dist"),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    [wheel] = (tmp_path / "dist").glob("*.whl")
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", wheel], check=True)
    # The other parts come from where the tests run; the package itself must not.
    site_packages = next(path for path in sys.path if path.endswith("site-packages"))
    (tmp_path / "empty").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    script = (
        "import sys, pathlib, newsletter\n"
        "assert 'env' in pathlib.Path(newsletter.__file__).parts, newsletter.__file__\n"
        f"sys.path.append({site_packages!r})\n"
        "from newsletter.cli.main import main\n"
        "main(['demo', '--once'])\n"
    )
    done = subprocess.run(
        [python, "-c", script],
        cwd=tmp_path / "empty",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "The demo is over" in done.stdout
