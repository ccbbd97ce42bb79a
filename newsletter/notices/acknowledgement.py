"""Acknowledges that somebody left: one mail for each time that a reader did (Belgian royal decree of 4 April 2003, article 2).

None follows from a bounce, a complaint or an erasure, and none goes to an address that must not be mailed.
"""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from newsletter.audience.leaving.actions import ACKNOWLEDGE
from newsletter.audience.models import EndReason, MailingList, Subscriber, Subscription, SubscriptionState
from newsletter.audience.queries import is_suppressed
from newsletter.foundation.database import ReadSession
from newsletter.foundation.texts import texts
from newsletter.jobs.actions import ClaimedJob
from newsletter.notices.confirmation import list_names
from newsletter.notices.desk import NoticeDesk
from newsletter.notices.moments import moment_in_words
from newsletter.notices.notice import Link, Notice, NoticePart

KIND = ACKNOWLEDGE


def handle(desk: NoticeDesk, job: ClaimedJob) -> datetime | None:
    """Acknowledges one opt-out, be it of one list or of several. Raises TryLater where the relay is away."""
    left_at = datetime.fromisoformat(job.payload["left_at"])
    with desk.database.read() as session:
        notice = _notice(desk, session, job.payload["subscription_ids"], left_at)
    if notice is not None:
        desk.send(notice)
    return None


def _notice(
    desk: NoticeDesk, session: ReadSession, subscription_ids: Sequence[int], left_at: datetime
) -> Notice | None:
    left = session.scalars(
        sa.select(Subscription)
        .options(joinedload(Subscription.subscriber), joinedload(Subscription.mailing_list))
        .where(
            Subscription.id.in_(subscription_ids),
            Subscription.state == SubscriptionState.ENDED,
            Subscription.end_reason == EndReason.UNSUBSCRIBED,
        )
        .order_by(Subscription.list_id)
    ).all()
    if not left:
        return None
    reader = left[0].subscriber
    if not _may_be_mailed(session, reader):
        return None
    lists = tuple(item.mailing_list for item in left)
    sender = lists[0] if len(lists) == 1 else None
    return Notice(
        recipient=reader.address,
        label=f"left.{min(subscription_ids)}.{left_at:%Y%m%d%H%M%S}",
        parts=tuple(_part(desk, lists, left_at, language) for language in desk.speaks(reader.languages)),
        sender_name=sender.sender_name if sender else "",
        sender_address=sender.sender_address if sender else "",
    )


def _may_be_mailed(session: ReadSession, reader: Subscriber) -> bool:
    return reader.erased_at is None and not is_suppressed(session, reader.address_key)


def _part(desk: NoticeDesk, lists: tuple[MailingList, ...], left_at: datetime, language: str) -> NoticePart:
    t = texts(language).gettext
    names = list_names(lists, language)
    moment = moment_in_words(left_at, desk.zone, language)
    return NoticePart(
        language=language,
        subject=t("You have left {lists}").format(lists=names)
        if len(lists) == 1
        else t("You have left our newsletters"),
        heading=t("It is done"),
        sentences=(
            t("On {moment} you left {lists}, and we have taken note of it.").format(
                moment=moment, lists=names
            ),
            t("An edition that was on its way at that moment may still arrive; after that, nothing more."),
        ),
        asides=(t("Was it a mistake, or not you at all?"),) if any(item.is_public for item in lists) else (),
        links=_way_back(desk, lists, language),
    )


def _way_back(desk: NoticeDesk, lists: Sequence[MailingList], language: str) -> tuple[Link, ...]:
    """Undoing is a new opt-in, at the form; a private list has none."""
    slugs = [item.slug for item in lists if item.is_public]
    if not slugs:
        return ()
    ways = f"/{quote(slugs[0])}" if len(slugs) == 1 else f"?lists={quote(','.join(slugs))}"
    label = texts(language).gettext("Subscribe again")
    return (Link(label, f"{desk.base_url}/{language}/subscribe{ways}"),)
