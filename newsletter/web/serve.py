"""Runs the web application: in the foreground for `newsletter web`, in a thread for the demo and for tests."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from newsletter.foundation.errors import BadInput
from newsletter.web.app import create_app
from newsletter.wiring import Installation
from newsletter.worker.loop import working

_GRACE_SECONDS = 3
_START_SECONDS_MAX = 20


class AddressNotFree(BadInput):
    """The host and port cannot be listened on."""

    def __init__(self, host: str, port: int, words: str) -> None:
        super().__init__(f"Cannot listen on {host}:{port}: {words}; choose another with --host and --port.")
        self.host = host
        self.port = port


def serve(installation: Installation, host: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM, with a worker beside it. Raises AddressNotFree, and SecretMissing."""
    with _listening(host, port) as listener, working(installation) as wake_worker:
        _Server(create_app(installation, wake_worker=wake_worker)).run(sockets=[listener])


@contextmanager
def running_app(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """Serves `app` from a thread for the length of the block, and yields the port; 0 takes any free one."""
    with _listening(host, port) as listener:
        server = _Server(app)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="web", daemon=True)
        thread.start()
        try:
            if not server.is_ready.wait(_START_SECONDS_MAX):
                raise RuntimeError("the web server did not start")
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(_GRACE_SECONDS + 2)


class _Server(uvicorn.Server):
    """uvicorn that tells when it is ready, and writes no access log: addresses hold tokens (threat T28)."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="auto",  # uvloop where it is there
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # neither the visitor's address nor the scheme is used
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self.is_ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts to answer, then says so."""
        await super().startup(sockets)
        self.is_ready.set()


def _listening(host: str, port: int) -> socket.socket:
    """A socket bound to the address, so that the port is known and taken before anything else happens."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        raise AddressNotFree(host, port, getattr(error, "strerror", None) or str(error)) from error
