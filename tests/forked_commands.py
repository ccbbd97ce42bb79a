"""`newsletter` as a process that need not begin with imports: forked off a server that has made them all.

Starting Python and importing everything takes longer than most commands do, and tests run thousands of them. What is
forked is a process as any other: its own folder, environment and files, its own exit. `python forked_commands.py PATH`
is the server; it listens on a Unix socket at PATH until its standard input ends.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

_LENGTH_BYTES = 4
_NOT_IMPORTED = {"newsletter.__main__", "newsletter.migrations.env"}  # they do at once what they are for
_ENDS: list[Callable[[], None]] = []


def run(
    arguments: list[str], folder: Path, environment: dict[str, str], seconds: float
) -> tuple[int, str, str]:
    """Runs `newsletter` in a folder, and only with this environment: its exit code, what it said, what it complained.

    Raises TimeoutError after so many seconds, and ends the process then.
    """
    request = json.dumps([arguments, str(folder), environment]).encode()
    with (
        open(os.devnull) as nothing,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        socket.socket(socket.AF_UNIX) as server,
    ):
        server.connect(_server())
        files = [nothing.fileno(), out.fileno(), err.fileno()]
        socket.send_fds(server, [len(request).to_bytes(_LENGTH_BYTES, "big")], files)
        server.sendall(request)
        process_id = int.from_bytes(server.recv(_LENGTH_BYTES), "big")
        server.settimeout(seconds)
        try:
            answer = server.recv(_LENGTH_BYTES)
        except TimeoutError:
            os.kill(process_id, signal.SIGKILL)
            raise
        said = []
        for file in (out, err):
            file.seek(0)
            said.append(file.read().decode())
        return os.waitstatus_to_exitcode(int.from_bytes(answer, "big")), said[0], said[1]


def end_server() -> None:
    """Ends the server of this process, if there is one; nothing can be run any more."""
    for end in _ENDS:
        end()


@cache
def _server() -> str:
    """The path of this test process's own server, started at the first call."""
    folder = tempfile.mkdtemp(prefix="newsletter-commands-")
    path = f"{folder}/socket"
    # It imports nothing that depends on the environment of who runs the tests.
    process = subprocess.Popen(
        [sys.executable, "-W", "error", __file__, path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.communicate(timeout=20)
        os.rmdir(folder)

    _ENDS.append(end)
    return path


def _serve(path: str) -> None:
    import newsletter

    for module in pkgutil.walk_packages(newsletter.__path__, "newsletter."):
        if module.name not in _NOT_IMPORTED:
            importlib.import_module(module.name)
    gc.freeze()  # the memory is shared with every command until one writes to it, and looking for garbage does
    assert threading.active_count() == 1  # or a fork could take over a lock that nobody gives back
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)
        while 0 not in select.select([listener, 0], [], [])[0]:
            client, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(client)
            client.close()
            _reap()
    os.unlink(path)


def _answer(client: socket.socket) -> None:
    """Forks once more: the child becomes the command, the parent tells how it ended."""
    head, files, _, _ = socket.recv_fds(client, _LENGTH_BYTES, 3)
    length, request = int.from_bytes(head, "big"), b""
    while len(request) < length:
        request += client.recv(length - len(request))
    arguments, folder, environment = json.loads(request)
    if process_id := os.fork():
        client.sendall(process_id.to_bytes(_LENGTH_BYTES, "big"))
        _, status = os.waitpid(process_id, 0)
        client.sendall(status.to_bytes(_LENGTH_BYTES, "big"))
        os._exit(0)
    client.close()
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    random.seed()
    sys.argv = ["newsletter", *arguments]
    from newsletter.cli.main import main

    code: object = 1
    try:
        main()
    except SystemExit as exit_:
        code = exit_.code or 0
    finally:  # as at the end of Python, but for the taking apart of every module, which takes longer than the command
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    _serve(sys.argv[1])
