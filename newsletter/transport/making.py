"""A message put together at the right moment: when the server waits for it or, where that takes long, just before."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress

from newsletter.transport.content import size_of
from newsletter.transport.envelope import Entry, Envelopes
from newsletter.transport.octets import Message, WireOctets, WirePieces
from newsletter.transport.outcome import Outcome, Verdict, plain_words

_COMPILED = (WirePieces, WireOctets)


class Making:
    """Puts together the messages of one session; the slow ones in the threads of `makers`, one ahead."""

    def __init__(self, envelopes: Envelopes, makers: Executor) -> None:
        self._envelopes = envelopes
        self._makers = makers
        self._loop = asyncio.get_running_loop()

    def begin(self, entry: Entry) -> None:
        """Lets a slow message be made while the server is asked about its envelope."""
        entry.making = self._makers.submit(entry.job.message)

    def is_done(self, entry: Entry, go_on: Callable[[Entry], None]) -> bool:
        """Whether the message can be had now; if not, `go_on` is called, in the loop, once it can."""
        if entry.making is None or entry.making.done():
            return True

        def tell(_made: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(go_on, entry)

        entry.making.add_done_callback(tell)
        return False

    def message(self, entry: Entry) -> Message | Outcome:
        """The message, or why it cannot be sent."""
        try:
            message = entry.making.result() if entry.making is not None else entry.job.message()
        except Exception as error:
            problem = f"the message could not be put together: {type(error).__name__}: {error}"
            return Outcome(Verdict.CONTENT_REFUSED, None, None, plain_words(problem))
        if self._envelopes.limits_size:
            refusal = self._envelopes.size_refusal(size_of(message))
            if refusal is not None:
                return refusal
        if not (isinstance(message, _COMPILED) or message.isascii() or entry.is_international):
            # Compiled messages are 7-bit, but for what SMTPUTF8 is for; nobody was told of other 8-bit octets.
            problem = "the message has 8-bit octets and was announced as 7-bit"
            return Outcome(Verdict.CONTENT_REFUSED, None, None, problem)
        return message
