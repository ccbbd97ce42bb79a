"""Makes a subscription active, whatever it was before."""

from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.models import MailingList, Subscription, SubscriptionState
from newsletter.foundation.database import WriteSession, insert_unless_there
from newsletter.jobs.actions import enqueue

WELCOME = "welcome"
"""The kind of job that welcomes a reader to a list."""


def activate(session: WriteSession, subscriber_id: int, mailing_list: MailingList, now: datetime) -> bool:
    """Puts the person on the list, with a welcome where the list sends one; False where she is on it already."""
    row = {
        "list_id": mailing_list.id,
        "subscriber_id": subscriber_id,
        "state": SubscriptionState.PENDING,
        "since": now,
    }
    session.execute(insert_unless_there(session, Subscription), row)
    made_active = session.execute(
        sa.update(Subscription)
        .where(
            Subscription.list_id == mailing_list.id,
            Subscription.subscriber_id == subscriber_id,
            Subscription.state != SubscriptionState.ACTIVE,
        )
        .values(
            state=SubscriptionState.ACTIVE,
            end_reason=None,
            ended_at=None,
            leave_way=None,
            leave_reason=None,
            since=now,
            consent_basis=f"consent by form, {now:%Y-%m-%d}",
        )
        .returning(Subscription.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if made_active is None:
        return False
    if mailing_list.sends_welcome:
        enqueue(session, WELCOME, {"subscription_id": made_active}, now)
    return True
