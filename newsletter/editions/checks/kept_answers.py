"""What linked pages answered, kept for a week: asked for on request, told by every check until then."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from newsletter.editions.checks.links import pages_of
from newsletter.editions.checks.material import stories_now
from newsletter.editions.checks.page_answers import PageAnswer, Probe, ask_pages
from newsletter.editions.models import LinkAnswer
from newsletter.foundation.database import Database, ReadSession, WriteSession
from newsletter.foundation.sayings import Saying

KEPT_FOR = timedelta(days=7)  # what a page answered longer ago says little about today


def ask_links_now(
    database: Database, edition_id: int, now: datetime, ask: Probe | None = None
) -> dict[str, PageAnswer]:
    """Asks every page that an edition links to, once, and keeps the answers. Raises EditionNotFound."""
    answers = ask_pages(pages_of(stories_now(database, edition_id)), now, ask)
    with database.transaction() as session:
        keep_answers(session, answers, now)
    return answers


def keep_answers(session: WriteSession, answers: Mapping[str, PageAnswer], now: datetime) -> None:
    """Keeps what pages answered in place of what they answered before; what nobody reads any more goes."""
    session.execute(sa.delete(LinkAnswer).where(LinkAnswer.asked_at < now - KEPT_FOR))
    for page, answer in answers.items():
        session.merge(
            LinkAnswer(
                url_hash=_key(page),
                asked_at=answer.asked_at,
                fate=answer.fate,
                status=answer.status,
                moved_to=answer.moved_to,
                language=answer.language,
                milliseconds=round(answer.seconds * 1000),
                why=_as_data(answer.why) if answer.why else {},
            )
        )


def kept_answers(session: ReadSession, pages: Collection[str], now: datetime) -> dict[str, PageAnswer]:
    """What those of `pages` answered that were asked within the last week."""
    by_key = {_key(page): page for page in pages}
    rows = session.scalars(
        sa.select(LinkAnswer).where(LinkAnswer.url_hash.in_(by_key), LinkAnswer.asked_at >= now - KEPT_FOR)
    )
    return {by_key[row.url_hash]: _as_answer(row) for row in rows}


def _key(page: str) -> str:
    return hashlib.sha256(page.encode("utf-8", "surrogatepass")).hexdigest()


def _as_data(why: Saying) -> dict[str, object]:
    values = {
        name: value if isinstance(value, str | int | float) else str(value) for name, value in why.values
    }
    return {"words": why.words, "values": values}


def _as_answer(row: LinkAnswer) -> PageAnswer:
    why = Saying(row.why["words"], tuple(row.why["values"].items())) if row.why else None
    seconds = row.milliseconds / 1000
    return PageAnswer(row.asked_at, row.fate, row.status, row.moved_to, row.language, seconds, why)
