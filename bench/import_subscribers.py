"""Measures the import of subscribers: `python -m bench.import_subscribers [ROWS] [DATABASE-URL]`.

Prints, for a first import and for the same file again, the seconds, those of them in which this process was at work, rows a second and the peak of memory. Without
an address of a database a fresh SQLite file is used; a PostgreSQL one must be empty, and is left filled.
"""

import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from newsletter.audience.actions import create_list
from newsletter.audience.importing.apply import import_subscribers
from newsletter.foundation.database import Database
from newsletter.foundation.garbage import look_for_garbage_seldom
from newsletter.foundation.signing import Keyring
from newsletter.migrations.upgrade import upgrade_database

_LANGUAGES = ("fr", "fr-BE", "en", "fr en", "nl-BE", "English", "")


def write_readers(path: Path, row_count: int) -> None:
    """A file of so many readers with names, languages and two attributes, as a spreadsheet saves it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        file.write("email;name;first_name;language;town;member no\r\n")
        for number in range(row_count):
            language = _LANGUAGES[number % len(_LANGUAGES)]
            file.write(
                f"reader.{number}@mail{number % 5000}.example.org;Éloïse Dubois {number};Éloïse;{language};Liège;{number}\r\n"
            )


def main() -> None:
    """Measures and prints."""
    look_for_garbage_seldom()  # as the program's own commands do
    row_count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/bench.db"
        path = Path(folder) / "readers.csv"
        write_readers(path, row_count)
        database = Database(url)
        upgrade_database(database)
        now = datetime.now(UTC)
        with database.transaction() as session:
            create_list(
                session, slug="letter", names={"en": "Letter"}, sender_address="letter@example.org", now=now
            )
        for what in ("first import", "same file again"):
            begin, begin_busy = time.perf_counter(), time.process_time()
            report = import_subscribers(
                database,
                Keyring("a secret for the bench"),
                path,
                list_slug="letter",
                consent_basis="bench",
                now=now,
                languages=("fr", "en"),
            )
            seconds, busy_seconds = time.perf_counter() - begin, time.process_time() - begin_busy
            peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{database.url.get_backend_name()}, {what}: {row_count} rows in {seconds:.2f} s ({busy_seconds:.2f} s at work), "
                f"{row_count / seconds:.0f} rows/s, peak {peak_mib:.0f} MiB "
                f"(added {report.added}, unchanged {report.unchanged}, refused {len(report.refused)})"
            )
        database.close()


if __name__ == "__main__":
    main()
