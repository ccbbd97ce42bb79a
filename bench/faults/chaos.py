"""A mailing while everything is being killed: `python -m bench.faults.chaos`.

Workers are killed (kill -9) and put to sleep (SIGSTOP, until others have taken them for dead: zombies that wake up in the
middle of a message), PostgreSQL is killed with all its backends, or one backend of it; readers leave; the server says "later",
refuses, hangs up. Then what the server accepted is compared with the ledger. Each worker has a host name of its own, so that
they take each other for other machines.

    python -m bench.faults.chaos                                    200,000 readers, 200 and 20 kills, 30 zombies
    python -m bench.faults.chaos --readers 5000 --kills 6 --database-kills 1 --zombies 1
    python -m bench.faults.chaos --control careless                 no doubt in the ledger: must double readers
    python -m bench.faults.chaos --control forgetful                synchronous_commit=off, and no check: must double readers
    python -m bench.faults.chaos --sqlite --readers 20000 --kills 12    one worker, one file
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from bench.faults.audit import Audit, audit
from bench.faults.cluster import Cluster, free_port
from bench.faults.nursery import Nursery, Worker
from bench.faults.office import Office, address
from newsletter.foundation import clock
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.mailing.sending import retry_now

_SILENCE_SECONDS = 4
_LONGEST_SECONDS = 1500
_SHARE_WITH_FAULTS = 0.85


@dataclass(frozen=True)
class Plan:
    """How much goes wrong."""

    readers: int = 200_000
    kills: int = 200
    database_kills: int = 20
    zombies: int = 30
    workers: int = 4
    connections: int = 15
    gap: tuple[float, float] = (0.4, 1.2)
    control: str = ""
    is_sqlite: bool = False
    seed: int = 1


@dataclass
class Toll:
    """What was done to them."""

    kills: int = 0
    database_kills: int = 0
    zombies: int = 0
    seconds: float = 0.0
    left_at: dict[str, float] = field(default_factory=dict)


class Chaos:
    """One run of it, in a folder of its own."""

    def __init__(self, plan: Plan, say: Callable[[str], None] = print) -> None:
        self._plan = plan
        self._say = say
        self._dice = random.Random(plan.seed)
        self._folder = Path(tempfile.mkdtemp(prefix="newsletter-chaos-"))
        self._log = self._folder / "accepted.log"
        self._workers: dict[str, Worker] = {}
        self._asleep: dict[str, float] = {}
        self._toll = Toll()
        self._mailing_id = self._read_to = self._lines = 0
        self._cluster: Cluster | None = None
        if plan.is_sqlite:
            url = f"sqlite:///{self._folder}/subscribers.db"
        else:
            server = (
                {"synchronous_commit": "off", "wal_writer_delay": "1s"} if plan.control == "forgetful" else {}
            )
            self._cluster = Cluster(free_port(), **server)
            self._cluster.start()
            url = f"{self._cluster.url}?connect_timeout=5"
        self._smtp_port = free_port()
        self._office = Office(
            self._folder,
            url,
            f"smtp://127.0.0.1:{self._smtp_port}?tls=none",
            smtp_connections=plan.connections,
            worker_silence_seconds=_SILENCE_SECONDS,
            smtp_timeout_seconds=30,
            log_level="ERROR",
        )
        options = [plan.control] if plan.control else []
        self._nursery = Nursery(self._office.environment, options)

    def run(self) -> tuple[Audit, Toll]:
        """Furnishes, mails, breaks, and audits."""
        sink = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "bench.faults.sink",
                    "127.0.0.1",
                    str(self._smtp_port),
                    str(self._log),
                ),
                *("--later", "0.01", "--refused", "0.001", "--hang-up", "0.0005", "--delay", "0.02"),
            ],
            stdout=subprocess.PIPE,
        )
        assert sink.stdout is not None  # noqa: S101
        sink.stdout.readline()
        try:
            self._office.furnish(self._plan.readers)
            self._mailing_id = self._office.plan()
            if self._plan.control == "forgetful":
                self._office.settle()  # what it forgets is what happens from now on, not the mailing itself
            self._say(f"furnished and planned: {self._office.open_slices()} slices")
            for number in range(self._plan.workers):
                self._start(f"w{number}")
            began = time.monotonic()
            self._break_things(began)
            self._toll.seconds = time.monotonic() - began
            self._end_workers()
            return audit(self._office.database, self._log, self._toll.left_at), self._toll
        finally:
            for name in list(self._workers):
                self._kill(name)
            sink.kill()
            sink.wait()
            sink.stdout.close()
            self._nursery.close()
            self._office.database.close()
            if self._cluster is not None:
                self._cluster.remove()

    def _start(self, name: str) -> None:
        self._workers[name] = self._nursery.start(name, self._folder)

    def _kill(self, name: str) -> None:
        process = self._workers.pop(name)
        process.kill()
        process.wait()
        self._asleep.pop(name, None)

    def _break_things(self, began: float) -> None:
        told, over_since = 0.0, began
        while True:
            time.sleep(self._dice.uniform(*self._plan.gap))
            now = time.monotonic()
            self._wake(now)
            self._break_one()
            for name, process in list(self._workers.items()):
                if process.poll() is not None:  # it ended by itself: that is no part of the plan
                    self._say(f"{name} ended by itself: {process.returncode}")
                    self._start(name)
            # Of two that want the same rows in another order, PostgreSQL breaks one off: here it is tried again.
            with suppress(DatabaseNotReady, sa.exc.OperationalError):
                self._let_readers_leave()
                open_count = self._stand()
                if now - told > 15:
                    self._say(
                        f"{now - began:5.0f} s: {self._accepted():,} accepted, {open_count} slices open, {self._toll.kills} + {self._toll.database_kills} killed, {self._toll.zombies} zombies"
                    )
                    told = now
                # One that has slept may still say of messages that it never began them: then they are to be mailed.
                if open_count or self._asleep:
                    over_since = time.monotonic()
                elif now - over_since > 3 * _SILENCE_SECONDS:
                    return
            if now - began > _LONGEST_SECONDS:
                self._say("it takes too long")
                return

    def _wake(self, now: float) -> None:
        for name, until in list(self._asleep.items()):
            if now > until:
                self._workers[name].send_signal(signal.SIGCONT)
                del self._asleep[name]

    def _break_one(self) -> None:
        left = {
            "worker": self._plan.kills - self._toll.kills,
            "database": self._plan.database_kills - self._toll.database_kills,
            "zombie": self._plan.zombies - self._toll.zombies,
        }
        done = self._toll.kills + self._toll.database_kills + self._toll.zombies
        every = _SHARE_WITH_FAULTS * self._plan.readers / (done + sum(left.values()) or 1)
        if not any(left.values()) or self._accepted() < done * every:
            return  # however slow the machine is, the faults are spread over the mailing
        [kind] = self._dice.choices(list(left), list(left.values()))
        name = self._dice.choice(sorted(self._workers))
        if kind == "database":
            self._kill_database()
        elif name in self._asleep:
            return
        elif kind == "zombie":
            self._workers[name].send_signal(signal.SIGSTOP)
            self._asleep[name] = time.monotonic() + _SILENCE_SECONDS + self._dice.uniform(2, 6)
            self._toll.zombies += 1
        else:
            self._kill(name)
            self._toll.kills += 1
            self._start(name)

    def _accepted(self) -> int:
        """How many lines the server's log has."""
        with self._log.open("rb") as file:
            file.seek(self._read_to)
            octets = file.read()
        self._read_to += len(octets)
        self._lines += octets.count(b"\n")
        return self._lines

    def _kill_database(self) -> None:
        assert self._cluster is not None  # noqa: S101
        self._toll.database_kills += 1
        if self._toll.database_kills % 2:
            self._cluster.kill()
            time.sleep(0.5)
            self._cluster.start_again()
        else:
            self._cluster.kill_a_backend(self._dice.randrange(100))
            self._cluster.wait_until_it_answers()

    def _let_readers_leave(self) -> None:
        leaving = [self._dice.randrange(self._plan.readers) for _ in range(10)]
        with self._office.database.transaction() as session:
            session.execute(
                sa.text(
                    "UPDATE subscription SET state = 'ended', end_reason = 'unsubscribed' WHERE subscriber_id IN :ids"
                ).bindparams(sa.bindparam("ids", [number + 1 for number in leaving], expanding=True))
            )
        for number in leaving:
            self._toll.left_at.setdefault(address(number), time.time())

    def _stand(self) -> int:
        """How many slices are open. What was put off is due at once: nobody waits five minutes here."""
        with self._office.database.transaction() as session:
            retry_now(session, self._mailing_id, clock.now())
        return self._office.open_slices()

    def _end_workers(self) -> None:
        for process in self._workers.values():
            process.send_signal(signal.SIGTERM)
        for process in self._workers.values():
            process.wait(60)


