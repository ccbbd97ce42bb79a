"""Takes in one mail: known already, set aside, fulfilled, or kept for people."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from newsletter.audience.models import Subscriber, Subscription
from newsletter.audience.queries import name_in_force
from newsletter.audience.rules import address_key
from newsletter.foundation.addresses import canonical_address
from newsletter.foundation.database import ReadSession, WriteSession, insert_unless_there
from newsletter.foundation.signing import Keyring
from newsletter.inbound.leave_question import is_our_question
from newsletter.inbound.leaving import PURPOSE, Fulfilled, leave_by_token, leave_by_words
from newsletter.inbound.mime import all_headers, header
from newsletter.inbound.models import InboundKind, InboundMention, InboundMessage, InboundState
from newsletter.inbound.parsing import MailSeen, addresses_in
from newsletter.inbound.rules import is_sender_proven, kind_by_machine
from newsletter.inbound.wishes import is_wish_to_leave, newly_written, token_in

_STATES = {
    InboundKind.BOUNCE: InboundState.NOT_READ_YET,
    InboundKind.COMPLAINT: InboundState.NOT_READ_YET,
    InboundKind.AUTOMATIC: InboundState.SET_ASIDE,
    InboundKind.REPLY: InboundState.FOR_PEOPLE,
    InboundKind.UNSUBSCRIBE: InboundState.DONE,
    InboundKind.WISH: InboundState.DONE,
}
_SENDER_MAX = 320


@dataclass(frozen=True, slots=True)
class Office:
    """What deciding about a mail needs: keys, our public address, and who may vouch for a sender."""

    keyring: Keyring
    base_url: str
    trusted_authserv_ids: tuple[str, ...] = ()


def take_in(session: WriteSession, office: Office, mail: MailSeen, now: datetime) -> InboundKind | None:
    """Does what the mail wishes, and keeps it; what it was. None where it was taken in before: nothing changes then."""
    kind = kind_by_machine(mail)
    fulfilled: Fulfilled | None = None
    written = newly_written(mail.text)
    message_id = _keep(session, mail, written, now)
    if message_id is None:
        return None
    if kind is None:
        kind, fulfilled = _fulfil(session, office, mail, written, now)
    _settle(session, message_id, kind, fulfilled)
    _keep_mentions(session, office.keyring, message_id, mail)
    return kind


def quarantine(
    session: WriteSession, digest: bytes, size_bytes: int, raw: bytes, why: str, now: datetime
) -> bool:
    """Keeps a mail that could not be read, so that the next one can be; False where it is kept already (threat T24)."""
    row = {
        "digest": digest,
        "kind": InboundKind.UNREADABLE,
        "state": InboundState.QUARANTINED,
        "sender": "",
        "subject": "",
        "text": "",
        "note": why,
        "size_bytes": size_bytes,
        "raw": raw,
        "read_at": now,
    }
    statement = insert_unless_there(session, InboundMessage).returning(InboundMessage.id)
    return session.execute(statement, row).first() is not None


def _keep(session: WriteSession, mail: MailSeen, written: str, now: datetime) -> int | None:
    row = {
        "digest": mail.digest,
        "kind": InboundKind.REPLY,
        "state": InboundState.FOR_PEOPLE,
        "sender": mail.sender[:_SENDER_MAX],
        "subject": mail.subject,
        "text": written,
        "note": "",
        "size_bytes": mail.size_bytes,
        "raw": mail.raw,
        "read_at": now,
    }
    statement = insert_unless_there(session, InboundMessage).returning(InboundMessage.id)
    return session.execute(statement, row).scalar_one_or_none()


def _fulfil(
    session: WriteSession, office: Office, mail: MailSeen, written: str, now: datetime
) -> tuple[InboundKind, Fulfilled | None]:
    token = token_in(mail.subject)
    if token is not None:
        return InboundKind.UNSUBSCRIBE, leave_by_token(session, office.keyring, token, now)
    if not is_wish_to_leave(written, mail.subject):
        return InboundKind.REPLY, None
    quoted = _quoted_token(session, office, mail)
    if quoted is not None:
        return InboundKind.WISH, leave_by_token(session, office.keyring, quoted, now)
    recipients = addresses_in(all_headers(mail.headers, "to") + all_headers(mail.headers, "cc"))
    references = f"{header(mail.headers, 'in-reply-to')} {header(mail.headers, 'references')}"
    return InboundKind.WISH, leave_by_words(
        session,
        office.keyring,
        mail.sender,
        recipients,
        now,
        is_proven=is_sender_proven(mail, office.trusted_authserv_ids),
        may_ask=not is_our_question(references),
    )


def _quoted_token(session: ReadSession, office: Office, mail: MailSeen) -> str | None:
    """The token of the unsubscribe link in the mail that is quoted below, where it is the sender's own.

    Who was forwarded somebody else's mail and answers "unsubscribe" means herself, not that other reader.
    """
    before = f"{office.base_url}/u/"
    for piece in mail.text.split(before)[1:21]:
        token = piece[:40]
        name = office.keyring.verify(PURPOSE, token)
        if name is None:
            continue
        address = session.scalar(
            sa.select(Subscriber.address)
            .join(Subscription, Subscription.subscriber_id == Subscriber.id)
            .where(Subscription.public_name == name_in_force(session, name))
        )
        if address and canonical_address(address) == canonical_address(mail.sender):
            return token
    return None


def _settle(session: WriteSession, message_id: int, kind: InboundKind, fulfilled: Fulfilled | None) -> None:
    session.execute(
        sa.update(InboundMessage)
        .where(InboundMessage.id == message_id)
        .values(
            kind=kind,
            state=_STATES[kind],
            result=fulfilled.result if fulfilled else None,
            subscriber_id=fulfilled.subscriber_id if fulfilled else None,
        )
        .execution_options(synchronize_session=False)
    )


def _keep_mentions(session: WriteSession, keyring: Keyring, message_id: int, mail: MailSeen) -> None:
    sender_key = address_key(keyring, mail.sender) if mail.sender else None
    keys = {address_key(keyring, address) for address in mail.named}
    if sender_key is not None:
        keys.add(sender_key)
    rows = [
        {"message_id": message_id, "address_key": key, "is_sender": key == sender_key} for key in sorted(keys)
    ]
    if rows:
        session.execute(sa.insert(InboundMention), rows)
