"""The conversation that brings messages over one session, one after the other (RFC 5321 section 3.3, RFC 2920, RFC 3030).

With PIPELINING the envelope goes out in one group, and a message's content goes out together with the envelope of the next:
"message content ... explicitly allowed to be the first command in a group" (RFC 2920 section 3.1), so that a message costs
one round trip. Without it, and with relays that were seen to stumble over it, each command waits for the reply to the one
before. BDAT needs no leave before the content, so there all of a message is one group.

What is certain about a message whose connection ends decides what becomes of it. Before its last octet was written, no
server can have taken it: it is begun again elsewhere. After that it is in doubt, unless the octets still lay in this process.
"""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

from newsletter.transport.content import FINAL_DOT, bdat_pieces, data_pieces
from newsletter.transport.envelope import Entry, Envelopes
from newsletter.transport.errors import RelayRefusedLogin
from newsletter.transport.making import Making
from newsletter.transport.octets import Message
from newsletter.transport.opening import Session
from newsletter.transport.outcome import (
    SERVICE_CLOSING,
    Outcome,
    Stage,
    accepted,
    in_doubt,
    outcome_of,
    plain_words,
)
from newsletter.transport.replies import Reply
from newsletter.transport.rotation import Manner, RelayRecord
from newsletter.transport.run import Run
from newsletter.transport.timeouts import Timeouts
from newsletter.transport.wire import Expected

_START_CONTENT = 354
_LOGIN_WANTED = frozenset({530, 534, 535, 538})  # RFC 4954 section 6
# What servers say that offer PIPELINING and take offence at it (Exim, Postfix's postscreen, several filters).
_OUT_OF_STEP = re.compile(r"synchroni[sz]ation|pipelin", re.IGNORECASE)
# The replies to content, MAIL, RCPT and DATA, when all is well and they come in one piece.
_USUAL = re.compile(rb"250 ([^\r\n]*)\r\n250[ ][^\r\n]*\r\n250[ ][^\r\n]*\r\n354[^-][^\r\n]*\r\n\Z").match


