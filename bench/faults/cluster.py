"""A PostgreSQL server of our own, over TCP and a Unix socket, that can be killed as a power cut would, and started again."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psycopg

POSTGRESQL = Path("/usr/lib/postgresql/15/bin")
_START_SECONDS = 60.0


class Cluster:
    """A server in a folder of its own. `namespace` is that of the network in which it listens; "" for this machine's."""

    def __init__(
        self,
        port: int,
        *,
        host: str = "127.0.0.1",
        namespace: str = "",
        disk: Path | None = None,
        **options: object,
    ) -> None:
        """Makes the files, on this `disk` if one is named; `options` are settings of the server, as in `synchronous_commit="off"`."""
        self.port, self.host = port, host
        self._inside = ["ip", "netns", "exec", namespace] if namespace else []
        self.folder = Path(tempfile.mkdtemp(prefix="newsletter-cluster-", dir=disk))
        self._data = self.folder / "data"
        self._as_user: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self.folder, "postgres")
            self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self._run(
            "initdb", "-D", str(self._data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"
        )
        wanted = {
            "port": port,
            "listen_addresses": host,
            "unix_socket_directories": str(self.folder),
            "max_connections": 120,
            "shared_buffers": "256MB",
            "max_wal_size": "2GB",
            # As an operator of several machines should: a client that is gone is noticed.
            "tcp_keepalives_idle": 2,
            "tcp_keepalives_interval": 1,
            "tcp_keepalives_count": 3,
            "tcp_user_timeout": 4000,
            # A client that falls asleep while it connects keeps a server that lost a backend from beginning again.
            "authentication_timeout": "5s",
            **options,
        }
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in wanted.items())
        if host != "127.0.0.1":
            with (self._data / "pg_hba.conf").open("a") as file:
                file.write("host all all 0.0.0.0/0 trust\n")

    @property
    def url(self) -> str:
        """The URL of its database, as workers on other hosts say it."""
        return f"postgresql+psycopg://postgres@{self.host}:{self.port}/postgres"

    @property
    def local_url(self) -> str:
        """The URL by its Unix socket, which no network can cut."""
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}&port={self.port}"

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self._inside, *self._as_user, str(POSTGRESQL / program), *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=self.folder,
        )

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-t", "60", "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        """Stops it at once."""
        with suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """Kills the postmaster and every backend, with no chance to write anything more."""
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        for process in [postmaster, *_children(postmaster)]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def kill_a_backend(self, pick: int) -> None:
        """Kills one backend that serves a client: the server then ends them all and recovers by itself."""
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        clients = [child for child in _children(postmaster) if _is_client(child)]
        if clients:
            with suppress(ProcessLookupError):
                os.kill(clients[pick % len(clients)], signal.SIGKILL)

    def start_again(self) -> None:
        """Starts it after a kill. The killed postmaster may linger for a moment and be taken for alive."""
        end = time.monotonic() + _START_SECONDS
        while True:
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            try:
                self.start()
            except subprocess.CalledProcessError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.3)
            else:
                return

    def wait_until_it_answers(self) -> None:
        """Waits for a server that recovers by itself. Raises TimeoutError."""
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            with (
                suppress(psycopg.OperationalError),
                psycopg.connect(
                    host=str(self.folder),
                    port=self.port,
                    user="postgres",
                    dbname="postgres",
                    connect_timeout=5,
                ),
            ):
                return
            time.sleep(0.2)
        raise TimeoutError("the server does not come back")

    def remove(self) -> None:
        """Stops it and removes its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    """A port on loopback that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children")
    try:
        return [int(word) for word in found.read_text().split()]
    except OSError:
        return []


def _is_client(process: int) -> bool:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False
    # "postgres: user database address(port) state"; background processes have no database.
    return words.startswith(b"postgres: postgres ")
