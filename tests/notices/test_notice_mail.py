"""The mail of a notice, on its octets, and what becomes of it at the relay."""

import email
import email.policy
from collections.abc import Callable, Sequence
from datetime import datetime
from email.message import EmailMessage

import pytest

from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.jobs.run import TryLater
from newsletter.notices.compose import Letterhead, compose_notice
from newsletter.notices.desk import NoticeDesk, SentNotice
from newsletter.notices.notice import Link, Notice, NoticePart
from newsletter.rendering.content import Branding
from newsletter.transport.envelope import Report
from newsletter.transport.errors import RelayUnreachable
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job

LETTERHEAD = Letterhead(
    "news@canal.example", Branding("Les Jardins du Canal", "Quai des Charbonnages 1\n1080 Molenbeek")
)
FRENCH = NoticePart(
    "fr",
    "Confirmez votre inscription",
    "Encore un clic !",
    ('On a demandé "La lettre <b>[[first_name]]</b>".',),
    Link("Je confirme", "https://news.canal.example/fr/confirm/abc?x=1&y=2"),
    ("Ce lien vaut sept jours.",),
    (Link("Ce n'était pas moi", "https://news.canal.example/fr/not-me/abc"),),
)
ENGLISH = NoticePart("en", "Confirm your subscription", "One more click!", ("Somebody asked for it.",))
ARABIC = NoticePart("ar", "تأكيد", "نقرة واحدة", ("سؤال",))


def mail_of(now: datetime, *parts: NoticePart, recipient: str = "zoe@example.org") -> bytes:
    return compose_notice(Notice(recipient, "confirm.1", parts), LETTERHEAD, now).message


def parsed(message: bytes) -> EmailMessage:
    found = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def bodies(message: bytes) -> tuple[str, str]:
    text, html = (
        part.get_content().replace("\r\n", "\n").replace("&nbsp;", "\u00a0")
        for part in parsed(message).iter_parts()
    )
    return text, html


def test_m8_m9_notice_says_that_a_machine_wrote_it_and_offers_nothing_to_leave(now: datetime) -> None:
    head = mail_of(now, FRENCH, ENGLISH).split(b"\r\n\r\n", 1)[0].split(b"\r\n")
    assert b"Auto-Submitted: auto-generated" in head
    assert b"X-Auto-Response-Suppress: OOF, AutoReply" in head
    assert b"Content-Language: fr, en" in head
    assert b"From: Les Jardins du Canal <news@canal.example>" in head
    assert b"Message-ID: <confirm.1@canal.example>" in head
    assert [line for line in head if line.lower().startswith((b"list-", b"precedence", b"feedback-id"))] == []


def test_notice_in_two_languages_says_both_in_subject_text_and_html(now: datetime) -> None:
    message = mail_of(now, FRENCH, ENGLISH)
    assert parsed(message)["Subject"] == "Confirmez votre inscription | Confirm your subscription"
    text, html = bodies(message)
    assert text.index("Encore un clic\u202f!") < text.index("One more click!")
    assert '<div lang="fr" dir="ltr">' in html
    assert '<div lang="en" dir="ltr">' in html
    assert "Quai des Charbonnages 1\n1080 Molenbeek" in text


def test_notice_in_arabic_is_written_from_right_to_left(now: datetime) -> None:
    _, html = bodies(mail_of(now, ARABIC))
    assert '<div lang="ar" dir="rtl">' in html


def test_words_of_a_notice_are_words_and_never_markup_or_fields(now: datetime) -> None:
    text, html = bodies(mail_of(now, FRENCH))
    assert "«\u00a0La lettre <b>[[first_name]]</b>\u00a0»" in text
    assert "«\u00a0La lettre &lt;b&gt;[[first_name]]&lt;/b&gt;\u00a0»" in html
    assert 'href="https://news.canal.example/fr/confirm/abc?x=1&amp;y=2"' in html
    assert "https://news.canal.example/fr/confirm/abc?x=1&y=2\n" in text


def test_the_same_notice_is_the_same_octets_again(now: datetime) -> None:
    assert mail_of(now, FRENCH) == mail_of(now, FRENCH)


def test_notice_to_an_address_of_another_script_has_its_domain_in_plain_letters(now: datetime) -> None:
    composed = compose_notice(Notice("zoe@bücher.example", "a.1", (ENGLISH,)), LETTERHEAD, now)
    assert composed.recipient == "zoe@xn--bcher-kva.example"
    assert composed.message.isascii()


class ALine:
    """A line on which every message has the same outcome."""

    def __init__(self, verdict: Verdict | None) -> None:
        self.verdict = verdict
        self.recipients: list[str] = []
        self.reports: list[Report] = []

    def deliver(self, jobs: Sequence[Job], on_outcome: Callable[[Job, Outcome], None]) -> None:
        for job in jobs:
            if self.verdict is None:
                raise RelayUnreachable("relay.example", 25, "connection refused", "Is it running?")
            self.recipients.append(job.recipient)
            self.reports.append(job.report)
            on_outcome(job, Outcome(self.verdict, 250, None, "the server's words"))


def desk(db: Database, keyring: Keyring, now: datetime, line: ALine) -> NoticeDesk:
    return NoticeDesk(db, keyring, "https://news.canal.example", ("fr", "en"), LETTERHEAD, line, lambda: now)


@pytest.mark.parametrize(
    ("verdict", "is_accepted"),
    [
        (Verdict.ACCEPTED, True),
        (Verdict.IN_DOUBT, True),
        (Verdict.REJECTED, False),
        (Verdict.CONTENT_REFUSED, False),
    ],
)
def test_decided_notice_is_not_sent_again(
    sqlite_db: Database, keyring: Keyring, now: datetime, verdict: Verdict, is_accepted: bool
) -> None:
    line = ALine(verdict)
    sent = desk(sqlite_db, keyring, now, line).send(Notice("zoe@example.org", "confirm.1", (ENGLISH,)))
    assert sent == SentNotice("<confirm.1@canal.example>", is_accepted)
    assert line.recipients == ["zoe@example.org"]


@pytest.mark.parametrize("verdict", [Verdict.DEFERRED, Verdict.NOT_TRIED, Verdict.BLOCKED, None])
def test_undecided_notice_is_tried_later(
    sqlite_db: Database, keyring: Keyring, now: datetime, verdict: Verdict | None
) -> None:
    with pytest.raises(TryLater):
        desk(sqlite_db, keyring, now, ALine(verdict)).send(Notice("zoe@example.org", "confirm.1", (ENGLISH,)))


def test_m19_m21_notice_asks_for_no_report_of_its_delivery(
    sqlite_db: Database, keyring: Keyring, now: datetime
) -> None:
    """RFC 3834 section 3.3: what a program wrote asks for none."""
    line = ALine(Verdict.ACCEPTED)
    desk(sqlite_db, keyring, now, line).send(Notice("zoe@example.org", "confirm.1", (ENGLISH,)))
    assert line.reports == [Report.NEVER]
