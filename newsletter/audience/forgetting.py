"""Forgets what nobody needs to remember of sign-ups, links and visits, a limited number at a time."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.audience.consent.models import Consent, ConsentEvent
from newsletter.audience.erasing import forget_rows_of
from newsletter.audience.models import EndReason, Subscriber, Subscription, SubscriptionState
from newsletter.audience.preferences.models import PreferencesLink, PreferencesRequest
from newsletter.audience.shell import empty_row
from newsletter.audience.sign_up.models import SignUp
from newsletter.foundation.database import WriteSession

# For a day after, an expired link can still say so in its reader's language.
_LINKS_KEPT = timedelta(days=1)
_NEVER_HERS = (EndReason.EXPIRED, EndReason.DECLINED)


def forget_sign_ups(session: WriteSession, before: datetime, *, limit: int) -> int:
    """Deletes sign-ups that were asked for before that moment. What was confirmed or declined is in evidence by then."""
    old = sa.select(SignUp.id).where(SignUp.requested_at < before).order_by(SignUp.requested_at).limit(limit)
    gone = session.execute(
        sa.delete(SignUp)
        .where(SignUp.id.in_(old))
        .returning(SignUp.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def forget_unconfirmed_people(session: WriteSession, before: datetime, now: datetime, *, limit: int) -> int:
    """Empties the rows of people whose address somebody typed before that moment, and who never confirmed anything.

    Their subscriptions stay, as ones that expired, under an empty row (docs/decisions/0016). People who came by a
    file are none of these, whatever it said of them; nor is whoever has a sign-up that is younger.
    """
    was_asked = sa.exists().where(
        Consent.subscriber_id == Subscriber.id, Consent.event == ConsentEvent.REQUESTED
    )
    came_otherwise = sa.exists().where(
        Consent.subscriber_id == Subscriber.id,
        Consent.event.not_in((ConsentEvent.REQUESTED, ConsentEvent.DECLINED)),
    )
    was_a_reader = sa.exists().where(
        Subscription.subscriber_id == Subscriber.id,
        Subscription.state != SubscriptionState.PENDING,
        sa.or_(Subscription.end_reason.is_(None), Subscription.end_reason.not_in(_NEVER_HERS)),
    )
    has_sign_up = sa.exists().where(SignUp.subscriber_id == Subscriber.id)
    people = session.scalars(
        sa.select(Subscriber)
        .where(
            Subscriber.erased_at.is_(None),
            Subscriber.created_at < before,
            was_asked,
            ~came_otherwise,
            ~was_a_reader,
            ~has_sign_up,
        )
        .order_by(Subscriber.id)
        .limit(limit)
        .with_for_update()
    ).all()
    ids = [person.id for person in people]
    session.execute(
        sa.update(Subscription)
        .where(Subscription.subscriber_id.in_(ids), Subscription.state == SubscriptionState.PENDING)
        .values(state=SubscriptionState.ENDED, end_reason=EndReason.EXPIRED, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    forget_rows_of(session, ids)
    for person in people:
        empty_row(person, now)
    session.flush()
    return len(people)


def forget_visits(session: WriteSession, before: datetime, *, limit: int) -> int:
    """Takes network address and browser out of evidence from before that moment; that and what was agreed to stays."""
    old = (
        sa.select(Consent.id)
        .where(Consent.at < before, sa.or_(Consent.ip != "", Consent.user_agent != ""))
        .order_by(Consent.id)
        .limit(limit)
    )
    done = session.execute(
        sa.update(Consent)
        .where(Consent.id.in_(old))
        .values(ip="", user_agent="")
        .returning(Consent.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


def forget_preferences_links(session: WriteSession, now: datetime) -> int:
    """Deletes links that expired a day ago, and addresses that were typed a day ago and led nowhere."""
    links = session.execute(
        sa.delete(PreferencesLink)
        .where(PreferencesLink.expires_at < now - _LINKS_KEPT)
        .returning(PreferencesLink.id)
        .execution_options(synchronize_session=False)
    ).all()
    requests = session.execute(
        sa.delete(PreferencesRequest)
        .where(PreferencesRequest.requested_at < now - _LINKS_KEPT)
        .returning(PreferencesRequest.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(links) + len(requests)
