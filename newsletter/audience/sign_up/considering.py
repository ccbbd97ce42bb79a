"""Decides what becomes of a sign-up: a mail that asks for confirmation, one that says "you are subscribed already", or none."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from newsletter.audience.abuse.allowance import take_allowance
from newsletter.audience.abuse.budgets import Budgets, count_one, counted, next_hour
from newsletter.audience.consent.actions import Visit, record_consent
from newsletter.audience.consent.models import ConsentEvent
from newsletter.audience.models import (
    LanguageOrigin,
    MailingList,
    OptIn,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.audience.sign_up.actions import PURPOSE
from newsletter.audience.sign_up.activating import activate
from newsletter.audience.sign_up.models import SignUp, SignUpList
from newsletter.foundation.addresses import canonical_address
from newsletter.foundation.database import ReadSession, WriteSession, insert_unless_there
from newsletter.foundation.signing import Keyring, hash_of_token

# The owner of the address said so: no form of anybody can bring it about that she is mailed.
_NEVER = frozenset({SuppressionReason.REQUESTED, SuppressionReason.COMPLAINED})
# So long a request waits for a budget; a mail that asks about the day before yesterday would only puzzle.
_WAITS_AT_MOST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """The mail that answers a sign-up; nothing in it was typed into a form but the address it goes to.

    `languages` are the reader's, as far as they are known. `is_news` is False where she is subscribed to all of
    `lists` already.
    """

    sign_up_id: int
    public_name: bytes
    recipient: str
    languages: tuple[str, ...]
    lists: tuple[MailingList, ...]
    requested_at: datetime
    is_news: bool


def consider(
    session: WriteSession, keyring: Keyring, budgets: Budgets, sign_up_id: int, now: datetime
) -> Answer | datetime | None:
    """The mail to send; a moment at which to consider it again; None where no mail is to be sent.

    What counts by the form alone (`OptIn.SINGLE`) is made active here. Considered again after a mail was decided on
    and not known to be sent, the answer is the same mail.
    """
    sign_up = _sign_up(session, sign_up_id)
    if sign_up is None or sign_up.confirmed_at or sign_up.declined_at or sign_up.expires_at <= now:
        return None
    if sign_up.message_id:
        return None
    suppression = session.get(Suppression, sign_up.address_key)
    if suppression is not None and suppression.reason in _NEVER:
        return None
    # A secret that was added meanwhile makes another token.
    sign_up.token_hash = hash_of_token(keyring.one_time_token(PURPOSE, sign_up.public_name))
    subscriber = _subscriber(session, sign_up.address)
    if sign_up.mailed_at is not None:
        return _answer(session, sign_up, subscriber)
    if suppression is None:
        subscriber = _activate_single(session, sign_up, subscriber, now)
    answer = _answer(session, sign_up, subscriber)
    if answer is None:
        return None
    if _is_over_budget(session, keyring, budgets, sign_up.address, now):
        later = next_hour(now)
        return later if later <= sign_up.requested_at + _WAITS_AT_MOST else None
    if not take_allowance(session, keyring, sign_up.address, now):
        return None
    for place in _places(sign_up.address):
        count_one(session, keyring, place, now)
    if answer.is_news:
        _keep_request(session, sign_up, subscriber, answer.lists, now)
    sign_up.mailed_at = now
    return answer


def record_answered(session: WriteSession, sign_up_id: int, message_id: str, now: datetime) -> None:
    """Takes note that the mail went out."""
    session.execute(
        sa.update(SignUp).where(SignUp.id == sign_up_id).values(message_id=message_id, mailed_at=now)
    )


def _sign_up(session: ReadSession, sign_up_id: int) -> SignUp | None:
    lists = selectinload(SignUp.lists).selectinload(SignUpList.mailing_list)
    return session.scalars(sa.select(SignUp).options(lists).where(SignUp.id == sign_up_id)).one_or_none()


def _subscriber(session: ReadSession, address: str) -> Subscriber | None:
    statement = sa.select(Subscriber).where(Subscriber.address_lower == address.lower())
    return session.scalars(statement).one_or_none()


def _states(session: ReadSession, subscriber: Subscriber | None) -> dict[int, SubscriptionState]:
    if subscriber is None:
        return {}
    statement = sa.select(Subscription.list_id, Subscription.state).where(
        Subscription.subscriber_id == subscriber.id
    )
    return dict(session.execute(statement).all())


def _answer(session: ReadSession, sign_up: SignUp, subscriber: Subscriber | None) -> Answer | None:
    states = _states(session, subscriber)
    wanted = [item.mailing_list for item in sign_up.lists]
    missing = tuple(item for item in wanted if states.get(item.id) is not SubscriptionState.ACTIVE)
    is_reader = SubscriptionState.ACTIVE in states.values()
    if not missing and sign_up.subscriber_id is not None:
        return None  # the form alone has made her a reader a moment ago
    hers = subscriber.languages if subscriber is not None and is_reader else ()
    return Answer(
        sign_up_id=sign_up.id,
        public_name=sign_up.public_name,
        recipient=sign_up.address if subscriber is None else subscriber.address,
        languages=hers or sign_up.languages or tuple(filter(None, [sign_up.form_language])),
        lists=missing or tuple(wanted),
        requested_at=sign_up.requested_at,
        is_news=bool(missing),
    )


def _is_over_budget(
    session: ReadSession, keyring: Keyring, budgets: Budgets, address: str, now: datetime
) -> bool:
    of_domain, of_all = (counted(session, keyring, place, now) for place in _places(address))
    return of_domain >= budgets.confirmations_per_domain or of_all >= budgets.confirmations


def _places(address: str) -> tuple[str, str]:
    domain = canonical_address(address).rpartition("@")[2]
    return f"confirmations to {domain}", "confirmations"


def _activate_single(
    session: WriteSession, sign_up: SignUp, subscriber: Subscriber | None, now: datetime
) -> Subscriber | None:
    """Makes active what the form alone makes so. Who left such a list comes back only by confirming."""
    states = _states(session, subscriber)
    fresh = [
        item
        for item in sign_up.lists
        if item.mailing_list.opt_in is OptIn.SINGLE
        and states.get(item.list_id) in {None, SubscriptionState.PENDING}
    ]
    if not fresh:
        return subscriber
    if subscriber is None:
        subscriber = _new_subscriber(session, sign_up, now)
        # Not the name: nobody has confirmed it, and mails greet with it.
        subscriber.languages, subscriber.reads_both = sign_up.languages, sign_up.reads_both
        subscriber.language_origin = LanguageOrigin.FORM
    sign_up.subscriber_id = subscriber.id
    for item in fresh:
        _record_request(session, sign_up, subscriber, item)
        activate(session, subscriber.id, item.mailing_list, now)
    return subscriber


def _keep_request(
    session: WriteSession,
    sign_up: SignUp,
    subscriber: Subscriber | None,
    lists: tuple[MailingList, ...],
    now: datetime,
) -> None:
    """Evidence of the request, and a pending subscription where there was none; what ended stays so until she confirms."""
    subscriber = subscriber or _new_subscriber(session, sign_up, now)
    sign_up.subscriber_id = subscriber.id
    ids = {item.id for item in lists}
    for item in sign_up.lists:
        if item.list_id in ids:
            _record_request(session, sign_up, subscriber, item)
            row = {
                "list_id": item.list_id,
                "subscriber_id": subscriber.id,
                "state": SubscriptionState.PENDING,
                "since": now,
            }
            session.execute(insert_unless_there(session, Subscription), row)


def _new_subscriber(session: WriteSession, sign_up: SignUp, now: datetime) -> Subscriber:
    row = {
        "address": sign_up.address,
        "address_lower": sign_up.address.lower(),
        "address_key": sign_up.address_key,
        "language_origin": LanguageOrigin.GUESS,
        "created_at": now,
        "updated_at": now,
    }
    session.execute(insert_unless_there(session, Subscriber), row)
    found = _subscriber(session, sign_up.address)
    assert found is not None  # noqa: S101 - it was put there, or was there
    return found


def _record_request(session: WriteSession, sign_up: SignUp, subscriber: Subscriber, item: SignUpList) -> None:
    record_consent(
        session,
        subscriber_id=subscriber.id,
        list_id=item.list_id,
        event=ConsentEvent.REQUESTED,
        now=sign_up.requested_at,
        basis="form",
        form_url=sign_up.form_url,
        shown_hash=item.shown_hash,
        visit=Visit(sign_up.ip, sign_up.user_agent),
    )
