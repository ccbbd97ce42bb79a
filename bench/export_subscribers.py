"""Measures the export of subscribers: `python -m bench.export_subscribers DATABASE-URL [csv|xlsx|json]`.

Of a database that `bench.import_subscribers` filled; prints seconds, those of them at work, and the peak of memory.
"""

import resource
import sys
import time
from tempfile import TemporaryFile

from newsletter.audience.exporting.files import ExportFormat, write_export
from newsletter.audience.exporting.rows import Wanted, attribute_names, exported_readers
from newsletter.foundation.database import Database


def main() -> None:
    """Measures and prints."""
    if len(sys.argv) < 2:
        raise SystemExit("Which database? python -m bench.export_subscribers DATABASE-URL [csv|xlsx|json]")
    database, kind = Database(sys.argv[1]), ExportFormat(sys.argv[2] if len(sys.argv) > 2 else "csv")
    begin, begin_busy = time.perf_counter(), time.process_time()
    with database.read() as session, TemporaryFile() as octets:
        names = attribute_names(session)
        count = write_export(octets, kind, names, exported_readers(session, Wanted()))
        size = octets.tell()
    seconds, busy = time.perf_counter() - begin, time.process_time() - begin_busy
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{database.url.get_backend_name()}, {kind.value}: {count} readers in {seconds:.1f} s ({busy:.1f} s at work), "
        f"{size / 1e6:.0f} MB, peak {peak_mib:.0f} MiB"
    )
    database.close()


if __name__ == "__main__":
    main()
