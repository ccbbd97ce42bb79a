"""A mailing from end to end: `python -m bench.million [READERS ...] [--url URL]`, planned, delivered and reported.

For 10,000, 100,000 and 1,000,000 readers, or for so many as are named, each in a process of its own on an empty
database: what a message costs and how much memory the process takes must not grow with the mailing. The messages, of
some hundred octets, go to the sink of `bench.wire`; process and sink have a core each. `--url` names an empty database
of PostgreSQL, `{readers}` in it standing for the number; without it, each size has an SQLite file of its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.mailing_office import KEYRING, a_planned_office, journal_folder
from bench.wire.sink import sink, use_client_core
from newsletter.foundation import clock
from newsletter.foundation.database import Database
from newsletter.mailing.models import MailingState
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
    """What one mailing took."""

    readers: int
    plan_seconds: float
    per_second: float
    cpu_us: float  # of the processor for one message, planning and report left out
    report_seconds: float
    memory_before_mib: float
    memory_mib: float  # the most that the process had while it delivered


def main() -> None:
    """Measures each size in a process of its own and prints, or measures the one that it is told to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("readers", type=int, nargs="*", default=list(_SIZES))
    parser.add_argument("--url", default="")
    parser.add_argument("--only-one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only_one:
        print(json.dumps(asdict(_measure(options.readers[0], options.url))))
        return
    measured = [_in_a_process_of_its_own(count, options.url) for count in options.readers]
    for figures in measured:
        _tell(figures, measured[0])


def _in_a_process_of_its_own(count: int, url: str) -> Figures:
    command = [sys.executable, "-m", "bench.million", str(count), "--only-one"]
    if url:
        command += ["--url", url.replace("{readers}", str(count))]
    # The last line has the figures; before it stands the log.
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Figures(**json.loads(output.splitlines()[-1]))


def _tell(figures: Figures, first: Figures) -> None:
    print(
        f"{figures.readers} readers: planned in {figures.plan_seconds:.2f} s, {figures.per_second:.0f} messages/s, "
        f"{figures.cpu_us:.1f} µs of processor each, report in {figures.report_seconds:.2f} s, "
        f"peak of memory {figures.memory_mib:.0f} MiB ({figures.memory_before_mib:.0f} before delivering)"
    )
    if figures is not first:
        print(
            f"    of {first.readers}: cost of a message {figures.cpu_us / first.cpu_us:.2f} [due {_COST_MAX} at most], "
            f"memory {figures.memory_mib / first.memory_mib:.2f}"
        )


def _forget_the_peak() -> None:
    """Lets the peak of memory begin anew: planning is not what a worker does (Linux, proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def _memory_mib() -> float:
    """The peak of memory since `_forget_the_peak` (VmHWM)."""
    status = Path("/proc/self/status").read_text()
    [peak] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(peak.split()[1]) / 1024


def _measure(count: int, url: str) -> Figures:
    with tempfile.TemporaryDirectory() as name, sink() as port:
        database = Database(url or f"sqlite:///{name}/bench.db")
        upgrade_database(database)
        office = a_planned_office(database, count, plan=False, body_count=1)
        use_client_core()
        begin = time.perf_counter()
        mailing_id = office.plan()
        plan_seconds = time.perf_counter() - begin
        parts = Parts(
            database,
            KEYRING,
            office.composer,
            "letter@example.org",
            clock.now,
            journal_folder(database, name),
        )
        relay = Relay("127.0.0.1", port, Tls.NONE)
        _forget_the_peak()
        memory_before = _memory_mib()
        begin, busy = time.perf_counter(), time.process_time()
        with DeliveryLine([relay], connections=_CONNECTIONS, messages_per_connection=10**9) as line:
            end = MailingRun(parts, line).go(mailing_id, on_result=lambda _outcome: None, stop=lambda: False)
        seconds, busy = time.perf_counter() - begin, time.process_time() - busy
        memory = _memory_mib()
        begin = time.perf_counter()
        with database.read() as session:
            total = mailing_report(session, mailing_id).total
        report_seconds = time.perf_counter() - begin
        database.close()
    if end.state is not MailingState.FINISHED or total.accepted != count:
        raise SystemExit(f"the mailing ended as {end}, with {total}")
    return Figures(
        count, plan_seconds, count / seconds, busy / count * 1e6, report_seconds, memory_before, memory
    )


if __name__ == "__main__":
    main()
