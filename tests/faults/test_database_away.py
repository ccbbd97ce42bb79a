"""PostgreSQL that is away for a while in the middle of a mailing: it is waited for, and nobody is mailed twice."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from bench.faults.cluster import POSTGRESQL, Cluster, free_port
from builders_mailing import LineOfAnswers, Office
from full_disks import a_small_disk_for_all, fill
from needed_parts import missing_part
from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.foundation.signing import Keyring
from newsletter.mailing import connection as own_connection
from newsletter.mailing.models import MailingState
from newsletter.mailing.queries import Counts
from newsletter.mailing.run import RunEnd
from newsletter.migrations.upgrade import upgrade_database

# More than the line is given ahead, which is two slices.
ADDRESSES = [f"reader{number:04}@example.org" for number in range(2600)]
COUNT = len(ADDRESSES)
AT = 600
DISK_KIB = 120_000
TERMINATE = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def test_connections_that_the_server_ends_stop_no_mailing(
    postgresql_db: Database, keyring: Keyring, tmp_path: Path
) -> None:
    office = Office(postgresql_db, keyring, tmp_path, ADDRESSES)
    line, ended = LineOfAnswers(), []

    def end_them(_recipient: str) -> None:
        if len(line.handed) % AT == 1:
            with postgresql_db.engine.connect() as connection:
                ended.append(connection.scalar(sa.text(TERMINATE)))
            time.sleep(0.1)  # long enough for the ledger to look at what others have changed

    line.at_each = end_them
    assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert len(ended) == 5
    assert sum(ended) >= 4
    assert sorted(line.handed) == ADDRESSES
    assert office.counts() == Counts(planned=COUNT, accepted=COUNT)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server on a disk of its own, with the tables in it."""
    if not (POSTGRESQL / "initdb").exists():
        missing_part("PostgreSQL 15")
    with a_small_disk_for_all(DISK_KIB) as disk:
        server = Cluster(
            free_port(),
            disk=disk,
            listen_addresses="",
            shared_buffers="16MB",
            min_wal_size="32MB",
            max_wal_size="32MB",
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.mark.slow
@pytest.mark.parametrize("comes_back_in_time", [True, False])
def test_server_whose_disk_is_full_loses_nobody(
    cluster: Cluster,
    keyring: Keyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    comes_back_in_time: bool,
) -> None:
    database = Database(cluster.local_url)
    upgrade_database(database)
    office = Office(database, keyring, tmp_path, ADDRESSES)
    line, disk, threads = LineOfAnswers(), cluster.folder.parent, []

    def make_room() -> None:
        for file in disk.glob("filling*"):
            file.unlink()
        cluster.stop()  # it may have ended itself already
        cluster.start_again()

    def fill_up(_recipient: str) -> None:
        if len(line.handed) != AT:
            return
        fill(disk)
        _write_until_it_stops(cluster)
        if comes_back_in_time:
            threads.append(threading.Timer(3, make_room))
            threads[0].start()

    line.at_each = fill_up
    if comes_back_in_time:
        assert office.run(line) == RunEnd(MailingState.FINISHED)
        threads[0].join()
    else:
        monkeypatch.setattr(own_connection, "_PATIENCE_SECONDS_POSTGRESQL", 2.0)
        begin = time.monotonic()
        with pytest.raises(DatabaseNotReady, match="the same command goes on"):
            office.run(line)
        assert time.monotonic() - begin > 1.5
        assert AT <= len(line.handed) < COUNT
        make_room()
        line.at_each = lambda _recipient: None
        assert office.run(line) == RunEnd(MailingState.FINISHED)
    assert sorted(line.handed) == ADDRESSES  # nobody twice, nobody forgotten
    assert office.counts() == Counts(planned=COUNT, accepted=COUNT)
    database.close()


def _write_until_it_stops(cluster: Cluster) -> None:
    """Writes more than there is room for: the server refuses what needs more, or ends itself and cannot begin again."""
    with (
        suppress(psycopg.Error),
        psycopg.connect(
            host=str(cluster.folder), port=cluster.port, user="postgres", dbname="postgres"
        ) as writer,
    ):
        writer.execute("CREATE TABLE large AS SELECT number FROM generate_series(1, 10000000) number")
