"""All checks of an edition in one list."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from builders import a_list, a_masthead, an_announcement, an_edition
from builders_checks import where
from newsletter.announcements.models import Translation, TranslationState
from newsletter.editions.checks.findings import Finding, told_in
from newsletter.editions.checks.material import stories_now
from newsletter.editions.checks.run import check_now
from newsletter.editions.freezing import render_now
from newsletter.editions.models import Fallback
from newsletter.foundation.database import Database
from newsletter.rendering.problems import Level


def checked(
    db: Database, now: datetime, tmp_path: Path, *, require_approval: bool = False, **changes: str
) -> tuple[Finding, ...]:
    """The findings of an edition with one announcement, whose English has these words; no dictionaries."""
    with db.transaction() as session:
        mailing_list = a_list(session)
        announcement = an_announcement(session, happens_on=(now + timedelta(days=5)).date(), has_picture=True)
        english = next(text for text in announcement.translations if text.language == "en")
        for name, value in changes.items():
            setattr(english, name, value)
        subjects = {"fr": "Le café répare-tout ouvre", "en": "The repair café opens"}
        edition_id = an_edition(session, mailing_list, [announcement], subjects=subjects).id
        masthead = a_masthead(mailing_list)
    return check_now(
        db, edition_id, masthead, now, require_approval=require_approval, dictionaries=[tmp_path]
    )


# Of each language, its announcement and the words of the edition itself; no dictionaries.
USUAL = [*["text-not-approved"] * 4, *["spelling-not-checked"] * 2]


def test_reasonable_edition_has_only_notes(db: Database, now: datetime, tmp_path: Path) -> None:
    findings = checked(db, now, tmp_path)
    assert [found.code for found in findings if not found.code.startswith("preheader")] == USUAL
    assert {found.level for found in findings} == {Level.NOTES}


def test_time_that_differs_is_found_in_its_announcement(db: Database, now: datetime, tmp_path: Path) -> None:
    first = checked(db, now, tmp_path, body="Come on Saturday at 3 pm with whatever stopped working.")[0]
    assert (first.code, where(first), first.language) == ("time-differs", "announcement 1", "en")


def test_approval_that_is_required_blocks(db: Database, now: datetime, tmp_path: Path) -> None:
    findings = checked(db, now, tmp_path, require_approval=True)
    blocking = [(found.code, found.language) for found in findings if found.level is Level.BLOCKS]
    assert blocking == [("text-not-approved", tag) for tag in ("fr", "fr", "en", "en")]


def test_stale_translation_warns(sqlite_db: Database, now: datetime, tmp_path: Path) -> None:
    findings = checked(
        sqlite_db, now, tmp_path, confirmed_source_hash="0" * 64, state=TranslationState.APPROVED
    )
    assert ("stale-text", "en") in {(found.code, found.language) for found in findings}


def test_missing_text_blocks_and_says_why(sqlite_db: Database, now: datetime, tmp_path: Path) -> None:
    with sqlite_db.transaction() as session:
        mailing_list = a_list(session)
        announcements = [an_announcement(session, ["fr"])]
        edition_id = an_edition(session, mailing_list, announcements, fallback=Fallback.BLOCK).id
        masthead = a_masthead(mailing_list)
    findings = check_now(sqlite_db, edition_id, masthead, now, dictionaries=[tmp_path])
    assert (findings[0].code, findings[0].level, findings[0].language) == ("missing-text", Level.BLOCKS, "en")
    assert told_in(findings[0], "en").mend.startswith("Write the text")


def test_theme_without_a_way_out_cannot_be_frozen(sqlite_db: Database, now: datetime) -> None:
    from newsletter.editions.checks.mail_markup import check_unsubscribe

    with sqlite_db.transaction() as session:
        mailing_list = a_list(session)
        edition_id = an_edition(session, mailing_list, [an_announcement(session)]).id
        masthead = a_masthead(mailing_list)
    rendering = render_now(sqlite_db, edition_id, masthead, now)
    assert rendering.blocking == ()
    html = rendering.variants[0].bodies.html.replace("[[link:unsubscribe]]", "https://canal.example/")
    assert [(found.code, found.level) for found in check_unsubscribe(html)] == [
        ("unsubscribe-missing", Level.BLOCKS)
    ]


def test_words_that_the_program_made_are_not_judged(sqlite_db: Database, now: datetime) -> None:
    with sqlite_db.transaction() as session:
        mailing_list = a_list(session)
        edition_id = an_edition(session, mailing_list, [an_announcement(session)]).id
    own, item = stories_now(sqlite_db, edition_id)
    assert [text.fields for text in own.texts] == [(), ()]
    assert [field.name for field in item.texts[0].fields] == ["title", "body"]


@pytest.mark.parametrize("state", [TranslationState.NOT_APPLICABLE])
def test_text_that_is_not_applicable_is_no_text(
    sqlite_db: Database, now: datetime, state: TranslationState
) -> None:
    with sqlite_db.transaction() as session:
        mailing_list = a_list(session)
        announcement = an_announcement(session, ["fr"], not_applicable=["en"])
        edition_id = an_edition(session, mailing_list, [announcement]).id
        assert {text.state for text in announcement.translations if isinstance(text, Translation)} >= {state}
    assert [text.language for text in stories_now(sqlite_db, edition_id)[1].texts] == ["fr"]
