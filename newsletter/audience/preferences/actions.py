"""What a reader changes herself, through a link that was mailed to her a moment ago."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.consent.actions import Visit, keep_shown_text, record_consent
from newsletter.audience.consent.models import ConsentEvent
from newsletter.audience.leaving.actions import leave_lists
from newsletter.audience.models import (
    LanguageOrigin,
    LeaveWay,
    MailingList,
    Subscriber,
    Suppression,
)
from newsletter.audience.preferences.queries import PreferencesSeen, lists_left_by
from newsletter.audience.sign_up.actions import FormShown
from newsletter.audience.sign_up.activating import activate
from newsletter.audience.sign_up.answering import LIFTED
from newsletter.foundation.database import WriteSession


@dataclass(frozen=True, slots=True)
class ListsChanged:
    """Which lists, by number, she left and joined just now; both empty where nothing changed."""

    left: tuple[int, ...]
    joined: tuple[int, ...]


def choose_lists(
    session: WriteSession,
    seen: PreferencesSeen,
    chosen: Collection[str],
    form: FormShown,
    visit: Visit,
    now: datetime,
) -> ListsChanged:
    """Leaves the lists that she is on and did not choose, joins those that she chose and is not on.

    Joining is a new opt-in: the link came by mail to her own address within the hour, so choosing is confirming, and
    both are kept as evidence with the words that she saw (GDPR article 7(1)). It lifts what a sign-up would lift.
    """
    to_leave = [choice.offer.id for choice in seen.lists if choice.is_on and choice.offer.slug not in chosen]
    to_join = [choice.offer for choice in seen.lists if not choice.is_on and choice.offer.slug in chosen]
    left = leave_lists(session, seen.subscriber_id, to_leave, LeaveWay.PREFERENCES, now)
    joined = []
    for offer in to_join:
        mailing_list = session.get_one(MailingList, offer.id)
        if not activate(session, seen.subscriber_id, mailing_list, now):
            continue
        joined.append(offer.id)
        shown_hash = keep_shown_text(session, offer.shown, form.language)
        for event in (ConsentEvent.REQUESTED, ConsentEvent.CONFIRMED):
            record_consent(
                session,
                subscriber_id=seen.subscriber_id,
                list_id=offer.id,
                event=event,
                now=now,
                basis="preferences",
                form_url=form.url,
                shown_hash=shown_hash,
                visit=visit,
                message_id=seen.message_id,
            )
    if joined:
        key = sa.select(Subscriber.address_key).where(Subscriber.id == seen.subscriber_id).scalar_subquery()
        session.execute(
            sa.delete(Suppression)
            .where(Suppression.address_key == key, Suppression.reason.in_(LIFTED))
            .execution_options(synchronize_session=False)
        )
    return ListsChanged(left, tuple(joined))


def leave_all(session: WriteSession, subscriber_id: int, now: datetime) -> tuple[int, ...]:
    """Leaves every list that she is on, private ones and those that wait for her included."""
    list_ids = lists_left_by(session, subscriber_id)
    return leave_lists(session, subscriber_id, list_ids, LeaveWay.PREFERENCES, now)


def choose_languages(
    session: WriteSession, subscriber_id: int, languages: Sequence[str], *, reads_both: bool, now: datetime
) -> None:
    """Her languages in her order: an explicit choice, which nothing overwrites."""
    _change(
        session,
        subscriber_id,
        now,
        languages=tuple(languages),
        reads_both=reads_both,
        language_origin=LanguageOrigin.EXPLICIT,
    )


def choose_name(session: WriteSession, subscriber_id: int, first_name: str, name: str, now: datetime) -> None:
    """What mails greet her with, and her whole name."""
    _change(session, subscriber_id, now, first_name=first_name, name=name)


def choose_pause(session: WriteSession, subscriber_id: int, until: datetime | None, now: datetime) -> None:
    """No mail before `until`; None: mails again."""
    _change(session, subscriber_id, now, paused_until=until)


def _change(session: WriteSession, subscriber_id: int, now: datetime, **values: object) -> None:
    session.execute(
        sa.update(Subscriber)
        .where(Subscriber.id == subscriber_id, Subscriber.erased_at.is_(None))
        .values(updated_at=now, **values)
        .execution_options(synchronize_session=False)
    )
