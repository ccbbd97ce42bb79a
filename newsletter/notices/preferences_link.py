"""The mail that brings a reader the way to her preferences: short-lived, and sent to the address that we know, not the typed one."""

from datetime import datetime

import structlog

from newsletter.audience.preferences.considering import (
    CONSIDER,
    PURPOSE,
    LinkToMail,
    consider_request,
    record_mailed,
)
from newsletter.foundation.texts import texts
from newsletter.jobs.actions import ClaimedJob
from newsletter.notices.desk import NoticeDesk
from newsletter.notices.moments import moment_in_words
from newsletter.notices.notice import Link, Notice, NoticePart

KIND = CONSIDER

_log = structlog.get_logger()


def handle(desk: NoticeDesk, job: ClaimedJob) -> datetime | None:
    """Mails one link, or puts that off until a budget allows it. Raises TryLater where the relay is away."""
    request_id = int(job.payload["request_id"])
    with desk.database.transaction() as session:
        link = consider_request(session, desk.keyring, desk.budgets, request_id, desk.clock())
    if not isinstance(link, LinkToMail):
        return link
    sent = desk.send(_notice(desk, link))
    if not sent.is_accepted:
        _log.info("preferences_mail_refused", link_id=link.link_id)
    with desk.database.transaction() as session:
        record_mailed(session, request_id, link.link_id, sent.message_id)
    return None


def _notice(desk: NoticeDesk, link: LinkToMail) -> Notice:
    return Notice(
        recipient=link.recipient,
        label=f"preferences.{link.link_id}.{link.public_name.hex()}",
        parts=tuple(_part(desk, link, language) for language in desk.speaks(link.languages)),
    )


def _part(desk: NoticeDesk, link: LinkToMail, language: str) -> NoticePart:
    t = texts(language).gettext
    token = desk.keyring.one_time_token(PURPOSE, link.public_name)
    moment = moment_in_words(link.requested_at, desk.zone, language)
    return NoticePart(
        language=language,
        subject=t("The way to your preferences"),
        heading=t("Your preferences"),
        sentences=(
            t("On {moment}, somebody asked for this link to your preferences.").format(moment=moment),
            t(
                "There you choose your newsletters and languages, take a break, see what we know of you, or have it erased."
            ),
        ),
        button=Link(t("Open my preferences"), f"{desk.base_url}/{language}/preferences/{token}"),
        asides=(
            t(
                "The link works for an hour. Please do not forward this mail: whoever has the link can change your preferences."
            ),
            t("If it was not you, you need do nothing."),
        ),
    )