def bound(plan: Plan, toll: Toll) -> int:
    """How many doubts the broken runs may leave at most: what was open on the wire of each worker that was broken off.

    A database that is killed breaks no run off: workers keep the answers in memory until it is back.
    """
    return plan.connections * (toll.kills + toll.zombies)


def main() -> None:
    """Runs it as the command line says; exit code 1 where a control is clean, or the real thing is not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database-kills", type=int, default=20)
    parser.add_argument("--zombies", type=int, default=30)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--control", choices=["careless", "forgetful"], default="")
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    plan = Plan(
        readers=options.readers,
        kills=options.kills,
        database_kills=0 if options.sqlite else options.database_kills,
        zombies=0 if options.sqlite else options.zombies,
        workers=1 if options.sqlite else options.workers,
        control=options.control,
        is_sqlite=options.sqlite,
        seed=options.seed,
    )
    found, toll = Chaos(plan).run()
    print(
        f"\n{toll.seconds:.0f} s, {toll.kills} workers killed, {toll.database_kills} times the database, {toll.zombies} zombies"
    )
    print("\n".join(found.lines()))
    print(f"doubts of broken runs {found.doubts_of_broken_runs}, allowed {bound(plan, toll)}")
    is_good = found.is_clean and found.doubts_of_broken_runs <= bound(plan, toll)
    if plan.control:
        print("the control failed, as it must" if found.doubled else "THE CONTROL DID NOT FAIL")
        sys.exit(not found.doubled)
    print("nobody missed, nobody twice" if is_good else "NOT CLEAN")
    sys.exit(not is_good)


if __name__ == "__main__":
    main()
