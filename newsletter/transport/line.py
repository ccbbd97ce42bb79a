"""The transport for callers that have no event loop of their own."""

import asyncio
import gc
import ssl
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from types import TracebackType

from newsletter.transport.envelope import Job
from newsletter.transport.feed import Feed
from newsletter.transport.outcome import Outcome
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import SmtpTransport
from newsletter.transport.timeouts import Timeouts


class DeliveryLine(AbstractContextManager["DeliveryLine"]):
    """A transport with its event loop; between the deliveries of one `with` block it keeps its connections.

    One delivery at a time; each may be called in a thread of its own.
    """

    def __init__(
        self,
        relays: Sequence[Relay],
        *,
        connections: int = 4,
        helo_name: str = "localhost",
        timeouts: Timeouts | None = None,
        tls_context: ssl.SSLContext | None = None,
        messages_per_connection: int = 500,
    ) -> None:
        self._transport = SmtpTransport(
            relays,
            connections=connections,
            helo_name=helo_name,
            timeouts=timeouts,
            tls_context=tls_context,
            messages_per_connection=messages_per_connection,
        )
        self._runner = asyncio.Runner(loop_factory=_loop_factory(relays))

    def ask_messages_per_connection(self, most: Callable[[], int]) -> None:
        """From now on `most` is asked before each message how many may go over one connection."""
        self._transport.messages_per_connection = most

    def __enter__(self) -> "DeliveryLine":
        self._runner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self._transport.close())
        finally:
            self._runner.__exit__(kind, error, trace)

    def deliver(
        self,
        jobs: Sequence[Job],
        on_outcome: Callable[[Job, Outcome], None],
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """As `SmtpTransport.deliver`, returning when all jobs have their outcome."""
        self._runner.run(self._transport.deliver(jobs, on_outcome=on_outcome, stop=stop))

    def deliver_from(
        self,
        feed: Feed,
        *,
        on_outcome: Callable[[Job, Outcome], None],
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """As `SmtpTransport.deliver_from`, returning when the feed is closed and every job has its outcome, or `stop` said yes."""
        # What there was before is not looked through for garbage at every turn: a twelfth of the time of a mailing.
        gc.freeze()
        try:
            self._runner.run(self._transport.deliver_from(feed, on_outcome=on_outcome, stop=stop))
        finally:
            gc.unfreeze()


def _loop_factory(relays: Sequence[Relay]) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's loop where nothing is encrypted: it halves the time of a message there, and loses time under TLS."""
    if any(relay.tls is not Tls.NONE for relay in relays):
        return None
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return None
    return uvloop.new_event_loop
