"""Measures what the ledger costs: `python -m bench.ledger [MESSAGES] [DATABASE-URL]`, a mailing with and without it.

Both send the same messages of 57 KB over 16 connections to the sink of `bench.wire`; without the ledger the readers
are at hand and what the servers say is counted and forgotten. The ratio of each pair is taken right one after the
other; the median of seven is printed. A PostgreSQL database must be empty, and is left filled.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa

from bench.mailing_office import KEYRING, BenchOffice, a_planned_office
from bench.wire.clients import CONNECTIONS
from bench.wire.pairs import Rate, measure
from bench.wire.sink import sink, use_client_core
from newsletter.foundation import clock
from newsletter.foundation.database import Database
from newsletter.foundation.garbage import look_for_garbage_seldom
from newsletter.mailing.claiming import ClaimedDelivery
from newsletter.mailing.models import (
    Delivery,
    DeliveryRun,
    DeliverySlice,
    MailedList,
    Mailing,
    MailingState,
)
from newsletter.mailing.run import MailingRun, Parts
from newsletter.migrations.upgrade import upgrade_database
from newsletter.transport.feed import Feed
from newsletter.transport.line import DeliveryLine
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import Job

_PARAGRAPHS = 560
_PAIRS = 7


class Bench:
    """One mailing that is sent again and again."""

    def __init__(self, office: BenchOffice, mailing_id: int, port: int, folder: Path) -> None:
        self.office, self.mailing_id, self.port, self.folder = office, mailing_id, port, folder

    def line(self) -> DeliveryLine:
        relay = Relay("127.0.0.1", self.port, Tls.NONE)
        return DeliveryLine([relay], connections=CONNECTIONS, messages_per_connection=10**9)

    def begin_again(self) -> None:
        """Lets everybody wait again."""
        with self.office.database.transaction() as session:
            for table in (DeliveryRun, DeliverySlice, Delivery, MailedList, Mailing):
                session.execute(sa.delete(table))
        self.mailing_id = self.office.plan()

    def with_ledger(self) -> None:
        """As `newsletter send` does it."""
        parts = Parts(
            self.office.database, KEYRING, self.office.composer, "letter@example.org", clock.now, self.folder
        )
        with self.line() as line:
            end = MailingRun(parts, line).go(
                self.mailing_id, on_result=lambda _outcome: None, stop=lambda: False
            )
        if end.state is not MailingState.FINISHED:
            raise SystemExit(f"the mailing ended as {end}")

    def without(self, readers: Sequence[ClaimedDelivery]) -> None:
        """The same messages, and nothing kept of them."""
        feed, accepted = Feed(), 0

        def hear(_job: Job, outcome: Outcome) -> None:
            nonlocal accepted
            accepted += outcome.verdict is Verdict.ACCEPTED

        def fill() -> None:
            for start in range(0, len(readers), 500):
                while feed.waiting_count > 500:
                    time.sleep(0.002)
                some = readers[start : start + 500]
                makers = self.office.composer.makers(some, clock.now())
                feed.put(
                    [
                        Job(reader.subscriber_id, "letter@example.org", reader.address, maker)
                        for reader, maker in zip(some, makers, strict=True)
                    ]
                )
            feed.close()

        with self.line() as line:
            thread = threading.Thread(target=fill)
            thread.start()
            line.deliver_from(feed, on_outcome=hear)
            thread.join()
        if accepted != len(readers):
            raise SystemExit(f"{accepted} of {len(readers)} were accepted")


def main() -> None:
    """Measures and prints."""
    look_for_garbage_seldom()  # as the program's own commands do
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as name, sink() as port:
        database = Database(sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{name}/bench.db")
        upgrade_database(database)
        office = a_planned_office(database, count, plan=False, body_count=_PARAGRAPHS)
        bench = Bench(office, 0, port, Path(name))
        readers = [
            ClaimedDelivery(n, "fr", f"reader{n}@mail{n % 5000}.example.org", "Éloïse Dubois", "Éloïse", bytes(12), 1)
            for n in range(1, count + 1)
        ]  # fmt: skip
        use_client_core()

        kind = database.url.get_backend_name()
        due = "0.85, aim 0.95" if database.is_sqlite else "0.80, aim 0.90"
        print(f"ledger on against off, {kind}, {count} messages  [{due}]")
        _compare(bench, readers)
        database.close()


def _compare(bench: Bench, readers: Sequence[ClaimedDelivery]) -> None:
    """Pairs of runs right one after the other; the mailing is planned anew before each, outside the measured time."""
    runs: list[tuple[str, Callable[[], None]]] = [
        ("on", bench.with_ledger),
        ("off", lambda: bench.without(readers)),
    ]
    pairs: list[tuple[float, Rate, Rate]] = []
    for index in range(_PAIRS):
        bench.begin_again()
        rates = {name: measure(run, len(readers)) for name, run in (runs if index % 2 else runs[::-1])}
        pairs.append((rates["on"].per_second / rates["off"].per_second, rates["on"], rates["off"]))
    pairs.sort(key=lambda pair: pair[0])
    ratio, on, off = pairs[_PAIRS // 2]
    more = sorted(on.cpu_us - off.cpu_us for _, on, off in pairs)[_PAIRS // 2]
    print(
        f"    on {on.per_second:.0f} messages/s, off {off.per_second:.0f}; {more:+.1f} µs of processor each"
    )
    print(f"    ratio {ratio:.2f} ({pairs[0][0]:.2f} to {pairs[-1][0]:.2f}, median of {_PAIRS} pairs)")


if __name__ == "__main__":
    main()
