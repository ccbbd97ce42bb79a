"""Short forms of `bench/faults`: workers, the database and whole hosts die in the middle of a mailing."""

import os
import shutil
import subprocess

import pytest

from bench.faults.chaos import Chaos, Plan, bound
from bench.faults.cluster import POSTGRESQL
from bench.faults.hosts import missing
from bench.faults.partition import DOUBTS_MAX, Partition
from needed_parts import missing_part


@pytest.fixture
def _parts() -> None:
    if not (POSTGRESQL / "initdb").exists():
        missing_part("PostgreSQL 15")
    if shutil.which("unshare") is None:
        missing_part("unshare (util-linux)")
    if subprocess.run(["unshare", "--uts", "true"], capture_output=True).returncode:
        pytest.skip("host names of one's own are not permitted here")


@pytest.mark.slow
@pytest.mark.usefixtures("_parts")
def test_nobody_is_missed_or_mailed_twice_while_workers_and_the_database_are_killed() -> None:
    plan = Plan(readers=1500, kills=3, database_kills=1, zombies=1, workers=2, gap=(1.0, 2.0))
    found, toll = Chaos(plan, lambda _words: None).run()
    assert (toll.kills, toll.database_kills, toll.zombies) == (3, 1, 1)
    assert found.is_clean, found.lines()
    assert found.readers == 1500
    assert found.accepted_by_server > 700  # the others left while it went out
    assert found.doubts_of_broken_runs <= bound(plan, toll)


@pytest.mark.slow
@pytest.mark.usefixtures("_parts")
def test_hosts_that_are_cut_off_neither_miss_nor_double_anybody() -> None:
    reason = missing()
    if reason and os.environ.get("CI") == "true" and "not installed" in reason:
        missing_part("iproute2 (ip)")
    if reason:
        pytest.skip(reason)
    found = Partition(readers=1500, cut_seconds=6, say=lambda _words: None).run()
    assert found.is_clean, found.lines()
    assert found.readers == found.accepted_by_server + (
        found.doubts_of_hang_ups + found.doubts_of_broken_runs - found.arrived_of_doubts
    )
    assert found.doubts_of_hang_ups + found.doubts_of_broken_runs <= DOUBTS_MAX
