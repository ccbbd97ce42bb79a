"""The protocol as a Spin model: every order of events for two readers and two runs, and each mutant refuted."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from needed_parts import missing_part

MODEL = Path(__file__).parents[1] / "models" / "delivery.pml"
MUTANTS = {
    "MARK_AFTER": "arrived",
    "REQUEUE": "arrived",
    "NOCAS": "arrived",
    "NOUNSUB": "after_leaving",
    "NOPAUSE": "in_pause",
    "LOSECOMMIT": "arrived",
}


def verified(folder: Path, *defined: str) -> str:
    """What Spin's verifier says of the model."""
    if not shutil.which("spin") or not shutil.which("gcc"):
        missing_part("spin")
    shutil.copy(MODEL, folder / MODEL.name)
    options = [f"-D{name}" for name in defined]
    for command in (
        ["spin", "-a", *options, MODEL.name],
        ["gcc", "-O2", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"],
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return subprocess.run(
        ["./pan", "-m100000"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.slow
def test_in_every_order_of_events_nobody_is_missed_and_nobody_mailed_twice(tmp_path: Path) -> None:
    said = verified(tmp_path)
    assert "errors: 0" in said
    states = re.search(r"(\d+) states, stored", said)
    assert states is not None
    assert int(states[1]) > 1_000_000  # all of them, and not an empty model
    assert "max search depth too small" not in said


@pytest.mark.slow
@pytest.mark.parametrize(("mutant", "what"), MUTANTS.items())
def test_protocol_that_lacks_a_rule_is_refuted(mutant: str, what: str, tmp_path: Path) -> None:
    said = verified(tmp_path, mutant)
    assert "errors: 1" in said
    assert re.search(rf"assertion violated.*{what}", said)
