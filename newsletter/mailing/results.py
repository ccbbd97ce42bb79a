"""From a server's answer to what the ledger keeps of it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from newsletter.mailing.claiming import ClaimedDelivery
from newsletter.mailing.models import DeliveryState
from newsletter.mailing.recording import Result
from newsletter.mailing.rules import GIVE_UP_AFTER, retry_after, state_after
from newsletter.transport.outcome import BackOff, Outcome


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
