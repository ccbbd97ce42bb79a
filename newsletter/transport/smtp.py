"""Delivers messages to mail relays over a few connections that are kept, and says of each what became of it."""

import asyncio
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from types import TracebackType

import structlog

from newsletter.transport.dialogue import Dialogue
from newsletter.transport.envelope import Job
from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
from newsletter.transport.opening import open_session
from newsletter.transport.outcome import Outcome
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.run import Run
from newsletter.transport.timeouts import Timeouts

__all__ = ["DeliveryLine", "Job", "RelayRefusedLogin", "RelayUnreachable", "SmtpTransport", "Timeouts"]

_SET_ASIDE_SECONDS = 60.0
_LOOK_FOR_STOP_SECONDS = 0.1
_LOST_IN_A_ROW_MAX = 6

_log = structlog.get_logger(__name__)


class SmtpTransport:
    """Up to `connections` connections over one or more relays, in turn; a relay that fails is set aside for a minute."""

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
        if not relays or connections < 1 or messages_per_connection < 1:
            raise ValueError("at least one relay, one connection and one message a connection are needed")
        self._relays = tuple(relays)
        self._connections = connections
        self._helo_name = helo_name
        self._timeouts = timeouts or Timeouts()
        self._tls_context = tls_context
        self._messages_per_connection = messages_per_connection
        self._kept: list[Dialogue] = []
        self._set_aside_until: dict[Relay, float] = {}
        self._turn = 0
        self._is_delivering = False

    async def deliver(
        self,
        jobs: Sequence[Job],
        *,
        on_outcome: Callable[[Job, Outcome], None],
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Calls `on_outcome` exactly once for each job. When `stop` says yes, nothing more is begun; what is begun is finished.

        Raises RelayUnreachable where no relay can be used and RelayRefusedLogin where one refuses the login, after the
        jobs that are undecided were reported as not tried. An error of `on_outcome` ends the delivery in the same way.
        """
        if self._is_delivering:
            raise RuntimeError("this transport is delivering already")
        self._is_delivering = True
        run = Run(jobs, on_outcome, stop)
        reason = "the delivery was broken off before this message was begun"
        try:
            await self._drop_dead_connections()
            while run.may_go_on():
                await self._round(run)
            reason = "the delivery was stopped before this message was begun"
        except (RelayUnreachable, RelayRefusedLogin) as error:
            reason = str(error)
            raise
        finally:
            self._is_delivering = False
            run.close(reason)

    async def close(self) -> None:
        """Says goodbye on every connection."""
        kept, self._kept = self._kept, []
        await asyncio.gather(*(dialogue.say_goodbye() for dialogue in kept))

    async def _drop_dead_connections(self) -> None:
        if self._kept:
            for _ in range(3):  # lets the loop notice what servers closed between two deliveries
                await asyncio.sleep(0)
        self._kept = [dialogue for dialogue in self._kept if dialogue.may_go_on]

    async def _round(self, run: Run) -> None:
        """Works on all that waits. One connection comes first: where no relay can be used, or the password is wrong,
        that is found out once and not by every connection at a time."""
        first = await self._connection(run)
        if first is None:
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work(run, first))
            for _ in range(min(self._connections, run.waiting_count) - 1):
                group.create_task(self._work(run))

    async def _work(self, run: Run, dialogue: Dialogue | None = None) -> None:
        """Works on one connection after another until nothing waits.

        A further connection that cannot be had is done without: a relay may take fewer than we would like.
        """
        while True:
            try:
                dialogue = dialogue or await self._connection(run)
            except (RelayUnreachable, RelayRefusedLogin):
                return
            if dialogue is None:
                return
            await dialogue.drive(run)
            if dialogue.may_go_on:
                self._kept.append(dialogue)
                return
            self._note_end(run, dialogue)
            await dialogue.say_goodbye()
            dialogue = None
            if not run.may_go_on():
                return

    def _note_end(self, run: Run, dialogue: Dialogue) -> None:
        """A relay that ends one connection after the other is left alone: each of them may leave a message in doubt."""
        if dialogue.lost_because is None:
            return
        _log.info("connection_lost", relay=str(dialogue.relay), reason=dialogue.lost_because)
        run.lost_in_a_row += 1
        if run.lost_in_a_row >= max(_LOST_IN_A_ROW_MAX, 2 * self._connections):
            reason = f"{run.lost_in_a_row} connections ended one after the other, the last because {dialogue.lost_because}"
            next_step = "What was not handed over is kept: try again later."
            run.fail(RelayUnreachable(dialogue.relay.host, dialogue.relay.port, reason, next_step))

    async def _connection(self, run: Run) -> Dialogue | None:
        """A kept connection or a new one; None where no use for it is left before it stands."""
        while self._kept:
            dialogue = self._kept.pop()
            if dialogue.may_go_on:
                return dialogue
        opening = asyncio.ensure_future(self._open())
        try:
            while not opening.done():
                await asyncio.wait({opening}, timeout=_LOOK_FOR_STOP_SECONDS)
                if not opening.done() and run.needs_nobody():
                    return None
            return opening.result()
        except asyncio.CancelledError:
            if opening.done() and opening.exception() is None:
                self._kept.append(opening.result())
            raise
        finally:
            if not opening.done():
                opening.cancel()
                await asyncio.wait({opening})

    async def _open(self) -> Dialogue:
        """A connection to the first relay that can be used. Raises the most telling error where none can."""
        errors: list[RelayUnreachable | RelayRefusedLogin] = []
        for relay in self._in_turn():
            try:
                session = await open_session(relay, self._helo_name, self._timeouts, self._context_for(relay))
            except (RelayUnreachable, RelayRefusedLogin) as error:
                _log.info("relay_set_aside", relay=str(relay), reason=type(error).__name__)
                self._set_aside_until[relay] = time.monotonic() + _SET_ASIDE_SECONDS
                errors.append(error)
            else:
                self._set_aside_until.pop(relay, None)
                return Dialogue(session, self._timeouts, self._messages_per_connection)
        raise next((error for error in errors if isinstance(error, RelayRefusedLogin)), errors[0])

    def _in_turn(self) -> list[Relay]:
        """The relays, beginning with another one each time; those set aside come last."""
        start = self._turn % len(self._relays)
        self._turn += 1
        moment = time.monotonic()
        rotated = self._relays[start:] + self._relays[:start]
        return sorted(rotated, key=lambda relay: self._set_aside_until.get(relay, 0.0) > moment)

    def _context_for(self, relay: Relay) -> ssl.SSLContext | None:
        if relay.tls is Tls.NONE:
            return None
        if self._tls_context is None:  # made once: it reads all certificates of the system, which takes 20 ms
            self._tls_context = ssl.create_default_context()
            self._tls_context.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._tls_context


class DeliveryLine(AbstractContextManager["DeliveryLine"]):
    """The transport for callers without an event loop; between the calls of one `with` block it keeps its connections."""

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
        self._runner = asyncio.Runner()

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
