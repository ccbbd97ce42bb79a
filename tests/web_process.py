"""`newsletter web` as a process of its own, and a client that sends it many posts over a few connections."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from builders_web import SECRET
from newsletter.foundation.database import Database

_START_SECONDS_MAX = 40


@contextmanager
def web_process(
    database: Database, folder: Path, **settings: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The process, and its port. Without a relay: no worker beside it sends anything."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    environment = {
        **os.environ,
        "NEWSLETTER_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "NEWSLETTER_SECRET": SECRET,
        **settings,
    }
    command = [sys.executable, "-m", "newsletter", "web", "--port", str(port)]
    with (folder / "web.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(port, process)
        yield process, port
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
        except ConnectionRefusedError:
            assert process.poll() is None, "the web server ended"
            assert time.monotonic() < deadline, "the web server did not start"
            time.sleep(0.05)
        else:
            return


@dataclass
class Flood:
    """Posts, each path once, over several connections at once; `answers` are the status of each path that was answered."""

    port: int
    answers: dict[str, int] = field(default_factory=dict)

    def run(self, paths: Sequence[str], connections: int = 16) -> None:
        """Sends them all; returns when all are answered, or the server is gone."""
        threads = [
            threading.Thread(target=self._send, args=(paths[turn::connections],))
            for turn in range(connections)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, paths: Sequence[str]) -> None:
        body = b"List-Unsubscribe=One-Click"
        head = f"HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
                for path in paths:
                    connection.sendall(b"POST " + path.encode() + b" " + head)
                    self.answers[path] = _status(connection)
        except (ConnectionError, EOFError):
            return


def _status(connection: socket.socket) -> int:
    answer = b""
    while b"\r\n\r\n" not in answer:
        if not (chunk := connection.recv(4096)):
            raise EOFError
        answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    [length] = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    while len(body) < length:
        if not (chunk := connection.recv(4096)):
            raise EOFError
        body += chunk
    return int(head.split(b" ", 2)[1])
