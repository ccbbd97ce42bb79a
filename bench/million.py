"""A mailing from end to end: `python -m bench.million [READERS ...] [--url URL]`, planned, delivered and reported.

For 10,000, 100,000 and 1,000,000 readers, or for so many as are named, each on an empty database: what a message costs,
and how much memory the process takes that delivers, must not grow with the mailing. One process fills and plans,
another delivers and reports. The messages, of some hundred octets, go to the sink of `bench.wire`; process and sink
have a core each. `--url` names an empty database of PostgreSQL, `{readers}` in it standing for the number; without it,
each size has an SQLite file of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from bench.mailing_office import KEYRING, a_planned_office, an_office_again, journal_folder
from bench.wire.sink import sink, use_client_core
from newsletter.foundation import clock
from newsletter.foundation.database import Database
from newsletter.foundation.garbage import look_for_garbage_seldom
from newsletter.mailing.models import Mailing, MailingState
from newsletter.mailing.queries import mailing_report
from newsletter.mailing.run import MailingRun, Parts
from newsletter.migrations.upgrade import upgrade_database
from newsletter.transport.line import DeliveryLine
from newsletter.transport.relay import Relay, Tls

_SIZES = (10_000, 100_000, 1_000_000)
_CONNECTIONS = 16
# A message may cost so many times what it costs in the smallest mailing.
_COST_MAX = 1.15


@dataclass(frozen=True, slots=True)
class Figures:
    """What the delivery of one mailing took."""

    readers: int
    per_second: float
    cpu_us: float  # of the processor for one message
    report_seconds: float
    memory_mib: float  # the most that the process had


def main() -> None:
    """Measures each size and prints; `--step` is for the processes that it starts."""
    look_for_garbage_seldom()  # as the program's own commands do
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("readers", type=int, nargs="*", default=list(_SIZES))
    parser.add_argument("--url", default="")
    parser.add_argument("--step", choices=("plan", "deliver"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step == "plan":
        print(json.dumps(_plan(options.readers[0], options.url)))
    elif options.step == "deliver":
        print(json.dumps(asdict(_deliver(options.readers[0], options.url))))
    else:
        _compare(options.readers, options.url)


def _compare(sizes: Sequence[int], url: str) -> None:
    first = None
    for count in sizes:
        with tempfile.TemporaryDirectory() as name:
            its_url = url.replace("{readers}", str(count)) or f"sqlite:///{name}/bench.db"
            plan_seconds = _in_a_process_of_its_own(count, its_url, "plan")
            figures = Figures(**_in_a_process_of_its_own(count, its_url, "deliver"))
        first = first or figures
        print(f"{count} readers: planned in {plan_seconds:.2f} s, ", end="")
        _tell(figures, first)


def _in_a_process_of_its_own(count: int, url: str, step: str) -> Any:
    command = [sys.executable, "-m", "bench.million", str(count), "--url", url, "--step", step]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    # The last line has the figures; before it stands the log.
    return json.loads(output.splitlines()[-1])


def _tell(figures: Figures, first: Figures) -> None:
    print(
        f"{figures.per_second:.0f} messages/s, {figures.cpu_us:.1f} µs of processor each, "
        f"report in {figures.report_seconds:.2f} s, peak of memory {figures.memory_mib:.0f} MiB"
    )
    if figures is not first:
        print(
            f"    of {first.readers}: cost of a message {figures.cpu_us / first.cpu_us:.2f} [due {_COST_MAX} at most], "
            f"memory {figures.memory_mib / first.memory_mib:.2f}",
            flush=True,
        )


def _plan(count: int, url: str) -> float:
    """Fills the database and plans; how many seconds planning took."""
    database = Database(url)
    upgrade_database(database)
    office = a_planned_office(database, count, plan=False, body_count=1)
    begin = time.perf_counter()
    office.plan()
    seconds = time.perf_counter() - begin
    database.close()
    return seconds


def _deliver(count: int, url: str) -> Figures:
    with tempfile.TemporaryDirectory() as name, sink() as port:
        use_client_core()
        database = Database(url)
        office = an_office_again(database)
        parts = Parts(
            database,
            KEYRING,
            office.composer,
            "letter@example.org",
            clock.now,
            journal_folder(database, name),
        )
        relay = Relay("127.0.0.1", port, Tls.NONE)
        with database.read() as session:
            mailing_id = session.scalars(sa.select(Mailing.id)).one()
        begin, busy = time.perf_counter(), time.process_time()
        with DeliveryLine([relay], connections=_CONNECTIONS, messages_per_connection=10**9) as line:
            end = MailingRun(parts, line).go(mailing_id, on_result=lambda _outcome: None, stop=lambda: False)
        seconds, busy = time.perf_counter() - begin, time.process_time() - busy
        begin = time.perf_counter()
        with database.read() as session:
            total = mailing_report(session, mailing_id).total
        report_seconds = time.perf_counter() - begin
        database.close()
    if end.state is not MailingState.FINISHED or total.accepted != count:
        raise SystemExit(f"the mailing ended as {end}, with {total}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figures(count, count / seconds, busy / count * 1e6, report_seconds, memory)


if __name__ == "__main__":
    main()
