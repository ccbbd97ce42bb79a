"""The sink of the benches: `sink.c`, compiled when it is needed and run on the second core."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLIENT_CORE, SINK_CORE = 0, 1
_SOURCE = Path(__file__).parent / "sink.c"


def compile_sink(folder: Path) -> Path:
    """The program, in this folder. Needs gcc and the headers of OpenSSL (Debian: libssl-dev)."""
    program = folder / "sink"
    command = ["gcc", "-O2", "-o", str(program), str(_SOURCE), "-lssl", "-lcrypto"]
    subprocess.run(command, check=True)
    return program


@contextmanager
def sink(*, delay_ms: float = 0, certificate: tuple[Path, Path] | None = None) -> Iterator[int]:
    """A running sink; gives its port on 127.0.0.1."""
    with tempfile.TemporaryDirectory() as name:
        program = compile_sink(Path(name))
        port = _free_port()
        command = ["taskset", "-c", str(_core(SINK_CORE)), str(program), str(port), str(delay_ms)]
        process = subprocess.Popen(
            [*command, *map(str, certificate or ())], stdout=subprocess.PIPE, text=True
        )
        try:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                raise RuntimeError("the sink did not start")
            yield port
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def use_client_core() -> None:
    """Lets this process, and what it starts, run on the first core only."""
    os.sched_setaffinity(0, {_core(CLIENT_CORE)})


def smtp_source() -> tuple[list[str], dict[str, str]]:
    """Postfix's load generator: the start of its command, and its environment.

    NEWSLETTER_SMTP_SOURCE names it where it lies elsewhere: unpacked from Debian's package `postfix` (`dpkg -x`), its
    libraries are found beside it.
    """
    named = os.environ.get("NEWSLETTER_SMTP_SOURCE") or shutil.which("smtp-source", path="/usr/sbin:/usr/bin")
    if not named:
        raise SystemExit("smtp-source is needed: Debian's package postfix, or NEWSLETTER_SMTP_SOURCE.")
    libraries = Path(named).resolve().parent.parent / "lib" / "postfix"
    return [named], {**os.environ, "LD_LIBRARY_PATH": str(libraries)}


def _core(wanted: int) -> int:
    count = os.cpu_count() or 1
    return wanted % count


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
