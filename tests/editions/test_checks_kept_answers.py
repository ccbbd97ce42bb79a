"""What pages answered is kept for a week, and every check of that time tells it."""

from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from builders import a_list, a_masthead, an_announcement, an_edition
from builders_checks import message
from newsletter.editions.checks.findings import Finding
from newsletter.editions.checks.kept_answers import KEPT_FOR, ask_links_now, keep_answers, kept_answers
from newsletter.editions.checks.page_answers import PageAnswer
from newsletter.editions.checks.run import check_now
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import LinkAnswer, LinkFate
from newsletter.foundation.database import Database
from newsletter.foundation.fetching import FetchFailed
from newsletter.foundation.probing import Probed
from newsletter.foundation.sayings import saying

PAGE = "https://canal.example/plan"


def an_edition_with_a_link(db: Database) -> tuple[int, Masthead]:
    with db.transaction() as session:
        mailing_list = a_list(session)
        intros = {"fr": f"Voici [le plan]({PAGE}#quai).", "en": "Come."}
        edition = an_edition(session, mailing_list, [an_announcement(session)], intros=intros)
        return edition.id, a_masthead(mailing_list)


def gone(url: str) -> Probed:
    return Probed(410, url, "", "text/html", "", b"", 0.2)


def of_links(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(found.code, message(found)) for found in findings if "link" in found.code]


def test_check_tells_what_pages_answered_until_a_week_is_over(
    db: Database, now: datetime, tmp_path: Path
) -> None:
    edition_id, masthead = an_edition_with_a_link(db)

    def told(at: datetime) -> list[tuple[str, str]]:
        return of_links(check_now(db, edition_id, masthead, at, dictionaries=[tmp_path]))

    assert told(now) == []
    ask_links_now(db, edition_id, now, gone)
    answers = f"{PAGE}#quai answers with status 410."
    assert told(now) == [("dead-link", answers)]
    later = f"Asked on {now.date().isoformat()}: {answers}"
    assert told(now + KEPT_FOR) == [("dead-link", later)]
    assert told(now + KEPT_FOR + timedelta(seconds=1)) == []


def test_pages_are_asked_anew_each_time_and_the_last_answer_counts(db: Database, now: datetime) -> None:
    edition_id, _ = an_edition_with_a_link(db)
    asked: list[str] = []

    def here(url: str) -> Probed:
        asked.append(url)
        return Probed(200, url, "", "text/html", "", b"<html lang=fr-be>", 0.2)

    ask_links_now(db, edition_id, now, gone)
    ask_links_now(db, edition_id, now + timedelta(hours=1), here)
    assert asked == [PAGE]
    with db.read() as session:
        kept = kept_answers(session, [PAGE], now + timedelta(hours=1))
    assert kept == {PAGE: PageAnswer(now + timedelta(hours=1), LinkFate.ANSWERED, 200, "", "fr-BE", 0.2)}


def test_why_a_page_gave_no_answer_is_kept_as_a_saying(db: Database, now: datetime) -> None:
    edition_id, _ = an_edition_with_a_link(db)
    why = saying("the server answered {status}", status=502)

    def nobody(url: str) -> Probed:
        raise FetchFailed(url, why)

    ask_links_now(db, edition_id, now, nobody)
    with db.read() as session:
        assert kept_answers(session, [PAGE], now) == {PAGE: PageAnswer(now, LinkFate.UNANSWERED, why=why)}


def test_old_answers_go_when_new_ones_come(db: Database, now: datetime) -> None:
    with db.transaction() as session:
        keep_answers(session, {"https://old.example/": PageAnswer(now, LinkFate.ANSWERED, 200)}, now)
    later = now + KEPT_FOR + timedelta(days=1)
    with db.transaction() as session:
        keep_answers(session, {PAGE: PageAnswer(later, LinkFate.ANSWERED, 200)}, later)
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(LinkAnswer)) == 1
