"""Workers from one process that has everything loaded: `python -m bench.faults.nursery`.

Loading the program takes longer than handing a hundred messages over; a run with hundreds of kills would do little else. So a
worker here is a fork, which runs `newsletter worker` as if it had been started anew, under a host name and in a folder of its own.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_CLONE_NEWUTS = 0x04000000


class Worker:
    """A worker by its number; what `subprocess.Popen` offers of it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode = 0

    def send_signal(self, number: int) -> None:
        """Sends it a signal, if it lives."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """kill -9."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """None while it lives. It is the nursery that reaps it."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return self.returncode
        return None

    def wait(self, seconds: float = 60) -> None:
        """Waits for its end. Raises TimeoutError."""
        end = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > end:
                raise TimeoutError(f"worker {self.pid} does not end")
            time.sleep(0.02)


class Nursery:
    """The process that the workers are forked from."""

    def __init__(self, environment: Mapping[str, str], options: Sequence[str] = ()) -> None:
        """`options` are those of `bench.faults.careless`; none for real workers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.faults.nursery", *options],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, name: str, folder: Path) -> Worker:
        """A new worker on the host `name`, in a folder of its own."""
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018
        self._process.stdin.write(f"{name} {folder}\n")
        return Worker(int(self._process.stdout.readline()))

    def close(self) -> None:
        """Ends the nursery, not the workers."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.kill()
        self._process.wait()


def _become_worker(name: str, folder: Path, options: Sequence[str]) -> None:
    """Turns this process into a worker; does not return."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUTS):
        raise OSError(ctypes.get_errno(), "no host name of one's own")
    socket.sethostname(name)
    (folder / name).mkdir(exist_ok=True)
    log = os.open(folder / f"{name}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for number in (1, 2):
        os.dup2(log, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder / name)
    if options:
        from bench.faults import careless

        careless.main(options)
    else:
        from newsletter.cli.main import main

        main(["worker"])


def _main() -> None:
    # Everything that a worker loads, ahead of time.
    import newsletter.cli.worker
    import newsletter.migrations.upgrade
    import newsletter.notices.handlers
    import newsletter.transport.line
    import newsletter.worker.loop
    import newsletter.worker.serving  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody need reap them
    for line in sys.stdin:
        name, folder = line.rstrip("\n").split(" ", 1)
        pid = os.fork()
        if pid == 0:
            try:
                _become_worker(name, Path(folder), sys.argv[1:])
            finally:
                os._exit(1)
        print(pid, flush=True)


if __name__ == "__main__":
    _main()
