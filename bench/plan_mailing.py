"""Measures planning: `python -m bench.plan_mailing [READERS] [DATABASE-URL]`, a row and a slice for each of a million readers.

Without an address of a database a fresh SQLite file is used; a PostgreSQL one must be empty, and is left filled.
"""

import resource
import sys
import tempfile
import time

from bench.mailing_office import a_planned_office
from newsletter.foundation.database import Database
from newsletter.migrations.upgrade import upgrade_database


def main() -> None:
    """Measures and prints."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        database = Database(sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/bench.db")
        upgrade_database(database)
        office = a_planned_office(database, count, plan=False)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begin, busy = time.perf_counter(), time.process_time()
        office.plan()
        seconds, busy = time.perf_counter() - begin, time.process_time() - busy
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        print(
            f"{database.url.get_backend_name()}: {count} deliveries planned in {seconds:.2f} s "
            f"({busy:.2f} s at work here), peak of memory {more:+.0f} MiB"
        )
        database.close()


if __name__ == "__main__":
    main()
