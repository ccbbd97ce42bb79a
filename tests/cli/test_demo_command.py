"""`newsletter demo --once`: everything, by itself, in an empty folder."""

import re
import time

import pytest

from cli_shell import Shell


@pytest.mark.slow
def test_demo_once_tells_the_whole_story_and_ends(shell: Shell) -> None:
    start = time.monotonic()
    out = shell.ok("demo", "--once")
    assert time.monotonic() - start < 30
    assert "60 added" in out
    assert "One-click unsubscribe" in out
    report = shell.json("mailings", "report", "1")
    assert report["state"] == "finished" or report["rejected"] == 1
    assert report["planned"] == report["accepted"] + report["rejected"] + sum(report["skipped"].values())
    assert set(report["by_variant"]) == {"fr", "en", "fr+en", "en+fr"}
    assert len(list((shell.folder / "out" / "edition-1").iterdir())) == 16

    again = shell.ok("demo", "--once")
    assert "0 imported" in again
    assert re.search(r"unsubscribed: \d", again)
    assert shell.json("mailings", "report", "2")["skipped"]["unsubscribed"] >= 1


@pytest.mark.slow
def test_demo_refuses_a_database_with_lists_of_yours(ready: Shell) -> None:
    assert "lists of yours" in ready.refused("demo", "--once")
