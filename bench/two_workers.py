"""Two workers against one, on the same machine: `python -m bench.two_workers [--readers N] [--pairs N] [--dkim]`.

Real worker processes on PostgreSQL, with ledger, jobs and everything, into the fast sink of `bench/wire`. Each pair is run in
one go, first one worker and then two or the other way round; the figure is the median of the pairs' ratios. What is measured is
the time between the first and the last tenth of the mailing, so that starting and ending do not count.
"""

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from bench.faults.cluster import Cluster, free_port
from bench.faults.office import Office
from newsletter.foundation import clock
from newsletter.mailing.portions import enqueue_portions
from newsletter.mailing.slices import open_slices

_WORKERS = 2
_START_SECONDS = 60
_RUN_SECONDS = 300
_RESET = (
    "DELETE FROM procrastinate_jobs WHERE task_name = 'deliver'",
    "UPDATE delivery SET state = 'pending', attempt_count = 0, run_token = NULL, reply_text = ''",
    "UPDATE delivery_slice SET state = 'open', due_at = NULL",
    "UPDATE mailing SET state = 'running', finished_at = NULL",
)


@contextmanager
def _sink() -> Iterator[int]:
    from bench.wire.sink import compile_sink

    with tempfile.TemporaryDirectory() as name:
        port = free_port()
        command = [str(compile_sink(Path(name))), str(port), "0"]  # on any core: so are the workers
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None  # noqa: S101
            process.stdout.readline()
            try:
                yield port
            finally:
                process.kill()


class Bench:
    """An office whose one mailing is run over and over."""

    def __init__(self, office: Office, mailing_id: int, readers: int) -> None:
        self._office = office
        self._mailing_id = mailing_id
        self._readers = readers

    def rate(self, count: int) -> float:
        """Messages a second with so many workers."""
        workers = [self._office.worker(f"w{number}") for number in range(count)]
        try:
            self._until(lambda: self._ask("SELECT count(*) FROM worker") == count, _START_SECONDS)
            time.sleep(2)
            self._begin()
            times = []
            for share in (0.1, 0.9):
                wanted = int(self._readers * share)
                self._until(lambda wanted=wanted: self._accepted() >= wanted, _RUN_SECONDS)
                times.append((time.monotonic(), self._accepted()))
            self._until(lambda: self._office.open_slices() == 0, _RUN_SECONDS)
            (began, first), (ended, last) = times
            return (last - first) / (ended - began)
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(60)

    def _begin(self) -> None:
        with self._office.database.transaction() as session:
            for statement in _RESET:
                session.execute(sa.text(statement))
        with self._office.database.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        ) as connection:
            connection.execute(sa.text("VACUUM ANALYZE delivery"))
        with self._office.database.transaction() as session:
            assert open_slices(session, clock.now(), self._mailing_id, 1)  # noqa: S101
            enqueue_portions(session, clock.now(), _WORKERS)

    def _accepted(self) -> int:
        return self._ask("SELECT count(*) FROM delivery WHERE state = 'accepted'")

    def _ask(self, sql: str) -> int:
        with self._office.database.read() as session:
            return int(session.scalar(sa.text(sql)) or 0)

    @staticmethod
    def _until(condition: object, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition():  # type: ignore[operator]
            if time.monotonic() > end:
                raise TimeoutError("it takes too long")
            time.sleep(0.05)


def main() -> None:
    """Measures, and prints each pair and the median."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=60_000)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--dkim", action="store_true", help="sign every message (RSA-2048)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="newsletter-bench-"))
    cluster = Cluster(free_port())
    cluster.start()
    settings: dict[str, object] = {"smtp_connections": options.connections}
    if options.dkim:
        key = folder / "dkim.pem"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        settings |= {"dkim_key": key, "dkim_domain": "example.org"}
    try:
        with _sink() as port:
            office = Office(folder, cluster.url, f"smtp://127.0.0.1:{port}?tls=none", **settings)
            office.furnish(options.readers)
            bench = Bench(office, office.plan(), options.readers)
            ratios = []
            for pair in range(options.pairs):
                counts = (1, 2) if pair % 2 == 0 else (2, 1)
                rates = {count: bench.rate(count) for count in counts}
                ratios.append(rates[2] / rates[1])
                print(f"one {rates[1]:7,.0f}/s   two {rates[2]:7,.0f}/s   {ratios[-1]:.2f}", flush=True)
            print(f"two workers against one: {statistics.median(ratios):.2f} (median of {len(ratios)} pairs)")
            office.database.close()
    finally:
        cluster.remove()


if __name__ == "__main__":
    main()
