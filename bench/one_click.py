"""Measures one-click unsubscribes: `python -m bench.one_click [ROUNDS]`, beside a plain Flask handler in the same run.

Both servers get one core (`taskset`), the same SQLite database of 100,000 readers, and 64 connections of wrk, which
posts another token each time. Both verify the token, end the subscription, write the evidence and the job of the
acknowledgement, and answer after the commit. Needs wrk and taskset.
"""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from newsletter.audience.models import MailingList, Subscriber, Subscription
from newsletter.foundation.database import Database
from newsletter.foundation.garbage import look_for_garbage_seldom
from newsletter.foundation.settings import Settings
from newsletter.foundation.signing import Keyring, random_name
from newsletter.migrations.upgrade import upgrade_database
from newsletter.wiring import Installation

READERS = 100_000
SECRET = "a secret of the benchmark"  # noqa: S105 - of nothing else
SECONDS, CONNECTIONS = int(os.environ.get("SECONDS_EACH", 10)), 64
SERVER_CORE, CLIENT_CORE = "0", "1"
LUA = """
local tokens, n = {}, 0
for line in io.lines(os.getenv("TOKENS")) do tokens[#tokens + 1] = line end
wrk.method, wrk.body = "POST", "List-Unsubscribe=One-Click"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
function request()
  n = n % #tokens + 1
  return wrk.format(nil, "/u/" .. tokens[n])
end
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What wrk saw in one round, and what the database holds after it."""

    per_second: float
    per_busy_second: float  # of the server's own time on its core, whatever else the machine was doing
    p99: str
    not_ok: int
    answered: int
    ended: int
    jobs: int


def fill(path: Path, tokens: Path) -> None:
    """A database of 100,000 readers on one list, and the file with a token of each."""
    database, now, keyring = Database(f"sqlite:///{path}"), datetime.now(UTC), Keyring(SECRET)
    upgrade_database(database)
    names = [random_name() for _ in range(READERS)]
    people = [
        {
            "id": number,
            "address": f"reader{number}@example.org",
            "address_lower": f"reader{number}@example.org",
            "address_key": number.to_bytes(16, "big"),
            "languages": ("fr", "en")[number % 2 :],
            "language_origin": "import",
            "created_at": now,
            "updated_at": now,
        }
        for number in range(1, READERS + 1)
    ]
    subscriptions = [
        {"list_id": 1, "subscriber_id": number, "state": "active", "public_name": name, "since": now}
        for number, name in enumerate(names, 1)
    ]
    with database.transaction() as session:
        session.add(
            MailingList(
                slug="letter",
                names={"fr": "La lettre", "en": "The letter"},
                sender_address="letter@example.org",
                list_id="letter.example.org",
                created_at=now,
            )
        )
        session.flush()
        session.execute(sa.insert(Subscriber), people)
        session.execute(sa.insert(Subscription), subscriptions)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    tokens.write_text("".join(f"{keyring.sign('unsubscribe', name)}\n" for name in names))


def serve_ours(path: str, port: int) -> None:
    """Our own web server, as `newsletter web` runs it where the worker is a process of its own."""
    from newsletter.web.app import create_app
    from newsletter.web.serve import running_app

    installation = Installation(
        Settings(secret=SECRET, base_url="https://news.example.org", languages=("fr", "en")),  # type: ignore[arg-type]
        Database(f"sqlite:///{path}"),
    )
    with running_app(create_app(installation), port=port):
        signal.pause()


def serve_flask(path: str, port: int) -> None:
    """A plain handler as most write it: a connection for each thread, one commit for each request."""
    import threading

    from flask import Flask
    from werkzeug.serving import WSGIRequestHandler, make_server

    app, own, keyring = Flask(__name__), threading.local(), Keyring(SECRET)

    @app.post("/u/<token>")
    def unsubscribe(token: str) -> tuple[str, int]:
        name = keyring.verify("unsubscribe", token)
        if name is None:
            return "no such link\n", 404
        if not hasattr(own, "connection"):
            own.connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            own.connection.execute("PRAGMA journal_mode=WAL")
            own.connection.execute("PRAGMA synchronous=FULL")
        run, now = own.connection.execute, datetime.now(UTC).isoformat(" ")
        run("BEGIN IMMEDIATE")
        ended = run(
            "UPDATE subscription SET state = 'ended', end_reason = 'unsubscribed', leave_way = 'one_click', ended_at = ?"
            " WHERE public_name = ? AND state <> 'ended' RETURNING id, subscriber_id, list_id",
            (now, name),
        ).fetchall()
        for subscription_id, subscriber_id, list_id in ended:
            run(
                "INSERT INTO consent (subscriber_id, list_id, event, at, basis, way, form_url, ip, user_agent, message_id)"
                " VALUES (?, ?, 'withdrawn', ?, '', 'one_click', '', '', '', '')",
                (subscriber_id, list_id, now),
            )
            run(
                "INSERT INTO job (kind, payload, due_at, attempt_count, last_error, created_at)"
                " VALUES ('acknowledge_leaving', ?, ?, 0, '', ?)",
                (f'{{"subscription_ids": [{subscription_id}]}}', now, now),
            )
        run("COMMIT")
        return "You have left.\n", 200

    WSGIRequestHandler.protocol_version = "HTTP/1.1"  # connections are kept, as by a server in production
    make_server(
        "127.0.0.1", port, app, threaded=True, request_handler=_quiet(WSGIRequestHandler)
    ).serve_forever()


