"""The conversation that brings messages over one session, one after the other (RFC 5321 section 3.3, RFC 2920).

With PIPELINING the envelope goes out in one group, and a message's content goes out together with the envelope of the next:
"message content ... explicitly allowed to be the first command in a group" (RFC 2920 section 3.1), so that a message costs
one round trip. Without it, each command waits for the reply to the one before.

What is certain about a message whose connection ends decides what becomes of it. Before its final dot was written, no
server can have taken it: it is begun again elsewhere. After that it is in doubt, unless the octets still lay in this process.
"""

import asyncio
from collections import deque

from newsletter.transport.envelope import (
    Job,
    content_octets,
    local_refusal,
    mail_command,
    rcpt_command,
    size_refusal,
)
from newsletter.transport.errors import RelayRefusedLogin
from newsletter.transport.feed import Entry
from newsletter.transport.opening import Session
from newsletter.transport.outcome import Outcome, Stage, Verdict, in_doubt, outcome_of, plain_words
from newsletter.transport.replies import Reply
from newsletter.transport.rotation import RelayRecord
from newsletter.transport.run import Run
from newsletter.transport.timeouts import Timeouts
from newsletter.transport.wire import Handler

_SERVICE_CLOSING = 421
_START_CONTENT = 354
_LOGIN_WANTED = frozenset({530, 534, 535, 538})  # RFC 4954 section 6
_EMPTY_CONTENT = b".\r\n"


