"""What mailings hold of one person: what went to her, and what is taken out of it when she is erased."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.erasing import without_address
from newsletter.audience.models import MailingList, Subscription
from newsletter.editions.models import Edition, RenderedEdition
from newsletter.foundation.database import ReadSession, WriteSession
from newsletter.mailing.folding import folds_with
from newsletter.mailing.models import Delivery, DeliverySlice, DeliveryState, Mailing, SkipReason


@dataclass(frozen=True, slots=True)
class MailDelivered:
    """One reader's mail of one mailing: which edition of which list, under which subject, and what became of it."""

    mailing: int
    list: str
    issue_number: int
    variant: str | None
    subject: str
    state: DeliveryState
    skip_reason: SkipReason | None
    attempt_count: int
    reply_code: int | None
    reply_enhanced: str | None
    reply_text: str
    changed_at: datetime


def mails_of(session: ReadSession, subscriber_ids: Sequence[int]) -> tuple[MailDelivered, ...]:
    """What was to go to these rows of one person, the oldest mailing first."""
    rows = session.execute(
        sa.select(Delivery, MailingList.slug, Edition.issue_number, RenderedEdition.subject)
        .join(Mailing, Mailing.id == Delivery.mailing_id)
        .join(Edition, Edition.id == Mailing.edition_id)
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .join(MailingList, MailingList.id == Subscription.list_id)
        .outerjoin(
            RenderedEdition,
            sa.and_(RenderedEdition.edition_id == Edition.id, RenderedEdition.variant == Delivery.variant),
        )
        .where(Delivery.subscriber_id.in_(subscriber_ids))
        .order_by(Delivery.mailing_id, Delivery.subscriber_id)
    )
    mails = [
        MailDelivered(
            mailing=delivery.mailing_id,
            list=slug,
            issue_number=issue_number,
            variant=delivery.variant,
            subject=subject or "",
            state=delivery.state,
            skip_reason=delivery.skip_reason,
            attempt_count=delivery.attempt_count,
            reply_code=delivery.reply_code,
            reply_enhanced=delivery.reply_enhanced,
            reply_text=delivery.reply_text,
            changed_at=delivery.changed_at,
        )
        for delivery, slug, issue_number, subject in rows
    ]
    return tuple(sorted([*mails, *_folded_mails(session, subscriber_ids)], key=lambda mail: mail.mailing))


def _folded_mails(session: ReadSession, subscriber_ids: Sequence[int]) -> list[MailDelivered]:
    """Those of mailings that ended long ago: accepted, and by when; more is not kept of them."""
    folds = folds_with(session, subscriber_ids)
    about = {
        (mailing_id, list_id, variant): (slug, issue_number, subject)
        for mailing_id, list_id, variant, slug, issue_number, subject in session.execute(
            sa.select(
                Mailing.id, MailingList.id, RenderedEdition.variant, MailingList.slug, Edition.issue_number,
                RenderedEdition.subject,
            )
            .join(Edition, Edition.id == Mailing.edition_id)
            .join(RenderedEdition, RenderedEdition.edition_id == Edition.id)
            .join(MailingList, MailingList.id.in_([fold.list_id for _, fold in folds]))
            .where(Mailing.id.in_([fold.mailing_id for _, fold in folds]))
        )
    }  # fmt: skip
    mails = []
    for _, fold in folds:
        slug, issue_number, subject = about[fold.mailing_id, fold.list_id, fold.variant]
        mails.append(
            MailDelivered(
                mailing=fold.mailing_id,
                list=slug,
                issue_number=issue_number,
                variant=fold.variant,
                subject=subject,
                state=DeliveryState.ACCEPTED,
                skip_reason=None,
                attempt_count=1,
                reply_code=None,
                reply_enhanced=None,
                reply_text="",
                changed_at=fold.changed_at,
            )
        )
    return mails


def forget_words_about(session: WriteSession, subscriber_ids: Sequence[int]) -> None:
    """Empties what servers said of these people, who are erased; what became of their mails stays, so that reports add up."""
    session.execute(
        sa.update(Delivery)
        .where(Delivery.subscriber_id.in_(subscriber_ids), Delivery.reply_text != "")
        .values(reply_text="")
        .execution_options(synchronize_session=False)
    )


def forget_in_texts(session: WriteSession, addresses: Sequence[str]) -> None:
    """Takes these addresses out of the filters that mailings were planned with, and of a relay's words that stopped them."""
    places = ((Mailing, "filter"), (Mailing, "paused_because"), (DeliverySlice, "held_because"))
    for address in addresses:
        for table, name in places:
            named = sa.func.lower(getattr(table, name)).contains(address.lower(), autoescape=True)
            for found in session.scalars(sa.select(table).where(named)):
                setattr(found, name, without_address(getattr(found, name), address))
    session.flush()


def is_any_on_its_way(session: ReadSession, subscriber_ids: Sequence[int]) -> bool:
    """Whether a message to one of these people is on the wire, or in doubt: a server's words may still come."""
    open_states = (DeliveryState.ATTEMPTING, DeliveryState.IN_DOUBT)
    found = sa.exists().where(Delivery.subscriber_id.in_(subscriber_ids), Delivery.state.in_(open_states))
    return bool(session.scalar(sa.select(found)))
