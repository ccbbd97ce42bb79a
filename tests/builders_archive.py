"""Puts whole shelves of the archive into a database: lists with frozen editions that were mailed."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from builders_web import a_list
from newsletter.audience.models import MailingList
from newsletter.editions.models import (
    Edition,
    EditionMode,
    EditionState,
    EditionText,
    Fallback,
    RenderedEdition,
)
from newsletter.foundation.database import Database, WriteSession
from newsletter.foundation.signing import random_name, readable_name
from newsletter.mailing.models import Mailing, MailingState

HTML = (
    '<html lang="{0}" dir="ltr"><head><title>{0}</title><style>p {{ color: #111 }}</style></head>'
    '<body style="margin:0" data-of="a > b"><p>Hello [[first_name|friend]]</p></body></html>'
)


def an_archive(
    db: Database,
    now: datetime,
    slug: str = "canal",
    *,
    count: int = 1,
    variants: Mapping[str, str] | None = None,
    state: MailingState | None = MailingState.FINISHED,
    is_public: bool = True,
    names: dict[str, str] | None = None,
) -> list[str]:
    """A list with `count` editions, one a day, the last one today; the names in their addresses, the oldest first.

    `variants` are the subjects by variant; `state` that of every mailing, None for editions that have none.
    """
    with db.transaction() as session:
        values = {"slug": slug, "list_id": f"{slug}.example.org", "is_public": is_public}
        mailing_list = a_list(session, now, **(values | ({"names": names} if names else {})))
        return [
            an_issue(
                session,
                mailing_list,
                number,
                now - timedelta(days=count - number),
                variants=variants,
                state=state,
            )
            for number in range(1, count + 1)
        ]


def an_issue(
    session: WriteSession,
    mailing_list: MailingList,
    number: int,
    on: datetime,
    *,
    variants: Mapping[str, str] | None = None,
    state: MailingState | None = MailingState.FINISHED,
) -> str:
    """One frozen edition, mailed on that day; the name in its addresses."""
    variants = variants or {"fr": f"Le canal, n° {number}", "en": f"The canal, no. {number}"}
    languages = tuple(dict.fromkeys(variant.split("+")[0] for variant in variants))
    edition = Edition(
        list_id=mailing_list.id,
        issue_number=number,
        public_name=random_name(),
        languages=languages,
        mode=EditionMode.SEPARATE,
        fallback=Fallback.LABEL,
        state=EditionState.FROZEN,
        created_at=on,
        frozen_at=on,
        texts=[
            EditionText(language=tag, subject="", preheader=f"Preheader {tag} {number}", updated_at=on)
            for tag in languages
        ],
    )
    session.add(edition)
    session.flush()
    for variant, subject in variants.items():
        html = HTML.format(variant.split("+")[0])
        session.add(
            RenderedEdition(
                edition_id=edition.id,
                variant=variant,
                subject=subject,
                html=html,
                text="",
                mjml="",
                size_bytes=len(html),
                content_hash="0" * 64,
            )
        )
    if state is not None:
        session.add(Mailing(edition_id=edition.id, state=state, created_at=on))
    session.flush()
    return readable_name(edition.public_name)
