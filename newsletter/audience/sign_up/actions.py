"""Writes down what a form asked for. Nothing is decided here, so that every address is treated alike (threat T19)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.audience.consent.actions import Visit, keep_shown_text
from newsletter.audience.rules import address_key
from newsletter.audience.sign_up.form import Wish
from newsletter.audience.sign_up.models import SignUp, SignUpList
from newsletter.foundation.database import WriteSession
from newsletter.foundation.signing import Keyring, hash_of_token, random_name
from newsletter.jobs.actions import enqueue

PURPOSE = "sign-up"
"""What the links of a confirmation mail are signed for."""
CONSIDER = "consider_sign_up"
"""The kind of job that decides what becomes of a sign-up."""
VALID_FOR = timedelta(days=7)

_USER_AGENT_MAX = 400


@dataclass(frozen=True, slots=True)
class FormShown:
    """Which form was sent: its language, and its public address."""

    language: str
    url: str


def keep_sign_up(
    session: WriteSession, keyring: Keyring, wish: Wish, form: FormShown, visit: Visit, now: datetime
) -> None:
    """Keeps the wish with the words that were shown, and writes down the job that considers it."""
    name = random_name()
    kept = SignUp(
        public_name=name,
        token_hash=hash_of_token(keyring.one_time_token(PURPOSE, name)),
        address=wish.address,
        address_key=address_key(keyring, wish.address),
        name=wish.name,
        languages=wish.languages,
        reads_both=wish.reads_both,
        form_language=form.language,
        form_url=form.url,
        ip=visit.ip,
        user_agent=visit.user_agent[:_USER_AGENT_MAX],
        requested_at=now,
        expires_at=now + VALID_FOR,
        lists=[
            SignUpList(list_id=offer.id, shown_hash=keep_shown_text(session, offer.shown, form.language))
            for offer in wish.lists
        ],
    )
    session.add(kept)
    session.flush()
    enqueue(session, CONSIDER, {"sign_up_id": kept.id}, now)