def _quiet(handler: type) -> type:
    return type("Quiet", (handler,), {"log_request": lambda *_: None})


@contextmanager
def serving(kind: str, path: Path) -> Iterator[tuple[int, int]]:
    """One of the two servers on one core, as a process of its own; yields its port and its number."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [
        "taskset",
        "-c",
        SERVER_CORE,
        sys.executable,
        "-m",
        "bench.one_click",
        "serve",
        kind,
        str(path),
        str(port),
    ]
    server = subprocess.Popen(command)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(10)


def measure(kind: str, filled: Path, tokens: Path, folder: Path) -> Measured:
    """One round against a fresh copy of the database."""
    path, script = folder / f"{kind}.db", folder / "post.lua"
    for old in folder.glob(f"{kind}.db*"):
        old.unlink()
    shutil.copy(filled, path)
    script.write_text(LUA)
    with serving(kind, path) as (port, pid):
        busy_before = _busy_seconds(pid)
        command = [
            "taskset",
            "-c",
            CLIENT_CORE,
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{SECONDS}s",
            "--latency",
        ]
        told = subprocess.run(
            [*command, "--timeout", "10s", "-s", str(script), f"http://127.0.0.1:{port}/"],
            env={**os.environ, "TOKENS": str(tokens)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        busy = _busy_seconds(pid) - busy_before
    answered = int(_found(r"(\d+) requests in", told))
    with sqlite3.connect(path) as connection:
        [[ended]] = connection.execute("SELECT count(*) FROM subscription WHERE state = 'ended'").fetchall()
        [[jobs]] = connection.execute(
            "SELECT count(*) FROM job WHERE kind = 'acknowledge_leaving'"
        ).fetchall()
    connection.close()
    return Measured(
        per_busy_second=answered / busy,
        per_second=float(_found(r"Requests/sec:\s+([\d.]+)", told)),
        p99=_found(r"99%\s+(\S+)", told),
        not_ok=int(_found(r"Non-2xx or 3xx responses: (\d+)", told, "0")),
        answered=answered,
        ended=ended,
        jobs=jobs,
    )


def _busy_seconds(pid: int) -> float:
    """How long the process was at work until now, in the system's calls too (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _found(pattern: str, told: str, default: str | None = None) -> str:
    match = re.search(pattern, told)
    if match is None and default is None:
        raise SystemExit(f"wrk said something else:\n{told}")
    return match[1] if match else str(default)


def main() -> None:
    """Measures and prints."""
    look_for_garbage_seldom()  # as the program's own commands do
    if sys.argv[1:2] == ["serve"]:
        serve = {"ours": serve_ours, "flask": serve_flask}[sys.argv[2]]
        serve(sys.argv[3], int(sys.argv[4]))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seen: dict[str, list[Measured]] = {"ours": [], "flask": []}
    with TemporaryDirectory() as name:
        folder = Path(name)
        filled, tokens = folder / "filled.db", folder / "tokens.txt"
        fill(filled, tokens)
        for number in range(rounds):
            for kind in ("ours", "flask"):
                item = measure(kind, filled, tokens, folder)
                seen[kind].append(item)
                print(
                    f"round {number + 1}, {kind}: {item.per_second:.0f} POST/s, {item.per_busy_second:.0f} for each second at work, p99 {item.p99}, "
                    f"{item.answered} answered, {item.not_ok} not 200, {item.ended} ended, {item.jobs} jobs"
                )
    ours, flask = (median(item.per_second for item in seen[kind]) for kind in ("ours", "flask"))
    busy = [median(item.per_busy_second for item in seen[kind]) for kind in ("ours", "flask")]
    print(f"median for each second at work: ours {busy[0]:.0f}, plain Flask {busy[1]:.0f}")
    print(f"median: ours {ours:.0f} POST/s, plain Flask {flask:.0f} POST/s, {ours / flask:.1f} times as many")


if __name__ == "__main__":
    main()