class Dialogue:
    """Drives the jobs of a run over one session, until they are out, the session ends or `messages_max()` were begun."""

    def __init__(
        self,
        session: Session,
        record: RelayRecord,
        timeouts: Timeouts,
        messages_max: Callable[[], int],
        makers: Executor,
    ) -> None:
        self.record = record
        self._wire = session.wire
        self._envelopes = Envelopes(session.features)
        self._making = Making(self._envelopes, makers)
        self._is_chunked = record.relay.has_bdat and session.features.has_chunking
        self._manner = record.manner if session.features.has_pipelining else Manner.ONE_AT_A_TIME
        self._timeouts = timeouts
        self._messages_max = messages_max
        self._begun_count = 0
        self._run: Run  # of the drive that is going on
        self._under_way: deque[Entry] = deque()
        self._needs_reset = False
        self._has_gone_well = False  # in the manner of this session
        self._has_put_content_first = False
        self._is_told_to_go = False
        self._finished: asyncio.Future[None] | None = None
        command_seconds, final_seconds = timeouts.command_seconds, timeouts.final_seconds
        self._expect_reset: Expected = (self._on_reset, command_seconds)
        self._expect_mail: Expected = (self._on_mail, command_seconds)
        self._expect_rcpt: Expected = (self._on_rcpt, command_seconds)
        self._expect_data: Expected = (self._on_data, timeouts.data_seconds)
        self._expect_content: Expected = (self._on_content, final_seconds)
        self._expect_nothing: Expected = (self._on_nothing, final_seconds)
        self._expect_group = (self._expect_mail, self._expect_rcpt, self._expect_data)
        self._expect_content_and_group = (self._expect_content, *self._expect_group)
        self._wire.on_lost = self._lost
        self._wire.acknowledges_at_once = self._is_chunked
        record.open_count += 1

    @property
    def lost_because(self) -> str | None:
        """How the session ended, None while it stands."""
        return self._wire.lost_because

    @property
    def may_go_on(self) -> bool:
        """Whether more messages may go over this session."""
        return self._wire.lost_because is None and self._begun_count < self._messages_max()

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
        if self._wire.lost_because is None:
            self._wire.on_lost = lambda _reason: None
            await self._wire.quit(self._timeouts.quit_seconds)
        await self._wire.ended()
        self.record.open_count -= 1

    # Beginning

    def _take(self) -> Entry | None:
        """The next job that can be said to this server; those that cannot get their outcome here."""
        while self._begun_count < self._messages_max() and (entry := self._run.take()) is not None:
            refusal = self._envelopes.refusal(entry)
            if refusal is None:
                self._begun_count += 1
                self._under_way.append(entry)
                if entry.job.is_slow:
                    self._making.begin(entry)
                return entry
            self._run.report(entry, refusal)
        return None

    def _begin_next(self) -> None:
        """Writes what begins the next message, or ends the drive where none is left."""
        if self._needs_reset and self._manner is Manner.ONE_AT_A_TIME and self._run.may_go_on():
            self._needs_reset = False
            self._wire.send(b"RSET\r\n", self._expect_reset)
            return
        while (entry := self._take()) is not None:
            if self._manner is Manner.ONE_AT_A_TIME:
                self._wire.send(self._envelopes.mail(entry.job), self._expect_mail)
                return
            if not self._is_chunked:
                self._write_group(entry)
                return
            if not self._making.is_done(entry, self._go_on_with_chunk) or self._write_chunk(entry):
                return
        if not self._under_way:
            self._finish()

    def _write_group(self, entry: Entry) -> None:
        octets, expected = self._group_of(entry), self._expect_group
        if self._needs_reset:
            self._needs_reset = False
            self._wire.send(b"RSET\r\n" + octets, self._expect_reset, *expected)
        else:
            self._wire.send(octets, *expected)

    def _group_of(self, entry: Entry) -> bytes:
        return b"%b%bDATA\r\n" % (self._envelopes.mail(entry.job), self._envelopes.rcpt(entry))

    def _write_chunk(self, entry: Entry) -> bool:
        """All of a message as one group: envelope, BDAT and the octets that it announces (RFC 3030 section 2); says if it could be."""
        message = self._message_of(entry)
        if message is None:
            return False
        entry.is_handed_over = True
        expected = (self._expect_mail, self._expect_rcpt, self._expect_content)
        pieces = (self._envelopes.mail(entry.job), self._envelopes.rcpt(entry), *bdat_pieces(message))
        if self._needs_reset:
            self._needs_reset = False
            self._wire.send(b"".join((b"RSET\r\n", *pieces)), self._expect_reset, *expected)
        else:
            self._wire.send(b"".join(pieces), *expected)
        return True

    def _go_on_with_chunk(self, entry: Entry) -> None:
        if self._is_still_first(entry) and not self._write_chunk(entry):
            self._begin_next()

    def _message_of(self, entry: Entry) -> Message | None:
        """The message, put together now and written next; None where it cannot be sent, which is reported."""
        message = self._making.message(entry)
        if not isinstance(message, Outcome):
            entry.job.on_hand_over()
            return message
        self._decide(message)
        return None

    def _is_still_first(self, entry: Entry) -> bool:
        return self._wire.lost_because is None and bool(self._under_way) and self._under_way[0] is entry

    def _finish(self) -> None:
        if self._finished is not None and not self._finished.done():
            self._finished.set_result(None)

    # Replies, in the order of the commands; each is about the first message under way

    def _on_usual(self, octets: bytes) -> bool:
        """Takes, at once, the replies of a server that has accepted the content and the next envelope; says if they are these.

        As nearly always: taking them apart one by one would double the time that a message costs.
        """
        found = _USUAL(octets)
        if found is None:
            return False
        self._wire.all_answered()
        if not self._has_gone_well:
            self._goes_well()
        self._decide(accepted(found[1].decode("utf-8", "replace")))
        self._hand_over(self._under_way[0])
        return True

    def _on_reset(self, reply: Reply) -> None:
        if not self._ends_session(reply) and self._manner is Manner.ONE_AT_A_TIME:
            self._begin_next()

    def _on_mail(self, reply: Reply) -> None:
        if not self._ends_session(reply) and self._agrees(reply, Stage.MAIL) and self._is_one_at_a_time():
            self._wire.send(self._envelopes.rcpt(self._under_way[0]), self._expect_rcpt)

    def _on_rcpt(self, reply: Reply) -> None:
        if self._ends_session(reply) or not self._agrees(reply, Stage.RCPT) or not self._is_one_at_a_time():
            return
        entry = self._under_way[0]
        if not self._is_chunked:
            self._wire.send(b"DATA\r\n", self._expect_data)
        elif self._making.is_done(entry, self._send_chunk):
            self._send_chunk(entry)

    def _send_chunk(self, entry: Entry) -> None:
        if not self._is_still_first(entry):
            return
        message = self._message_of(entry)
        if message is not None:
            entry.is_handed_over = True
            self._wire.send(b"".join(bdat_pieces(message)), self._expect_content)
        else:
            self._needs_reset = True
            self._begin_next()

    def _is_one_at_a_time(self) -> bool:
        return self._manner is Manner.ONE_AT_A_TIME

    def _agrees(self, reply: Reply, stage: Stage) -> bool:
        """Whether the reply lets the first message go on. A refusal is noted or, one command at a time, ends it."""
        if reply.is_positive:
            return True
        if not 400 <= reply.code < 600:
            self._wire.end(f"the server answered {stage.upper()} with {plain_words(str(reply))}")
            return False
        if self._stumbles(reply) or self._wants_login(reply):
            return False
        entry = self._under_way[0]
        if entry.refusal is None:
            entry.refusal = outcome_of(reply.code, reply.text, stage)
        if self._is_one_at_a_time():
            self._decide_refused(entry.refusal)
            self._begin_next()
        return False

    def _wants_login(self, reply: Reply) -> bool:
        """Whether the relay lets nobody in without a login: true of every message, so all is stopped and none is judged."""
        if reply.code not in _LOGIN_WANTED:
            return False
        relay = self.record.relay
        self._run.fail(RelayRefusedLogin(relay.host, relay.port, plain_words(str(reply))))
        self._wire.end("the server wants a login")
        return True

    def _stumbles(self, reply: Reply) -> bool:
        """Whether the server complains of commands that came too soon: the next sessions are more careful."""
        if self._is_one_at_a_time() or _OUT_OF_STEP.search(reply.text) is None:
            return False
        self.record.note_trouble(self._manner, is_sure=True)
        self._is_told_to_go = True
        self._under_way[0].is_handed_over = False
        self._wire.end(f"the server said {plain_words(str(reply))}")
        return True

    def _on_data(self, reply: Reply) -> None:
        if self._ends_session(reply):
            return
        entry = self._under_way[0]
        if self._manner is Manner.GROUPED or self._has_put_content_first:
            self._goes_well()
        if reply.code == _START_CONTENT:
            if entry.refusal is None:
                self._hand_over(entry)
            else:
                self._send_nothing(entry.refusal)
        elif 400 <= reply.code < 600:
            if self._stumbles(reply) or self._wants_login(reply):
                return
            self._decide_refused(entry.refusal or outcome_of(reply.code, reply.text, Stage.DATA))
            self._begin_next()
        else:
            self._wire.end(f"the server answered DATA with {plain_words(str(reply))}")

    def _decide(self, outcome: Outcome) -> None:
        """Says what becomes of the first message under way."""
        self.record.lost_in_a_row = 0
        self._run.report(self._under_way.popleft(), outcome)

    def _decide_refused(self, refusal: Outcome) -> None:
        self._needs_reset = True  # the transaction is still open where only the recipient was refused
        self._decide(refusal)

    def _send_nothing(self, refusal: Outcome) -> None:
        """DATA was accepted although the recipient was not: an empty message, for nobody, ends it (RFC 2920 section 3.1)."""
        self._decide(refusal)
        self._wire.send(FINAL_DOT, self._expect_nothing)

    def _on_nothing(self, reply: Reply) -> None:
        if not self._ends_session(reply):
            self._needs_reset = True
            self._begin_next()

    def _hand_over(self, entry: Entry) -> None:
        """Writes the content. From 354 on there is no other way back than to drop the session (RFC 5321 section 4.1.1.4):
        an empty message in its place would be delivered."""
        if entry.making is not None and not (
            self._making.is_done(entry, self._hand_over) and self._is_still_first(entry)
        ):
            return
        message = self._message_of(entry)
        if message is None:
            self._is_told_to_go = True
            self._wire.end("a message that had been announced could not be sent")
            return
        pieces = data_pieces(message)
        entry.is_handed_over = True
        if self._manner is Manner.CONTENT_FIRST and (following := self._take()) is not None:
            # Put together, not unpacked: a fifth of the time.
            octets = b"".join(pieces + (FINAL_DOT, self._group_of(following)))  # noqa: RUF005
            self._wire.send_group(octets, self._expect_content_and_group, self._on_usual)
        else:
            self._wire.send(b"".join((*pieces, FINAL_DOT)), self._expect_content)

    def _on_content(self, reply: Reply) -> None:
        """The reply to the final dot, or to BDAT."""
        if self._ends_session(reply, is_about_content=True):
            return
        entry = self._under_way[0]
        if not (reply.is_positive or 400 <= reply.code < 600):
            self._wire.end(f"the server answered the message with {plain_words(str(reply))}")
            return
        if not reply.is_positive and entry.refusal is None and self._stumbles(reply):
            return
        if entry.refusal is not None:  # it had no recipient, whatever is said of its octets
            self._decide_refused(entry.refusal)
        else:
            self._needs_reset = self._is_chunked and not reply.is_positive
            self._decide(outcome_of(reply.code, reply.text, Stage.CONTENT))
        if self._under_way:
            self._has_put_content_first = True
            return
        if self._is_chunked:
            self._goes_well()
        self._begin_next()

    # The end of a session

    def _ends_session(self, reply: Reply, *, is_about_content: bool = False) -> bool:
        """Whether the reply is 421: the server closes, and has not taken what it was just asked to take (RFC 5321 section 3.8)."""
        if reply.code != SERVICE_CLOSING:
            return False
        if is_about_content:
            self._under_way[0].is_handed_over = False
        self._is_told_to_go = True
        self._wire.end(f"the server said {plain_words(str(reply))}")
        return True

    def _lost(self, reason: str) -> None:
        # With nothing written behind it, a message of which some is still in this process lacks its last octets.
        is_surely_cut = self._wire.is_paused and len(self._under_way) == 1
        is_manner_at_fault = self._note_how_it_went()
        while self._under_way:
            entry = self._under_way.pop()  # the last first, so that what is given back keeps its order
            if entry.refusal is not None:
                self._run.report(entry, entry.refusal)
            elif entry.is_handed_over and not is_surely_cut:
                self._run.report(entry, in_doubt(f"handed over whole, then no answer: {reason}"))
            else:
                was_begun = not self._under_way and not is_manner_at_fault
                self._run.give_back(entry, reason, was_begun=was_begun)
        self._finish()

    def _goes_well(self) -> None:
        self._has_gone_well = True
        self.record.trouble_count = 0

    def _note_how_it_went(self) -> bool:
        """Whether our manner may have been the cause: a session fails in a group before anything went well in that manner."""
        if self._has_gone_well or self._is_told_to_go or self._is_one_at_a_time() or not self._under_way:
            return False
        before = self.record.manner
        self.record.note_trouble(self._manner, is_sure=False)
        return self.record.manner is not before
