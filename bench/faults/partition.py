"""Hosts that are cut off: `python -m bench.faults.partition` (needs the right to make network namespaces).

A database, a mail server and two workers, each on a host of its own with an address of its own. In the middle of a mailing one
worker loses the database, then the relay, then its cable; then the database is killed and started again. Whoever is cut off
from the database can still send, but not write down what it sent: so others must not send the same.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench.faults.audit import Audit, audit
from bench.faults.cluster import Cluster
from bench.faults.hosts import Hosts, missing
from bench.faults.office import Office
from newsletter.foundation import clock
from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.mailing.sending import retry_now

_SILENCE_SECONDS = 4
_CONNECTIONS = 10
DOUBTS_MAX = 3 * _CONNECTIONS
"""What may be in doubt at most: what was on the wire at each of the three cuts."""
_PORT = 55941
_SMTP_PORT = 25
_LONGEST_SECONDS = 600
# Within these seconds a connection that leads nowhere is given up.
_WATCHFUL = (
    "connect_timeout=3&tcp_user_timeout=4000&keepalives_idle=2&keepalives_interval=1&keepalives_count=3"
)


class Partition:
    """One run of it."""

    def __init__(self, readers: int, cut_seconds: float, say: Callable[[str], None] = print) -> None:
        self._readers = readers
        self._cut_seconds = cut_seconds
        self._say = say
        self._folder = Path(tempfile.mkdtemp(prefix="newsletter-partition-"))
        self._log = self._folder / "accepted.log"

    def run(self) -> Audit:
        """Sets the hosts up, mails, cuts, heals, and audits."""
        hosts = Hosts("db", "relay", "w1", "w2")
        cluster = Cluster(_PORT, host=hosts.address("db"), namespace=hosts.namespace("db"))
        processes: list[subprocess.Popen[bytes]] = []
        office = None
        try:
            cluster.start()
            # Furnished by the Unix socket; the workers come over the network.
            office = Office(
                self._folder,
                f"{cluster.url}?{_WATCHFUL}",
                f"smtp://{hosts.address('relay')}:{_SMTP_PORT}?tls=none",
                smtp_connections=_CONNECTIONS,
                worker_silence_seconds=_SILENCE_SECONDS,
                smtp_timeout_seconds=5,
                log_level="ERROR",
            )
            office.database = Database(cluster.local_url)
            office.furnish(self._readers)
            mailing_id = office.plan()
            sink = [
                sys.executable,
                "-m",
                "bench.faults.sink",
                hosts.address("relay"),
                str(_SMTP_PORT),
                str(self._log),
            ]
            processes.append(
                subprocess.Popen(hosts.on("relay", [*sink, "--delay", "0.05"]), stdout=subprocess.PIPE)
            )
            assert processes[0].stdout is not None  # noqa: S101
            processes[0].stdout.readline()
            processes += [office.worker(name, inside=hosts.on(name, [])) for name in ("w1", "w2")]
            self._until(lambda: self._accepted() > self._readers // 20, "the workers are at work")
            self._cut(
                "w1 and the database do not hear each other", lambda: hosts.cut_from("w1", "db"), hosts, "w1"
            )
            self._cut("w2 does not hear the relay", lambda: hosts.deafen("w2", "relay"), hosts, "w2")
            self._cut("the cable of w1 is pulled", lambda: hosts.cut("w1"), hosts, "w1")
            self._say("the database is killed")
            cluster.kill()
            time.sleep(1)
            cluster.start_again()

            def is_over() -> bool:
                with suppress(DatabaseNotReady):
                    with office.database.transaction() as session:
                        retry_now(session, mailing_id, clock.now())
                    return office.open_slices() == 0
                return False

            self._until(is_over, "every slice is closed")
            # A worker that has come back may still say what became of its messages.
            time.sleep(2 * _SILENCE_SECONDS)
            for process in processes[1:]:
                process.terminate()
            for process in processes[1:]:
                process.wait(60)
            return audit(office.database, self._log, with_cut_hosts=True)
        finally:
            for process in processes:
                process.kill()
                process.wait()
                if process.stdout is not None:
                    process.stdout.close()
            if office is not None:
                office.database.close()
            cluster.remove()
            hosts.remove()

    def _cut(self, words: str, cut: Callable[[], None], hosts: Hosts, name: str) -> None:
        self._say(f"{words}, after {self._accepted():,} messages")
        cut()
        time.sleep(self._cut_seconds)
        hosts.heal(name)
        time.sleep(2)

    def _accepted(self) -> int:
        try:
            return self._log.read_bytes().count(b"\n")
        except OSError:
            return 0

    def _until(self, condition: Callable[[], bool], words: str) -> None:
        end = time.monotonic() + _LONGEST_SECONDS
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"it did not come to this: {words}")
            time.sleep(0.5)
        self._say(f"{words}, after {self._accepted():,} messages")


def main() -> None:
    """Runs it as the command line says; exit code 1 where somebody was missed or mailed twice."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--cut-seconds", type=float, default=12.0)
    options = parser.parse_args()
    if reason := missing():
        print(f"Not run: {reason}.")
        sys.exit(2)
    found = Partition(options.readers, options.cut_seconds).run()
    print("\n".join(found.lines()))
    is_good = found.is_clean and found.doubts_of_broken_runs + found.doubts_of_hang_ups <= DOUBTS_MAX
    print(f"doubts allowed {DOUBTS_MAX}")
    print("nobody missed, nobody twice" if is_good else "NOT CLEAN")
    sys.exit(not is_good)


if __name__ == "__main__":
    main()