class Dialogue:
    """Drives the jobs of a run over one session, until they are out, the session ends or `messages_max` were begun."""

    def __init__(self, session: Session, record: RelayRecord, timeouts: Timeouts, messages_max: int) -> None:
        self.record = record
        self._wire = session.wire
        self._features = session.features
        self._timeouts = timeouts
        self._left = messages_max
        self._run: Run  # of the drive that is going on
        self._under_way: deque[Entry] = deque()
        self._needs_reset = False
        self._finished: asyncio.Future[None] | None = None
        self._wire.on_lost = self._lost
        record.open_count += 1

    @property
    def lost_because(self) -> str | None:
        """How the session ended, None while it stands."""
        return self._wire.lost_because

    @property
    def may_go_on(self) -> bool:
        """Whether more messages may go over this session."""
        return self.lost_because is None and self._left > 0

    async def drive(self, run: Run) -> None:
        """Returns when nothing of the run is under way here any more. Where it is cancelled, the session is dropped."""
        if not self.may_go_on:  # a server may hang up between its last word at the opening and our first MAIL
            return
        self._run = run
        self._finished = asyncio.get_running_loop().create_future()
        try:
            self._begin_next()
            await self._finished
        except BaseException:
            self._wire.end("broken off")
            raise

    async def say_goodbye(self) -> None:
        """Ends the session with QUIT where it still stands."""
        if self.lost_because is None:
            self._wire.on_lost = lambda _reason: None
            await self._wire.quit(self._timeouts.quit_seconds)
        await self._wire.ended()
        self.record.open_count -= 1

    # Beginning

    def _take(self) -> Entry | None:
        """The next job that can be said to this server; those that cannot get their outcome here."""
        while self._left > 0 and (entry := self._run.take()) is not None:
            refusal = local_refusal(entry.job, self._features)
            if refusal is None:
                self._left -= 1
                self._under_way.append(entry)
                return entry
            self._run.report(entry, refusal)
        return None

    def _begin_next(self, before: bytes = b"", *expected_before: tuple[Handler, float]) -> None:
        """Writes `before` and the next envelope behind it, or ends the drive where nothing is left."""
        seconds = self._timeouts.command_seconds
        if self._needs_reset and not self._features.has_pipelining and self._run.may_go_on():
            self._needs_reset = False
            self._wire.send(b"RSET\r\n", (self._on_reset, seconds))
            return
        entry = self._take()
        if entry is not None:
            octets, expected = self._envelope(entry.job)
            self._wire.send(before + octets, *expected_before, *expected)
        elif before:
            self._wire.send(before, *expected_before)
        else:
            self._finish()

    def _envelope(self, job: Job) -> tuple[bytes, list[tuple[Handler, float]]]:
        """What begins a message here, and the replies that it calls for: one command, or all of them at once."""
        seconds = self._timeouts.command_seconds
        octets = mail_command(job, self._features)
        expected: list[tuple[Handler, float]] = [(self._on_mail, seconds)]
        if not self._features.has_pipelining:
            return octets, expected
        if self._needs_reset:
            self._needs_reset = False
            octets, expected = b"RSET\r\n" + octets, [(self._on_reset, seconds), *expected]
        octets += rcpt_command(job) + b"DATA\r\n"
        return octets, [*expected, (self._on_rcpt, seconds), (self._on_data, self._timeouts.data_seconds)]

    def _finish(self) -> None:
        if self._finished is not None and not self._finished.done():
            self._finished.set_result(None)

    # Replies, in the order of the commands; each is about the first entry under way

    def _on_reset(self, reply: Reply) -> None:
        if not self._ends_session(reply) and not self._features.has_pipelining:
            self._begin_next()

    def _on_mail(self, reply: Reply) -> None:
        if self._ends_session(reply) or self._refuses(reply, Stage.MAIL) or self._features.has_pipelining:
            return
        rcpt = rcpt_command(self._under_way[0].job)
        self._wire.send(rcpt, (self._on_rcpt, self._timeouts.command_seconds))

    def _on_rcpt(self, reply: Reply) -> None:
        if self._ends_session(reply) or self._refuses(reply, Stage.RCPT) or self._features.has_pipelining:
            return
        self._wire.send(b"DATA\r\n", (self._on_data, self._timeouts.data_seconds))

    def _refuses(self, reply: Reply, stage: Stage) -> bool:
        """Whether the reply refuses the first entry, which is then noted or, without pipelining, ended."""
        entry = self._under_way[0]
        if reply.is_positive:
            return False
        if not 400 <= reply.code < 600:
            self._wire.end(f"the server answered {stage.upper()} with {plain_words(str(reply))}")
            return True
        if stage is Stage.MAIL and reply.code in _LOGIN_WANTED:
            self._stop_everything(reply)
            return True
        if entry.refusal is None:
            entry.refusal = outcome_of(reply.code, reply.text, stage)
        if not self._features.has_pipelining:
            self._decide_refused(entry.refusal)
            self._begin_next()
        return True

    def _stop_everything(self, reply: Reply) -> None:
        """The relay lets nobody in without a login: true of every message, so none is judged by it."""
        self._run.fail(
            RelayRefusedLogin(self.record.relay.host, self.record.relay.port, plain_words(str(reply)))
        )
        self._wire.end("the server wants a login")

    def _on_data(self, reply: Reply) -> None:
        if self._ends_session(reply):
            return
        entry = self._under_way[0]
        if reply.code == _START_CONTENT:
            if entry.refusal is None:
                self._hand_over(entry)
            else:
                self._send_nothing(entry.refusal)
        elif 400 <= reply.code < 600:
            self._decide_refused(entry.refusal or outcome_of(reply.code, reply.text, Stage.DATA))
            self._begin_next()
        else:
            self._wire.end(f"the server answered DATA with {plain_words(str(reply))}")

    def _decide_refused(self, refusal: Outcome) -> None:
        self.record.lost_in_a_row = 0
        self._needs_reset = True  # the transaction is still open where only the recipient was refused
        self._run.report(self._under_way.popleft(), refusal)

    def _send_nothing(self, refusal: Outcome) -> None:
        """DATA was accepted although the recipient was not: an empty message, for nobody, ends it (RFC 2920 section 3.1)."""
        self.record.lost_in_a_row = 0
        self._run.report(self._under_way.popleft(), refusal)
        self._wire.send(_EMPTY_CONTENT, (self._on_nothing, self._timeouts.final_seconds))

    def _on_nothing(self, reply: Reply) -> None:
        if not self._ends_session(reply):
            self._needs_reset = True
            self._begin_next()

    def _hand_over(self, entry: Entry) -> None:
        """Writes the content. From 354 on there is no other way back than to drop the session (RFC 5321 section 4.1.1.4):
        an empty message in its place would be delivered."""
        try:
            message = entry.job.message()
        except Exception as error:
            problem = f"the message could not be put together: {type(error).__name__}: {error}"
            refusal: Outcome | None = Outcome(Verdict.CONTENT_REFUSED, None, None, plain_words(problem))
        else:
            refusal = size_refusal(len(message), self._features)
        if refusal is not None:
            self.record.lost_in_a_row = 0
            self._run.report(self._under_way.popleft(), refusal)
            self._wire.end("a message that had been announced could not be sent")
            return
        entry.is_handed_over = True
        content, answer = content_octets(message), (self._on_content, self._timeouts.final_seconds)
        if self._features.has_pipelining:
            self._begin_next(content, answer)
        else:
            self._wire.send(content, answer)

    def _on_content(self, reply: Reply) -> None:
        if self._ends_session(reply, is_about_content=True):
            return
        if not (reply.is_positive or 400 <= reply.code < 600):
            self._wire.end(f"the server answered the message with {plain_words(str(reply))}")
            return
        self.record.lost_in_a_row = 0
        self._run.report(self._under_way.popleft(), outcome_of(reply.code, reply.text, Stage.CONTENT))
        if not self._under_way:
            self._begin_next()

    # The end of a session

    def _ends_session(self, reply: Reply, *, is_about_content: bool = False) -> bool:
        """Whether the reply is 421: the server closes, and has not taken what it was just asked to take (RFC 5321 section 3.8)."""
        if reply.code != _SERVICE_CLOSING:
            return False
        if is_about_content:
            self._under_way[0].is_handed_over = False
        self._wire.end(f"the server said {plain_words(str(reply))}")
        return True

    def _lost(self, reason: str) -> None:
        # With nothing written behind it, a message of which some is still in this process lacks its final dot.
        is_surely_cut = self._wire.is_paused and len(self._under_way) == 1
        while self._under_way:
            entry = self._under_way.pop()  # the last first, so that what is given back keeps its order
            if entry.is_handed_over and not is_surely_cut:
                self._run.report(entry, in_doubt(f"handed over whole, then no answer: {reason}"))
            else:
                self._run.give_back(entry, reason, was_begun=not self._under_way)
        self._finish()
