"""The answer to "unsubscribe me" from a sender who is not proven: the link that would do it, to the reader's own mailbox.

It is an answer to a mail: null envelope sender and `Auto-Submitted: auto-replied`, so that nothing answers it in turn
(RFC 3834 sections 3.3 and 5; deliverability M9, M21).
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.models import MailingList, Subscriber, Subscription, SubscriptionState
from newsletter.audience.sign_up.words import name_in
from newsletter.foundation.database import ReadSession
from newsletter.foundation.texts import texts
from newsletter.jobs.actions import ClaimedJob
from newsletter.notices.desk import NoticeDesk
from newsletter.notices.notice import Link, Notice, NoticePart

_LABEL = "leave-question"
_UNSUBSCRIBE = "unsubscribe"


def is_our_question(references: str) -> bool:
    """Whether a mail with these `In-Reply-To` and `References` answers such a question."""
    return f"<{_LABEL}." in references


def ask(desk: NoticeDesk, job: ClaimedJob) -> datetime | None:
    """Mails the links of the lists that are meant, unless she has left them meanwhile. Raises TryLater where the relay is away."""
    with desk.database.read() as session:
        notice = _notice(desk, session, int(job.payload["subscriber_id"]), job)
    if notice is not None:
        desk.send(notice)
    return None


def _notice(desk: NoticeDesk, session: ReadSession, subscriber_id: int, job: ClaimedJob) -> Notice | None:
    subscriber = session.get(Subscriber, subscriber_id)
    rows = session.execute(
        sa.select(Subscription.public_name, MailingList)
        .join(MailingList, MailingList.id == Subscription.list_id)
        .where(
            Subscription.subscriber_id == subscriber_id,
            Subscription.list_id.in_([int(number) for number in job.payload["list_ids"]]),
            Subscription.state != SubscriptionState.ENDED,
        )
        .order_by(MailingList.id)
    ).all()
    if subscriber is None or subscriber.erased_at is not None or not rows:
        return None
    pairs = [(desk.keyring.sign(_UNSUBSCRIBE, row.public_name), row.MailingList) for row in rows]
    is_one = len(pairs) == 1
    return Notice(
        recipient=subscriber.address,
        label=f"{_LABEL}.{job.id}.{subscriber_id}",
        parts=tuple(_part(desk, pairs, language) for language in desk.speaks(subscriber.languages)),
        sender_name=pairs[0][1].sender_name if is_one else "",
        sender_address=pairs[0][1].sender_address if is_one else "",
        is_answer=True,
    )


def _part(desk: NoticeDesk, pairs: Sequence[tuple[str, MailingList]], language: str) -> NoticePart:
    t = texts(language).gettext
    links = [
        Link(t("Leave “{list}”").format(list=name_in(item.names, language)[0]), f"{desk.base_url}/u/{token}")
        for token, item in pairs
    ]
    return NoticePart(
        language=language,
        subject=t("Do you wish to leave?"),
        heading=t("One click, and you have left"),
        sentences=(
            t("We received a mail from your address that asks us to send you nothing more."),
            t(
                "A sender’s address is easily forged, so nothing has happened yet. If it was you, please follow the link: the page that opens has one button, and that is all."
            ),
        ),
        button=links[0],
        asides=(t("If it was not you, you need do nothing."),),
        links=tuple(links[1:]),
    )
