"""Evidence is written down here, and nowhere changed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from newsletter.audience.consent.models import Consent, ConsentEvent, ShownText
from newsletter.foundation.database import WriteSession, insert_unless_there

_USER_AGENT_MAX = 400


@dataclass(frozen=True, slots=True)
class Visit:
    """From where a form was sent: the address of the visitor's connection and what her browser calls itself."""

    ip: str = ""
    user_agent: str = ""


def keep_shown_text(session: WriteSession, text: str, language: str) -> str:
    """The hash by which evidence names these words; they are kept once."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    session.execute(
        insert_unless_there(session, ShownText), {"hash": digest, "language": language, "text": text}
    )
    return digest


def record_consent(
    session: WriteSession,
    *,
    subscriber_id: int,
    list_id: int | None,
    event: ConsentEvent,
    now: datetime,
    basis: str = "",
    way: str = "",
    form_url: str = "",
    shown_hash: str | None = None,
    visit: Visit | None = None,
    message_id: str = "",
) -> Consent:
    """One event of evidence about a person and a list (None: every list)."""
    visit = visit or Visit()
    written = Consent(
        subscriber_id=subscriber_id,
        list_id=list_id,
        event=event,
        at=now,
        basis=basis,
        way=way,
        form_url=form_url,
        shown_hash=shown_hash,
        ip=visit.ip,
        user_agent=visit.user_agent[:_USER_AGENT_MAX],
        message_id=message_id,
    )
    session.add(written)
    session.flush()
    return written
