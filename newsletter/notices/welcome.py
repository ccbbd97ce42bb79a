"""The welcome to a list, where it sends one: what comes, how often, from which address, and how to leave."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from newsletter.audience.models import Subscription, SubscriptionState, Suppression
from newsletter.audience.sign_up.activating import WELCOME
from newsletter.audience.sign_up.words import name_in
from newsletter.foundation.database import ReadSession
from newsletter.foundation.language import lookup
from newsletter.foundation.texts import texts
from newsletter.jobs.actions import ClaimedJob
from newsletter.notices.desk import NoticeDesk
from newsletter.notices.notice import Link, Notice, NoticePart

KIND = WELCOME
_UNSUBSCRIBE = "unsubscribe"


def handle(desk: NoticeDesk, job: ClaimedJob) -> datetime | None:
    """Welcomes one reader to one list, unless she left again. Raises TryLater where the relay is away."""
    with desk.database.read() as session:
        notice = _notice(desk, session, int(job.payload["subscription_id"]))
    if notice is not None:
        desk.send(notice)
    return None


def _notice(desk: NoticeDesk, session: ReadSession, subscription_id: int) -> Notice | None:
    found = session.get(
        Subscription,
        subscription_id,
        options=[joinedload(Subscription.subscriber), joinedload(Subscription.mailing_list)],
    )
    if found is None or found.state is not SubscriptionState.ACTIVE:
        return None
    suppressed = sa.exists().where(Suppression.address_key == found.subscriber.address_key)
    if session.scalar(sa.select(suppressed)):
        return None
    item = found.mailing_list
    return Notice(
        recipient=found.subscriber.address,
        label=f"welcome.{subscription_id}.{found.since:%Y%m%d%H%M%S}",
        parts=tuple(_part(desk, found, language) for language in desk.speaks(found.subscriber.languages)),
        sender_name=item.sender_name,
        sender_address=item.sender_address,
    )


def _part(desk: NoticeDesk, subscription: Subscription, language: str) -> NoticePart:
    t = texts(language).gettext
    item = subscription.mailing_list
    name = name_in(item.names, language)[0]
    tag = lookup([language], list(item.cadences))
    token = desk.keyring.sign(_UNSUBSCRIBE, subscription.public_name)
    sentences = [t("Thank you: your subscription to “{list}” is active from now on.").format(list=name)]
    if tag is not None:
        sentences.append(t("How often it comes: {cadence}").format(cadence=item.cadences[tag]))
    return NoticePart(
        language=language,
        subject=t("Welcome to “{list}”").format(list=name),
        heading=t("Welcome"),
        sentences=(*sentences, t("There is nothing more to do. The next edition will find its way to you.")),
        asides=(
            t("It comes from this same address: if you like, add it to your contacts."),
            t("You can leave whenever you like, with the link below or the one at the foot of each mail."),
        ),
        links=(
            Link(t("See or change my subscriptions"), f"{desk.base_url}/{language}/preferences"),
            Link(t("Unsubscribe"), f"{desk.base_url}/u/{token}"),
        ),
    )
