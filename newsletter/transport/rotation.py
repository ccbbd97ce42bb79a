"""Which relay takes the next connection: by weight, and past those that are set aside."""

import time
from collections.abc import Sequence
from enum import IntEnum

from newsletter.transport.relay import Relay

_SET_ASIDE_SECONDS = 60.0
_TROUBLES_MAX = 2


class Manner(IntEnum):
    """How commands are said to a server that takes several at once (RFC 2920), the most careful first."""

    ONE_AT_A_TIME = 0
    GROUPED = 1  # a message's envelope in one group, its content when the server waits for it
    CONTENT_FIRST = (
        2  # the content and the envelope of the next message in one group: one round trip a message
    )


class RelayRecord:
    """What this process has seen of one relay."""

    __slots__ = ("lost_in_a_row", "manner", "open_count", "relay", "set_aside_until", "trouble_count")

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.open_count = 0
        """How many of our connections it holds."""
        self.lost_in_a_row = 0
        """How many connections to it ended since it last judged a message."""
        self.set_aside_until = 0.0
        self.manner = Manner.CONTENT_FIRST
        """The boldest manner that it has not been seen to fail at, whatever it offers."""
        self.trouble_count = 0
        """How many sessions in a row failed before anything had gone well in their manner."""

    def note_trouble(self, manner: Manner, *, is_sure: bool) -> None:
        """Notes that a session failed before anything had gone well in this manner; the second time, or where it is
        sure that the manner was the cause, later sessions are more careful."""
        self.trouble_count += 1
        if manner is self.manner > Manner.ONE_AT_A_TIME and (is_sure or self.trouble_count >= _TROUBLES_MAX):
            self.manner = Manner(manner - 1)
            self.trouble_count = 0

    def set_aside(self) -> None:
        """Lets others come before it for a minute."""
        self.set_aside_until = time.monotonic() + _SET_ASIDE_SECONDS

    @property
    def is_set_aside(self) -> bool:
        """Whether it failed within the last minute."""
        return time.monotonic() < self.set_aside_until


class Rotation:
    """The relays of one transport."""

    def __init__(self, relays: Sequence[Relay]) -> None:
        self.records = [RelayRecord(relay) for relay in relays]

    def in_turn(self) -> list[RelayRecord]:
        """The relays in the order in which to try them: each as often as its weight says, those set aside last."""
        return sorted(
            self.records,
            key=lambda record: (record.is_set_aside, (record.open_count + 1) / record.relay.weight),
        )

    def has_others(self) -> bool:
        """Whether a relay is there that is not set aside."""
        return not all(record.is_set_aside for record in self.records)
