"""The owner of an address answers the mail that asked her: yes, that was me; or no, and never write to me again."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from newsletter.audience.abuse.allowance import restore_allowance
from newsletter.audience.actions import suppress_instead
from newsletter.audience.consent.actions import Visit, record_consent
from newsletter.audience.consent.models import ConsentEvent
from newsletter.audience.models import (
    EndReason,
    LanguageOrigin,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.audience.sign_up.activating import activate
from newsletter.audience.sign_up.models import SignUp, SignUpList
from newsletter.audience.sign_up.queries import SignUpSeen, seen_of, sign_up_by_token
from newsletter.foundation.database import WriteSession
from newsletter.foundation.signing import Keyring, hash_of_token

LIFTED = (SuppressionReason.BOUNCED, SuppressionReason.IMPORTED, SuppressionReason.ERASED)
"""What a person lifts by saying yes: she asked for it herself, or the mailbox is there again."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer: the request as it was before, and whether something changed just now."""

    seen: SignUpSeen
    has_changed: bool


def confirm_sign_up(
    session: WriteSession, keyring: Keyring, token: str, visit: Visit, now: datetime
) -> Answered | None:
    """Makes every list of the request active, with evidence; None for a token that nothing belongs to.

    Of several calls at once exactly one changes something. An expired, confirmed or declined request stays as it is.
    """
    taken = session.execute(
        sa.update(SignUp)
        .where(
            SignUp.token_hash == hash_of_token(token),
            SignUp.confirmed_at.is_(None),
            SignUp.declined_at.is_(None),
            SignUp.expires_at > now,
        )
        .values(confirmed_at=now)
        .returning(SignUp.id)
    ).scalar_one_or_none()
    sign_up = sign_up_by_token(session, token)
    if sign_up is None:
        return None
    if taken is not None:
        _confirm(session, keyring, _with_lists(session, taken), visit, now)
    return Answered(seen_of(session, sign_up, now), has_changed=taken is not None)


def decline_sign_up(session: WriteSession, token: str, visit: Visit, now: datetime) -> Answered | None:
    """Ends what the request began and sees to it that the address is never mailed again; None for an unknown token.

    "That was not me" counts even after a confirmation, which a mail filter's browser may have given.
    """
    taken = session.execute(
        sa.update(SignUp)
        .where(SignUp.token_hash == hash_of_token(token), SignUp.declined_at.is_(None))
        .values(declined_at=now)
        .returning(SignUp.id)
    ).scalar_one_or_none()
    sign_up = sign_up_by_token(session, token)
    if sign_up is None:
        return None
    if taken is not None:
        _decline(session, _with_lists(session, taken), visit, now)
    return Answered(seen_of(session, sign_up, now), has_changed=taken is not None)


def _with_lists(session: WriteSession, sign_up_id: int) -> SignUp:
    lists = selectinload(SignUp.lists).selectinload(SignUpList.mailing_list)
    statement = sa.select(SignUp).options(lists).where(SignUp.id == sign_up_id)
    return session.scalars(statement, execution_options={"populate_existing": True}).one()


def _confirm(session: WriteSession, keyring: Keyring, sign_up: SignUp, visit: Visit, now: datetime) -> None:
    subscriber = session.get(Subscriber, sign_up.subscriber_id) if sign_up.subscriber_id else None
    if subscriber is None or subscriber.erased_at is not None:
        return  # "subscribed already" was the answer: there was nothing to confirm
    _apply_typed(session, sign_up, subscriber, now)
    for item in sign_up.lists:
        activate(session, subscriber.id, item.mailing_list, now)
        _record(session, sign_up, item, ConsentEvent.CONFIRMED, visit, now)
    session.execute(
        sa.delete(Suppression).where(
            Suppression.address_key == sign_up.address_key, Suppression.reason.in_(LIFTED)
        )
    )
    restore_allowance(session, keyring, sign_up.address)


def _apply_typed(session: WriteSession, sign_up: SignUp, subscriber: Subscriber, now: datetime) -> None:
    """Languages and name of the form, for a person who reads nothing yet: a reader changes hers on her own page."""
    is_reader = session.scalar(
        sa.select(
            sa.exists().where(
                Subscription.subscriber_id == subscriber.id, Subscription.state == SubscriptionState.ACTIVE
            )
        )
    )
    if is_reader:
        return
    if subscriber.language_origin is not LanguageOrigin.EXPLICIT and sign_up.languages:
        subscriber.languages, subscriber.reads_both = sign_up.languages, sign_up.reads_both
        subscriber.language_origin = LanguageOrigin.FORM
    if sign_up.name:  # the form asks for the first name, and says that mails greet with it
        subscriber.first_name = sign_up.name
        subscriber.name = subscriber.name or sign_up.name
    subscriber.updated_at = now
    session.flush()


def _decline(session: WriteSession, sign_up: SignUp, visit: Visit, now: datetime) -> None:
    if sign_up.subscriber_id is not None:
        session.execute(
            sa.update(Subscription)
            .where(
                Subscription.subscriber_id == sign_up.subscriber_id,
                Subscription.list_id.in_([item.list_id for item in sign_up.lists]),
                Subscription.state != SubscriptionState.ENDED,
            )
            .values(state=SubscriptionState.ENDED, end_reason=EndReason.DECLINED, ended_at=now)
        )
        for item in sign_up.lists:
            _record(session, sign_up, item, ConsentEvent.DECLINED, visit, now)
    suppress_instead(session, sign_up.address_key, SuppressionReason.REQUESTED, LIFTED, now)


def _record(
    session: WriteSession,
    sign_up: SignUp,
    item: SignUpList,
    event: ConsentEvent,
    visit: Visit,
    now: datetime,
) -> None:
    assert sign_up.subscriber_id is not None  # noqa: S101 - both callers have looked
    record_consent(
        session,
        subscriber_id=sign_up.subscriber_id,
        list_id=item.list_id,
        event=event,
        now=now,
        basis="form",
        form_url=sign_up.form_url,
        shown_hash=item.shown_hash,
        visit=visit,
        message_id=sign_up.message_id,
    )
