"""Which relay takes the next connection: by weight, and past those that are set aside."""

import time
from collections.abc import Sequence

from newsletter.transport.relay import Relay

_SET_ASIDE_SECONDS = 60.0


class RelayRecord:
    """What this process has seen of one relay."""

    __slots__ = ("lost_in_a_row", "open_count", "relay", "set_aside_until")

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.open_count = 0
        """How many of our connections it holds."""
        self.lost_in_a_row = 0
        """How many connections to it ended since it last judged a message."""
        self.set_aside_until = 0.0

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
        self._records = [RelayRecord(relay) for relay in relays]

    def in_turn(self) -> list[RelayRecord]:
        """The relays in the order in which to try them: each as often as its weight says, those set aside last."""
        return sorted(
            self._records,
            key=lambda record: (record.is_set_aside, (record.open_count + 1) / record.relay.weight),
        )

    def has_others(self) -> bool:
        """Whether a relay is there that is not set aside."""
        return not all(record.is_set_aside for record in self._records)
