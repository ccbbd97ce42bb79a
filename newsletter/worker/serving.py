"""What monitoring asks a worker over HTTP: /metrics for Prometheus, /health as JSON. Counts only, never a person."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from newsletter.foundation.errors import BadInput, DatabaseNotReady
from newsletter.worker.figures import Figures
from newsletter.worker.standing import Standing

_LOOK_EVERY_SECONDS = 2.0  # counting a million deliveries is not done for every caller


class AddressNotFree(BadInput):
    """Nothing can be served at the address that was asked for."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address} cannot be listened on: {reason}; name another with --metrics HOST:PORT.")


class _Looking:
    """The latest look at how things stand; None while the database is away."""

    def __init__(self, look: Callable[[], Standing]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._at = float("-inf")
        self._seen: Standing | None = None

    def now(self) -> Standing | None:
        with self._lock:
            if time.monotonic() - self._at > _LOOK_EVERY_SECONDS:
                try:
                    self._seen = self._look()
                except DatabaseNotReady:
                    self._seen = None
                self._at = time.monotonic()
            return self._seen


class _Metrics(Collector):
    """The figures in Prometheus's words."""

    def __init__(self, looking: _Looking, figures: Figures) -> None:
        self._looking = looking
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """Each figure, as it is now."""
        sent = CounterMetricFamily(
            "newsletter_messages",
            "Messages that have an outcome, of this worker.",
            labels=["verdict"],
        )
        for verdict, count in self._figures.counts().items():
            sent.add_metric([verdict], count)
        yield sent
        yield GaugeMetricFamily(
            "newsletter_messages_per_second", "Of this worker, over ten seconds.", self._figures.rate()
        )
        seen = self._looking.now()
        yield GaugeMetricFamily(
            "newsletter_database_up", "1 where the database answers.", float(seen is not None)
        )
        if seen is None:
            return
        deliveries = GaugeMetricFamily(
            "newsletter_deliveries", "Deliveries of mailings under way.", labels=["mailing", "group", "state"]
        )
        for mailing_id, mailing in seen.mailings.items():
            for group, states in mailing.by_group.items():
                for state, count in states.items():
                    deliveries.add_metric([str(mailing_id), group, state], count)
        yield deliveries
        jobs = GaugeMetricFamily("newsletter_jobs", "Jobs by kind.", labels=["kind", "state"])
        for kind in seen.jobs:
            jobs.add_metric([kind.kind, "waiting"], kind.waiting)
            jobs.add_metric([kind.kind, "failing"], kind.failing)
            jobs.add_metric([kind.kind, "given_up"], kind.given_up)
        yield jobs
        beats = GaugeMetricFamily(
            "newsletter_worker_last_beat_timestamp_seconds",
            "Last sign of life of each worker.",
            labels=["worker"],
        )
        for worker in seen.workers:
            beats.add_metric([worker.name], worker.beat_at.timestamp())
        yield beats


def health(seen: Standing | None, figures: Figures) -> tuple[int, dict[str, object]]:
    """Status and body of /health: 200 where this worker can do its work, 503 where it cannot."""
    if seen is None:
        return 503, {"state": "database_away"}
    return 200, {
        "state": "ok",
        "per_second": round(figures.rate(), 1),
        "per_second_of_all": round(seen.per_second(), 1),
        "waiting": seen.waiting(),
        "mailings": {
            str(mailing_id): {"state": item.state, "by_group": item.by_group}
            for mailing_id, item in seen.mailings.items()
        },
        "jobs": {
            item.kind: {"waiting": item.waiting, "failing": item.failing, "given_up": item.given_up}
            for item in seen.jobs
        },
        "workers": [
            {"name": worker.name, "alive": worker.is_alive, "last_beat_at": worker.beat_at.isoformat()}
            for worker in seen.workers
        ],
    }


@contextmanager
def serving(
    address: tuple[str, int], look: Callable[[], Standing], figures: Figures
) -> Iterator[tuple[str, int]]:
    """Serves /metrics and /health for the length of the block; yields the address. Raises AddressNotFree."""
    looking = _Looking(look)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Metrics(looking, figures))

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif self.path == "/health":
                status, body = health(looking.now(), figures)
                self._answer(status, "application/json", json.dumps(body).encode())
            else:
                self._answer(404, "text/plain", b"/metrics or /health\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing: monitoring asks often."""

    try:
        server = ThreadingHTTPServer(address, Answering)
    except OSError as error:
        raise AddressNotFree(f"{address[0]}:{address[1]}", error.strerror or str(error)) from error
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_address[0], server.server_address[1]  # type: ignore[misc]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
