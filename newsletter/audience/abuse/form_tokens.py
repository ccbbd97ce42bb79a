"""Form tokens: a public form counts only if its page was fetched here, a few seconds to an hour ago, and only once.

A token says when it was issued and is signed for one form; nothing is stored until it is spent. Mailman's form
secret taught the two bounds: programs send at once, and people do not sit before a form for hours.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from newsletter.audience.abuse.models import SpentToken
from newsletter.foundation.database import WriteSession, insert_unless_there
from newsletter.foundation.signing import Keyring

AGE_MIN = timedelta(seconds=3)
"""No person fills in a form faster."""
AGE_MAX = timedelta(hours=1)
"""After that the page is shown again, with what was typed."""

_TIME_BYTES, _RANDOM_BYTES = 5, 7


class TokenStanding(StrEnum):
    """What a form token is worth."""

    GOOD = "good"  # ours, of the right age; whether it was spent already, only spending it tells
    TOO_YOUNG = "too_young"  # ours, and sent back faster than a person could
    TOO_OLD = "too_old"  # ours, from a page that stood open for long
    FOREIGN = "foreign"  # none, or not ours, or of another form


def issue_form_token(keyring: Keyring, form: str, now: datetime) -> str:
    """A token for one page with the form of this name: 40 characters."""
    name = int(now.timestamp()).to_bytes(_TIME_BYTES, "big") + secrets.token_bytes(_RANDOM_BYTES)
    return keyring.sign(_purpose(form), name)


def judge_form_token(keyring: Keyring, form: str, token: str, now: datetime) -> TokenStanding:
    """What a token that came back with the form is worth."""
    issued_at = _issued_at(keyring, form, token)
    if issued_at is None:
        return TokenStanding.FOREIGN
    age = now - issued_at
    if age < AGE_MIN:
        return TokenStanding.TOO_YOUNG
    return TokenStanding.GOOD if age <= AGE_MAX else TokenStanding.TOO_OLD


def spend_form_token(session: WriteSession, keyring: Keyring, token: str, now: datetime) -> bool:
    """Takes note that a good token was used; False where it was before. Of several at once exactly one gets True."""
    return spend_once(session, keyring, f"form {token}", now, AGE_MAX)


def spend_once(session: WriteSession, keyring: Keyring, what: str, now: datetime, lasting: timedelta) -> bool:
    """Takes note that `what` happened; False where it happened already within `lasting`. Kept as a keyed hash."""
    digest = keyring.fingerprint("spent", what)
    session.execute(sa.delete(SpentToken).where(SpentToken.hash == digest, SpentToken.expires_at <= now))
    statement = insert_unless_there(session, SpentToken).returning(SpentToken.hash)
    return session.execute(statement, {"hash": digest, "expires_at": now + lasting}).first() is not None


def forget_once(session: WriteSession, keyring: Keyring, what: Iterable[str]) -> None:
    """Forgets that these happened."""
    digests = [keyring.fingerprint("spent", one) for one in what]
    session.execute(sa.delete(SpentToken).where(SpentToken.hash.in_(digests)))


def _issued_at(keyring: Keyring, form: str, token: str) -> datetime | None:
    name = keyring.verify(_purpose(form), token)
    return None if name is None else datetime.fromtimestamp(int.from_bytes(name[:_TIME_BYTES], "big"), UTC)


def _purpose(form: str) -> str:
    return f"form:{form}"
