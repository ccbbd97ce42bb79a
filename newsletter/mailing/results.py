"""From a server's answer to what the ledger keeps of it, and when the answers mean that the sending must stop."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.mailing.claiming import ClaimedDelivery
from newsletter.mailing.models import DeliveryState
from newsletter.mailing.recording import Result
from newsletter.mailing.rules import GIVE_UP_AFTER, retry_after, state_after
from newsletter.transport.outcome import BackOff, Outcome

# So many answers out of so many that blame the sender, and it stops: more mail would only make it worse.
BLAMED_MAX = 3
BLAMED_OF = 50


def result_of(
    claimed: ClaimedDelivery,
    outcome: Outcome,
    now: datetime,
    chance: Callable[[], float],
    give_up_after: timedelta = GIVE_UP_AFTER,
) -> Result:
    """What becomes of a claimed delivery by this outcome; `chance` gives numbers from 0 to 1."""
    state = state_after(outcome, claimed.attempt_count, give_up_after)
    next_attempt_at = None
    # The relay's own trouble is not held against the reader.
    counts = state is not DeliveryState.PENDING and outcome.backs_off is not BackOff.RELAY
    if state is DeliveryState.GIVEN_UP and not counts:
        state = DeliveryState.DEFERRED
    if state is DeliveryState.DEFERRED:
        next_attempt_at = now + retry_after(claimed.attempt_count, chance())
    return Result(
        claimed.subscriber_id,
        state,
        counts or state is DeliveryState.IN_DOUBT,
        next_attempt_at,
        outcome.code,
        outcome.enhanced,
        outcome.text,
    )


@dataclass(slots=True)
class Blame:
    """Whether the last answers blame the sender so often that it must stop."""

    count: int = 0
    _blamed_at: deque[int] = field(default_factory=lambda: deque(maxlen=BLAMED_MAX))

    def note(self, is_blamed: bool) -> bool:
        """Notes one answer; True where it is the third within fifty that blames."""
        self.count += 1
        if not is_blamed:
            return False
        self._blamed_at.append(self.count)
        return len(self._blamed_at) == BLAMED_MAX and self.count - self._blamed_at[0] < BLAMED_OF
