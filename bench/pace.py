"""How well several processes keep one pace: `python -m bench.pace [--rate 500] [--workers 4] [--seconds 8]`."""

import argparse
import bisect
import multiprocessing
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.faults.cluster import Cluster, free_port
from newsletter.foundation.database import Database
from newsletter.mailing.pace.gate import PaceGate
from newsletter.mailing.pace.limits import Limit
from newsletter.migrations.upgrade import upgrade_database


def _work(url: str, number: int, workers: int, together: Any, seconds: float, rate: int, into: Any) -> None:
    names = [f"worker {each}" for each in range(workers)]
    gate = PaceGate(Database(url), {"gmail.com": Limit(rate, 1)}, names[number], lambda _session: names)
    gate.wait_for("elsewhere.example")
    together.wait()
    moments = []
    end = time.time() + seconds
    while (moment := time.time()) < end:
        wait = gate.wait_for("gmail.com")
        if wait:
            time.sleep(min(wait, 0.01))
        else:
            moments.append(moment)
            gate.done("gmail.com")
    into.put(moments)


def measure(url: str, rate: int, workers: int, seconds: float) -> tuple[float, float]:
    """Messages a second on average, and in the busiest second, as shares of the rate."""
    context = multiprocessing.get_context("spawn")
    queue, together = context.Queue(), context.Barrier(workers)
    processes = [
        context.Process(target=_work, args=(url, number, workers, together, seconds, rate, queue))
        for number in range(workers)
    ]
    for process in processes:
        process.start()
    moments = sorted(moment for _ in processes for moment in queue.get(timeout=120))
    for process in processes:
        process.join()
    # The first half second, in which they start, is left out.
    moments = [moment for moment in moments if moment > moments[0] + 0.5]
    mean = (len(moments) - 1) / (moments[-1] - moments[0])
    busiest = max(bisect.bisect_left(moments, moment + 1) - index for index, moment in enumerate(moments))
    return mean / rate, busiest / rate


def main() -> None:
    """Measures on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    cluster = Cluster(free_port())
    cluster.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for url in (cluster.url, f"sqlite:///{Path(folder) / 'pace.db'}"):
                database = Database(url)
                upgrade_database(database)
                database.close()
                mean, busiest = measure(url, options.rate, options.workers, options.seconds)
                print(
                    f"{url.partition(':')[0]:20} {options.rate}/s over {options.workers} processes: "
                    f"on average {mean:.1%}, busiest second {busiest:.1%}"
                )
    finally:
        cluster.remove()


if __name__ == "__main__":
    main()
