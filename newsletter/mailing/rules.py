"""The rules of a mailing: who gets which variant, which states follow which, and when a message is tried again."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from newsletter.editions.rules import SEPARATOR, languages_of
from newsletter.foundation.language import best_match
from newsletter.mailing.models import DeliveryState, MailingState
from newsletter.transport.outcome import Outcome, Verdict

MOVES: dict[MailingState, frozenset[MailingState]] = {
    MailingState.PLANNED: frozenset(
        {MailingState.SCHEDULED, MailingState.RUNNING, MailingState.PAUSED, MailingState.CANCELLED}
    ),
    MailingState.SCHEDULED: frozenset({MailingState.RUNNING, MailingState.PAUSED, MailingState.CANCELLED}),
    MailingState.RUNNING: frozenset({MailingState.PAUSED, MailingState.FINISHED, MailingState.CANCELLED}),
    MailingState.PAUSED: frozenset({MailingState.SCHEDULED, MailingState.RUNNING, MailingState.CANCELLED}),
    MailingState.FINISHED: frozenset(),
    MailingState.CANCELLED: frozenset(),
}

# Two tries in the first hour, then ever rarer (RFC 5321 section 4.5.4.1).
_RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))
# By so much of itself a wait may be longer, so that what was put off together does not come back together.
_JITTER = 0.25
GIVE_UP_AFTER = timedelta(hours=72)
"""How long a server may say "later" before a message is given up."""
# Codes that say "this mailbox does not exist" (RFC 3463 section 3.2): never mailed again.
_DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})


def choose_variant(
    reader_languages: Sequence[str],
    reads_both: bool,
    variants: Collection[str],
    edition_languages: Sequence[str],
) -> str | None:
    """The variant that a reader gets, or None where the edition has nothing in a language that she reads.

    The first of her languages in which the edition exists (`foundation.language.best_match`). Who wants
    both, and who reads none of the edition's languages or named none, gets two languages in one mail. Nobody gets two.
    """
    existing = [tag for tag in edition_languages if any(languages_of(name)[0] == tag for name in variants)]
    hers = list(
        dict.fromkeys(
            tag for wanted in reader_languages if (tag := best_match([wanted], existing)) is not None
        )
    )
    if not hers:
        if best_match(reader_languages, edition_languages) is not None:
            return None
        return _variant(existing, variants, both=True)
    others = [tag for tag in existing if tag not in hers]
    return _variant([*hers, *others], variants, both=reads_both)


def _variant(languages: Sequence[str], variants: Collection[str], *, both: bool) -> str | None:
    """The combined variant of the first two languages, or the single one of the first, whichever exists."""
    if not languages:
        return None
    single, combined = languages[0], SEPARATOR.join(languages[:2])
    wanted = (combined, single) if both else (single, combined)
    return next((name for name in wanted if name in variants), None)


def is_dead_address(outcome: Outcome) -> bool:
    """Whether the server's answer says that the mailbox does not exist, so that it is never mailed again."""
    return outcome.verdict is Verdict.REJECTED and outcome.enhanced in _DEAD_ADDRESS


def is_disabled_mailbox(outcome: Outcome) -> bool:
    """Whether the mailbox is said to be switched off, which may pass: the second time it counts as dead (5.2.1)."""
    return outcome.verdict is Verdict.REJECTED and outcome.enhanced == "5.2.1"


def state_after(
    outcome: Outcome, attempt_count: int, give_up_after: timedelta = GIVE_UP_AFTER
) -> DeliveryState:
    """What a delivery becomes by an outcome; `attempt_count` counts the attempt that the outcome is of."""
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return DeliveryState.ACCEPTED
        case Verdict.REJECTED:
            return DeliveryState.REJECTED
        case Verdict.IN_DOUBT:
            return DeliveryState.IN_DOUBT
        case Verdict.NOT_TRIED:
            return DeliveryState.PENDING
        case Verdict.DEFERRED | Verdict.BLOCKED | Verdict.CONTENT_REFUSED:
            is_over = attempt_count >= attempts_max(give_up_after)
            return DeliveryState.GIVEN_UP if is_over else DeliveryState.DEFERRED


def attempts_max(give_up_after: timedelta) -> int:
    """How many attempts fit into this span; the time that a mailing was paused does not count against a reader."""
    waited, count = timedelta(), 1
    while (waited := waited + retry_after(count)) <= give_up_after:
        count += 1
    return count


def retry_after(attempt_count: int, chance: float = 0.0) -> timedelta:
    """How long to wait after the attempt of this number (from 1); `chance` from 0 to 1 makes it up to a quarter longer."""
    wait = _RETRY_AFTER[min(attempt_count, len(_RETRY_AFTER)) - 1]
    return wait * (1 + _JITTER * chance)
