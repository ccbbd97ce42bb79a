"""The answer to a sign-up: "please confirm", or "you are subscribed already".

Transactional: what was asked for, when, and the two ways to answer. Nothing that was typed into the form is in it
(somebody may have typed it to annoy the person who gets the mail), and no advertising.
"""

from datetime import datetime

import structlog

from newsletter.audience.models import MailingList
from newsletter.audience.sign_up.actions import CONSIDER, PURPOSE
from newsletter.audience.sign_up.considering import Answer, consider, record_answered
from newsletter.audience.sign_up.words import name_in
from newsletter.foundation.texts import texts
from newsletter.jobs.actions import ClaimedJob
from newsletter.notices.desk import NoticeDesk
from newsletter.notices.moments import moment_in_words
from newsletter.notices.notice import Link, Notice, NoticePart
from newsletter.notices.sign_up_alarm import watch_sign_ups

KIND = CONSIDER

_log = structlog.get_logger()


def handle(desk: NoticeDesk, job: ClaimedJob) -> datetime | None:
    """Answers one sign-up, or puts that off until a budget allows it. Raises TryLater where the relay is away."""
    sign_up_id = int(job.payload["sign_up_id"])
    now = desk.clock()
    with desk.database.transaction() as session:
        answer = consider(session, desk.keyring, desk.budgets, sign_up_id, now)
        if isinstance(answer, Answer):
            watch_sign_ups(session, now)
    if not isinstance(answer, Answer):
        return answer
    sent = desk.send(_notice(desk, answer))
    if not sent.is_accepted:
        _log.info("sign_up_answer_refused", sign_up_id=sign_up_id)
        return None
    with desk.database.transaction() as session:
        record_answered(session, sign_up_id, sent.message_id, desk.clock())
    return None


def _notice(desk: NoticeDesk, answer: Answer) -> Notice:
    words = _please_confirm if answer.is_news else _already
    name, address = _sender(answer.lists)
    return Notice(
        recipient=answer.recipient,
        label=f"sign-up.{answer.sign_up_id}.{answer.public_name.hex()}",
        parts=tuple(words(desk, answer, language) for language in desk.speaks(answer.languages)),
        sender_name=name,
        sender_address=address,
    )


def _sender(lists: tuple[MailingList, ...]) -> tuple[str, str]:
    if len(lists) != 1:
        return "", ""
    return lists[0].sender_name, lists[0].sender_address


def _please_confirm(desk: NoticeDesk, answer: Answer, language: str) -> NoticePart:
    t = texts(language).gettext
    token = desk.keyring.one_time_token(PURPOSE, answer.public_name)
    names = list_names(answer.lists, language)
    asked = (
        t("On {moment}, somebody asked us to send {lists} to this address.")
        if len(answer.lists) > 1
        else t("On {moment}, somebody asked us to send the newsletter {lists} to this address.")
    )
    return NoticePart(
        language=language,
        subject=t("Please confirm your subscription"),
        heading=t("One click, and you are subscribed"),
        sentences=(
            asked.format(moment=moment_in_words(answer.requested_at, desk.zone, language), lists=names),
            t("If that was you, please confirm it. The page that opens has one button, and that is all."),
        ),
        button=Link(t("Confirm my subscription"), f"{desk.base_url}/{language}/confirm/{token}"),
        asides=(
            t("The link works for seven days. Without a confirmation nothing happens: you need do nothing."),
            t("It was not you, and you wish no more mails from us, whoever asks for them?"),
        ),
        links=(Link(t("Not me, never write to me again"), f"{desk.base_url}/{language}/not-me/{token}"),),
    )


def _already(desk: NoticeDesk, answer: Answer, language: str) -> NoticePart:
    t = texts(language).gettext
    moment = moment_in_words(answer.requested_at, desk.zone, language)
    return NoticePart(
        language=language,
        subject=t("You are subscribed already"),
        heading=t("You are subscribed already"),
        sentences=(
            t("On {moment}, somebody asked us to send {lists} to this address.").format(
                moment=moment, lists=list_names(answer.lists, language)
            ),
            t("You receive that already, so nothing has changed."),
        ),
        button=Link(t("See or change my subscriptions"), f"{desk.base_url}/{language}/preferences"),
        asides=(t("If it was not you, you need do nothing."),),
    )


def list_names(lists: tuple[MailingList, ...], language: str) -> str:
    """The names of the lists in quotation marks, as an enumeration in a sentence."""
    t = texts(language).gettext
    quoted = [t("“{list}”").format(list=name_in(item.names, language)[0]) for item in lists]
    if len(quoted) == 1:
        return quoted[0]
    return t("{several} and {last}").format(several=", ".join(quoted[:-1]), last=quoted[-1])
