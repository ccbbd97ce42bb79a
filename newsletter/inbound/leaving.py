"""Fulfils a wish to leave that came by mail: by its token, else by a sender who is proven, else by asking her.

The token decides, never From: who forwards a mail forwards the right to end that one subscription, and nothing more
(threat T21). Without a token, From counts only where our own mail server vouches for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.audience.abuse.form_tokens import spend_once
from newsletter.audience.leaving.actions import leave_lists
from newsletter.audience.models import (
    LeaveWay,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.audience.queries import name_in_force
from newsletter.audience.rules import address_key
from newsletter.foundation.addresses import canonical_address
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.foundation.signing import Keyring
from newsletter.inbound.models import InboundResult
from newsletter.jobs.actions import enqueue

PURPOSE = "unsubscribe"
ASK = "ask_whether_to_leave"
"""The kind of job that mails the link which would do it."""

_ASKS_AT_MOST_EVERY = timedelta(hours=24)
_NEVER = (SuppressionReason.REQUESTED, SuppressionReason.COMPLAINED)


@dataclass(frozen=True, slots=True)
class Fulfilled:
    """What came of a wish, and whose it was as far as that is known."""

    result: InboundResult
    subscriber_id: int | None = None


def leave_by_token(session: WriteSession, keyring: Keyring, token: str, now: datetime) -> Fulfilled:
    """Ends the subscription that the token names. A token that is not ours, or of somebody erased, changes nothing."""
    name = keyring.verify(PURPOSE, token)
    row = (
        name
        and session.execute(
            sa.select(Subscription.subscriber_id, Subscription.list_id).where(
                Subscription.public_name == name_in_force(session, name)
            )
        ).one_or_none()
    )
    if not row:
        return Fulfilled(InboundResult.NOTHING_TO_LEAVE)
    left = leave_lists(session, row.subscriber_id, [row.list_id], LeaveWay.MAIL, now)
    is_erased = session.scalar(
        sa.select(Subscriber.erased_at.is_not(None)).where(Subscriber.id == row.subscriber_id)
    )
    result = InboundResult.LEFT if left else InboundResult.NOTHING_TO_LEAVE
    return Fulfilled(result, None if is_erased else row.subscriber_id)


def leave_by_words(
    session: WriteSession,
    keyring: Keyring,
    sender: str,
    recipients: Sequence[str],
    now: datetime,
    *,
    is_proven: bool,
    may_ask: bool,
) -> Fulfilled:
    """Leaves the lists that the mail was written to, or asks their reader whether that was her; strangers get no answer.

    `may_ask` is False where the mail itself answers such a question: one question, one answer (threat T25).
    """
    subscriber = _subscriber(session, keyring, sender)
    list_ids = _lists_meant(session, subscriber.id, recipients) if subscriber else []
    if subscriber is None or not list_ids:
        return Fulfilled(InboundResult.NOTHING_TO_LEAVE)
    if is_proven:
        left = leave_lists(session, subscriber.id, list_ids, LeaveWay.MAIL, now)
        return Fulfilled(InboundResult.LEFT if left else InboundResult.NOTHING_TO_LEAVE, subscriber.id)
    suppression = session.get(Suppression, subscriber.address_key)
    if suppression is not None and suppression.reason in _NEVER:
        return Fulfilled(InboundResult.NOTHING_TO_LEAVE, subscriber.id)
    question = f"ask whether to leave {canonical_address(subscriber.address)}"
    if not may_ask or not spend_once(session, keyring, question, now, _ASKS_AT_MOST_EVERY):
        return Fulfilled(InboundResult.ASKED_LATELY, subscriber.id)
    enqueue(session, ASK, {"subscriber_id": subscriber.id, "list_ids": list_ids}, now)
    return Fulfilled(InboundResult.ASKED, subscriber.id)


def _subscriber(session: ReadSession, keyring: Keyring, sender: str) -> Subscriber | None:
    """The reader with this address, else the first of the same mailbox."""
    statement = (
        sa.select(Subscriber)
        .where(Subscriber.address_key == address_key(keyring, sender), Subscriber.erased_at.is_(None))
        .order_by(Subscriber.address_lower != sender.lower(), Subscriber.id)
        .limit(1)
    )
    return session.scalars(statement).one_or_none()


def _lists_meant(session: ReadSession, subscriber_id: int, recipients: Sequence[str]) -> list[int]:
    """Of the lists that she is on those whose address the mail went to; where it is none of them, all that she is on."""
    rows = session.execute(
        sa.select(MailingList.id, MailingList.reply_to, MailingList.sender_address)
        .join(Subscription, Subscription.list_id == MailingList.id)
        .where(Subscription.subscriber_id == subscriber_id, Subscription.state != SubscriptionState.ENDED)
        .order_by(MailingList.id)
    ).all()
    written_to = {address.lower() for address in recipients}
    meant = [list_id for list_id, reply_to, sender in rows if (reply_to or sender).lower() in written_to]
    return meant or [row.id for row in rows]
