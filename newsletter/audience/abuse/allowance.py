"""How many mails one mailbox may get because of forms: one in a day, three until its owner answers (threat T16).

A mailbox is known by its canonical address, so that spellings with a +tag or dots count together. Each mail
takes a place; places are rows of `spent_token`, so that two workers cannot take the same one.
"""

from datetime import datetime, timedelta

from newsletter.audience.abuse.form_tokens import forget_once, spend_once
from newsletter.foundation.addresses import canonical_address
from newsletter.foundation.database import WriteSession
from newsletter.foundation.signing import Keyring

UNANSWERED_MAX = 3
_DAY = timedelta(hours=24)
# A person who never answered may ask anew after a year.
_UNANSWERED_FORGOTTEN_AFTER = timedelta(days=365)


def take_allowance(session: WriteSession, keyring: Keyring, address: str, now: datetime) -> bool:
    """Whether one more mail may go to this mailbox now; if so, it counts as sent."""
    mailbox = canonical_address(address)
    if not spend_once(session, keyring, _of_the_day(mailbox), now, _DAY):
        return False
    return any(
        spend_once(session, keyring, place, now, _UNANSWERED_FORGOTTEN_AFTER) for place in _places(mailbox)
    )


def restore_allowance(session: WriteSession, keyring: Keyring, address: str) -> None:
    """Counts anew for this mailbox, because its owner answered."""
    mailbox = canonical_address(address)
    forget_once(session, keyring, (_of_the_day(mailbox), *_places(mailbox)))


def _of_the_day(mailbox: str) -> str:
    return f"mail of the day {mailbox}"


def _places(mailbox: str) -> tuple[str, ...]:
    return tuple(f"unanswered mail {number} {mailbox}" for number in range(1, UNANSWERED_MAX + 1))
