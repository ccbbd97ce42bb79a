"""How much room a folded mailing takes on PostgreSQL: `python -m bench.fold_mailing [--readers N]`."""

import argparse
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from bench.faults.cluster import Cluster, free_port
from bench.faults.office import Office
from newsletter.foundation import clock
from newsletter.mailing.folding import fold_old_mailings
from newsletter.mailing.own_tables import give_up_own_tables

_TEN_MILLION = 10_000_000
_END = (
    "UPDATE delivery SET state = 'accepted', attempt_count = 1, reply_code = 250, reply_text = '2.0.0 Ok: queued'",
    "UPDATE delivery_slice SET state = 'closed'",
    "UPDATE mailing SET state = 'finished', finished_at = now()",
)


def main() -> None:
    """Plans a mailing, ends it as if all had been accepted, folds it, and prints both sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=200_000)
    readers = parser.parse_args().readers
    cluster = Cluster(free_port())
    cluster.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            office = Office(Path(folder), cluster.url, "smtp://127.0.0.1:1?tls=none")
            office.furnish(readers)
            office.plan()
            with office.database.transaction() as session:
                for statement in _END:
                    session.execute(sa.text(statement))
            before = _megabytes(office, "delivery", "delivery_slice")
            began = time.monotonic()
            ended_before = clock.now() + timedelta(days=1)
            count = fold_old_mailings(office.database, ended_before)
            dropped = give_up_own_tables(office.database, ended_before)
            seconds = time.monotonic() - began
            after = _megabytes(office, "folded_deliveries", "delivery_slice")
            rest = _megabytes(office, "delivery")
            print(
                f"{count:,} deliveries folded in {seconds:.1f} s: {before:.1f} MB before, {after:.1f} MB after"
            )
            print(f"{dropped} table of its own dropped, {rest:.1f} MB of deliveries left")
            print(f"ten million would take {after * _TEN_MILLION / readers:.0f} MB")
            office.database.close()
    finally:
        cluster.remove()


def _megabytes(office: Office, *tables: str) -> float:
    with office.database.read() as session:
        size = sa.text(
            "SELECT pg_total_relation_size(CAST(:table AS regclass)) + coalesce(sum(pg_total_relation_size(relid)), 0)"
            " FROM pg_partition_tree(CAST(:table AS regclass))"  # of the parts, where it has any
        )
        return float(sum(session.scalar(size, {"table": table}) or 0 for table in tables)) / 1e6


if __name__ == "__main__":
    main()
