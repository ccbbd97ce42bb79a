"""Delivers messages to mail relays over a few connections that are kept, and says of each what became of it."""

import asyncio
import os
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog

from newsletter.transport.dialogue import Dialogue
from newsletter.transport.envelope import Job
from newsletter.transport.errors import FeedIsOver, RelayRefusedLogin, RelayUnreachable
from newsletter.transport.feed import Feed
from newsletter.transport.opening import open_session
from newsletter.transport.outcome import BackOff, Outcome
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.rotation import Rotation
from newsletter.transport.run import Run
from newsletter.transport.timeouts import Timeouts

__all__ = ["Feed", "FeedIsOver", "Job", "RelayRefusedLogin", "RelayUnreachable", "SmtpTransport", "Timeouts"]

_WITHOUT_SECONDS = 60.0
_MAKERS = max(2, os.cpu_count() or 1)
_IDLE_SECONDS = 60.0
_LOOK_FOR_NEED_SECONDS = 0.1
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
        self.rotation = Rotation(relays)
        self._connections = connections
        self._helo_name = helo_name
        self._timeouts = timeouts or Timeouts()
        self._tls_context = tls_context
        self.messages_per_connection: Callable[[], int] = lambda: messages_per_connection
        """So many messages go over one connection at most; asked before each, so it may change."""
        self._makers = ThreadPoolExecutor(_MAKERS, "make-message")  # no thread is started before it is needed
        self._kept: list[Dialogue] = []
        self._driven_count = 0
        self._is_delivering = False

    async def deliver(
        self,
        jobs: Sequence[Job],
        *,
        on_outcome: Callable[[Job, Outcome], None],
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Delivers these jobs and no more; else as `deliver_from`."""
        feed = Feed(jobs)
        feed.close()
        await self.deliver_from(feed, on_outcome=on_outcome, stop=stop)

    async def deliver_from(
        self,
        feed: Feed,
        *,
        on_outcome: Callable[[Job, Outcome], None],
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """Delivers what is put into the feed, until it is closed and empty, or `stop` says yes.

        Calls `on_outcome` exactly once for each job that is not withdrawn, in this thread. `stop` is asked before each
        message and ten times a second; what is begun by then is finished, and what waits is reported as not tried.

        Raises RelayUnreachable where no relay can be used and RelayRefusedLogin where one refuses the login, after
        what waits was reported as not tried. An error of `on_outcome` ends the delivery in the same way. However it
        ends, the feed takes no more jobs then.
        """
        if self._is_delivering:
            raise RuntimeError("this transport is delivering already")
        run = Run(feed, on_outcome, stop)
        run.begin()
        self._is_delivering = True
        reason, backs_off = "the delivery was broken off before this message was begun", BackOff.NOBODY
        try:
            await self._drop_dead_connections()
            while await run.has_work():
                await self._round(run)
            reason = "the delivery was stopped before this message was begun"
        except (RelayUnreachable, RelayRefusedLogin) as error:
            reason, backs_off = str(error), BackOff.RELAY
            raise
        finally:
            self._is_delivering = False
            run.close(reason, backs_off)

    async def close(self) -> None:
        """Says goodbye on every connection. The transport may be used again."""
        kept, self._kept = self._kept, []
        await asyncio.gather(*(dialogue.say_goodbye() for dialogue in kept))
        self._makers.shutdown()
        self._makers = ThreadPoolExecutor(_MAKERS, "make-message")

    async def _drop_dead_connections(self) -> None:
        if self._kept:
            for _ in range(3):  # lets the loop notice what servers closed between two deliveries
                await asyncio.sleep(0)
        self._kept = [dialogue for dialogue in self._kept if dialogue.may_go_on]

    async def _round(self, run: Run) -> None:
        """Works until all is done or no connection can be had any more. One comes first: where no relay can be used, or
        the password is wrong, that is found out once and not by every connection at a time."""
        try:
            first = await self._connection(run)
        except BaseException:
            run.redeem()
            raise
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work(run, first))
            for _ in range(self._connections - 1):
                group.create_task(self._work_when_needed(run))

    async def _work_when_needed(self, run: Run) -> None:
        if await run.has_work():
            await self._work(run)

    async def _work(self, run: Run, dialogue: Dialogue | None = None) -> None:
        """Works on one connection after another until all is over; the run has promised work.

        A further connection that cannot be had is done without, for a while: a relay may take fewer than we would like.
        """
        while True:
            try:
                dialogue = dialogue or await self._connection(run)
            except (RelayUnreachable, RelayRefusedLogin):
                run.redeem()
                if not self._driven_count:
                    run.rouse()
                    return
                await run.rest(_WITHOUT_SECONDS)
                if not self._driven_count:
                    return
            else:
                run.redeem()
                if dialogue is not None:
                    dialogue = await self._drive(run, dialogue)
            dialogue, is_over = await self._next_work(run, dialogue)
            if is_over:
                return

    async def _drive(self, run: Run, dialogue: Dialogue) -> Dialogue | None:
        """Lets the dialogue take jobs while there are any; gives it back if it may go on."""
        self._driven_count += 1
        try:
            await dialogue.drive(run)
        finally:
            self._driven_count -= 1
        if dialogue.may_go_on:
            return dialogue
        self._note_end(run, dialogue)
        await dialogue.say_goodbye()
        return None

    async def _next_work(self, run: Run, dialogue: Dialogue | None) -> tuple[Dialogue | None, bool]:
        """Waits for more work with this connection, which is closed if that takes long; and whether all is over."""
        while True:
            try:
                async with asyncio.timeout(_IDLE_SECONDS if dialogue is not None else None):
                    has_work = await run.has_work()
            except TimeoutError:
                if dialogue is not None:
                    await dialogue.say_goodbye()
                dialogue = None
                continue
            if dialogue is not None and not dialogue.may_go_on:
                await dialogue.say_goodbye()
                dialogue = None
            if not has_work and dialogue is not None:
                self._kept.append(dialogue)
            return dialogue, not has_work

    def _note_end(self, run: Run, dialogue: Dialogue) -> None:
        """A relay that ends one connection after the other is left alone: each of them may leave a message in doubt."""
        if dialogue.lost_because is None:
            return
        record = dialogue.record
        _log.info("connection_lost", relay=str(record.relay), reason=dialogue.lost_because)
        record.lost_in_a_row += 1
        if record.lost_in_a_row < max(_LOST_IN_A_ROW_MAX, 2 * self._connections):
            return
        reason = f"{record.lost_in_a_row} connections ended one after the other, the last because {dialogue.lost_because}"
        record.lost_in_a_row = 0
        record.set_aside()
        if self.rotation.has_others():
            _log.warning("relay_set_aside", relay=str(record.relay), reason=reason)
            return
        next_step = "What was not handed over is kept: try again later."
        run.fail(RelayUnreachable(record.relay.host, record.relay.port, reason, next_step))

    async def _connection(self, run: Run) -> Dialogue | None:
        """A kept connection or a new one; None where no use for it is left before it stands."""
        while self._kept:
            dialogue = self._kept.pop()
            if dialogue.may_go_on:
                return dialogue
        opening = asyncio.ensure_future(self._open())
        try:
            while not opening.done():
                await asyncio.wait({opening}, timeout=_LOOK_FOR_NEED_SECONDS)
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
        for record in self.rotation.in_turn():
            relay = record.relay
            try:
                session = await open_session(relay, self._helo_name, self._timeouts, self._context_for(relay))
            except (RelayUnreachable, RelayRefusedLogin) as error:
                _log.info("relay_set_aside", relay=str(relay), reason=type(error).__name__)
                record.set_aside()
                errors.append(error)
            else:
                record.set_aside_until = 0.0
                return Dialogue(session, record, self._timeouts, self._messages_max, self._makers)
        raise next((error for error in errors if isinstance(error, RelayRefusedLogin)), errors[0])

    def _messages_max(self) -> int:
        return self.messages_per_connection()

    def _context_for(self, relay: Relay) -> ssl.SSLContext | None:
        if relay.tls is Tls.NONE:
            return None
        if self._tls_context is None:  # made once: it reads all certificates of the system, which takes 20 ms
            self._tls_context = ssl.create_default_context()
            self._tls_context.minimum_version = ssl.TLSVersion.TLSv1_2
        return self._tls_context
