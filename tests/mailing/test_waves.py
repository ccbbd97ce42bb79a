"""Per-language waves: the French now, the English when it is ready, each reader exactly once."""

from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa

from builders import NOW, a_list, a_masthead, a_reader, an_announcement, an_edition
from builders_mailing import send_all
from newsletter.announcements.models import Announcement, Translation, TranslationState
from newsletter.announcements.revisions.states import approve_text
from newsletter.audience.models import Subscriber
from newsletter.editions.errors import (
    EditionIsEmpty,
    EditionIsFrozen,
    EditionNotReady,
    LanguageNotInEdition,
)
from newsletter.editions.freezing import freeze_now
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import EditionMode, EditionState, Fallback
from newsletter.editions.queries import edition_by_id, items_to_roll_over, rendered_variants
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing import slicing
from newsletter.mailing.models import MailingState
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.queries import mailing_report

READERS = {
    "marie@example.org": (("fr",), False),
    "peter@example.org": (("en",), False),
    "ana@example.org": (("en", "fr"), True),
    "luc@example.org": (("fr-BE",), False),
}


def an_office(
    db: Database, keyring: Keyring, *, mode: EditionMode = EditionMode.SEPARATE
) -> tuple[int, Masthead]:
    """A list with its readers and a draft edition of one French announcement, omitted elsewhere."""
    with db.transaction() as session:
        mailing_list = a_list(session)
        for address, (languages, reads_both) in READERS.items():
            a_reader(session, keyring, mailing_list, address, languages, reads_both=reads_both)
        items = [an_announcement(session, ["fr"]), an_announcement(session, ["fr", "en"], title="Aussi : ")]
        edition = an_edition(session, mailing_list, items, fallback=Fallback.BLOCK, mode=mode)
        return edition.id, a_masthead(mailing_list)


def translate(db: Database, announcement_id: int = 1) -> None:
    with db.transaction() as session:
        session.get_one(Announcement, announcement_id)
        session.add(
            Translation(
                announcement_id=announcement_id,
                language="en",
                state=TranslationState.DRAFT,
                title="The repair café opens",
                body="Come.",
                updated_at=NOW,
            )
        )


def send_what_is_due(db: Database, edition_id: int) -> list[tuple[str, str]]:
    """Plans and runs; who got which variant."""
    with db.transaction() as session:
        mailing_id = plan_mailing(session, edition_id, NOW).id
        return [(item.address, item.variant) for item in send_all(session, mailing_id, NOW)]


def test_french_goes_now_and_english_when_it_is_ready_each_reader_once(
    db: Database, keyring: Keyring
) -> None:
    edition_id, masthead = an_office(db, keyring)
    with pytest.raises(EditionNotReady, match="has no English text"):
        freeze_now(db, edition_id, masthead, NOW)
    freeze_now(db, edition_id, masthead, NOW, languages=["fr"])
    first = send_what_is_due(db, edition_id)
    assert first == [("marie@example.org", "fr"), ("luc@example.org", "fr")]
    with db.read() as session:
        assert edition_by_id(session, edition_id).state is EditionState.PARTLY_FROZEN
        report = mailing_report(session, 1)
        assert (report.state, report.total.accepted, report.total.waiting) == (MailingState.PAUSED, 2, 2)
    assert send_what_is_due(db, edition_id) == []

    translate(db)
    freeze_now(db, edition_id, masthead, NOW)
    second = send_what_is_due(db, edition_id)
    assert second == [("peter@example.org", "en"), ("ana@example.org", "en+fr")]
    assert max(Counter(address for address, _ in first + second).values()) == 1
    with db.read() as session:
        report = mailing_report(session, 1)
        assert (report.state, report.total.accepted, report.total.waiting) == (MailingState.FINISHED, 4, 0)
        assert edition_by_id(session, edition_id).state is EditionState.FROZEN


def test_later_wave_goes_into_the_table_of_its_mailing(
    postgresql_db: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slicing, "_MANY_READERS", len(READERS) - 1)
    edition_id, masthead = an_office(postgresql_db, keyring)
    freeze_now(postgresql_db, edition_id, masthead, NOW, languages=["fr"])
    assert len(send_what_is_due(postgresql_db, edition_id)) == 2
    translate(postgresql_db)
    freeze_now(postgresql_db, edition_id, masthead, NOW)
    assert len(send_what_is_due(postgresql_db, edition_id)) == 2
    with postgresql_db.read() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM delivery_1")) == len(READERS)


def test_reader_who_waits_is_served_as_she_is_when_the_wave_comes(db: Database, keyring: Keyring) -> None:
    edition_id, masthead = an_office(db, keyring)
    freeze_now(db, edition_id, masthead, NOW, languages=["fr"])
    send_what_is_due(db, edition_id)
    with db.transaction() as session:
        session.query(Subscriber).filter_by(address="peter@example.org").one().languages = ("fr",)
        session.query(Subscriber).filter_by(address="marie@example.org").one().languages = ("en",)
    translate(db)
    freeze_now(db, edition_id, masthead, NOW)
    assert send_what_is_due(db, edition_id) == [("peter@example.org", "fr"), ("ana@example.org", "en+fr")]


def test_first_wave_links_to_no_page_that_is_not_there_yet(db: Database, keyring: Keyring) -> None:
    edition_id, masthead = an_office(db, keyring)
    freeze_now(db, edition_id, masthead, NOW, languages=["fr"])
    with db.read() as session:
        rendered = rendered_variants(session, edition_id)
    assert set(rendered) == {"fr"}
    assert "/en/archive/" not in rendered["fr"].html + rendered["fr"].text
    translate(db)
    freeze_now(db, edition_id, masthead, NOW)
    with db.read() as session:
        later = rendered_variants(session, edition_id)
    assert set(later) == {"fr", "en", "fr+en", "en+fr"}
    assert later["fr"].content_hash == rendered["fr"].content_hash
    assert "/fr/archive/" in later["en"].html


def test_language_given_up_leaves_its_readers_out_and_finishes(db: Database, keyring: Keyring) -> None:
    edition_id, masthead = an_office(db, keyring)
    freeze_now(db, edition_id, masthead, NOW, languages=["fr"])
    send_what_is_due(db, edition_id)
    with pytest.raises(EditionIsEmpty):
        freeze_now(db, edition_id, masthead, NOW, without=["en"])


def test_freezing_without_a_language_says_so_to_its_readers_rows(db: Database, keyring: Keyring) -> None:
    edition_id, masthead = an_office(db, keyring)
    freeze_now(db, edition_id, masthead, NOW, without=["en"])
    got = send_what_is_due(db, edition_id)
    assert got == [("marie@example.org", "fr"), ("ana@example.org", "fr"), ("luc@example.org", "fr")]
    with db.read() as session:
        report = mailing_report(session, 1)
    assert (report.state, {reason.value: n for reason, n in report.total.skipped.items()}) == (
        MailingState.FINISHED,
        {"nothing_in_her_language": 1},
    )


def test_wave_of_a_combined_edition_is_refused(db: Database, keyring: Keyring) -> None:
    edition_id, masthead = an_office(db, keyring, mode=EditionMode.COMBINED)
    with pytest.raises(EditionIsEmpty):
        freeze_now(db, edition_id, masthead, NOW, languages=["fr"])


def test_wave_of_a_frozen_language_or_a_strange_one_is_refused(db: Database, keyring: Keyring) -> None:
    edition_id, masthead = an_office(db, keyring)
    with pytest.raises(LanguageNotInEdition):
        freeze_now(db, edition_id, masthead, NOW, languages=["nl"])
    translate(db)
    freeze_now(db, edition_id, masthead, NOW)
    with pytest.raises(EditionIsFrozen):
        freeze_now(db, edition_id, masthead, NOW, languages=["fr"])


def test_what_was_left_out_of_a_language_rolls_over_once_it_is_translated(
    db: Database, keyring: Keyring
) -> None:
    with db.transaction() as session:
        mailing_list = a_list(session)
        items = [an_announcement(session, ["fr"]), an_announcement(session, ["fr", "en"], title="Aussi : ")]
        edition_id = an_edition(session, mailing_list, items, fallback=Fallback.OMIT).id
        masthead = a_masthead(mailing_list)
    freeze_now(db, edition_id, masthead, NOW)
    with db.read() as session:
        assert items_to_roll_over(session, masthead.list_id) == {}
    translate(db)
    with db.read() as session:
        due = items_to_roll_over(session, masthead.list_id)
    assert due == {1: ("en",)}
    with db.transaction() as session:
        from newsletter.editions.actions import EditionPlan, create_edition

        plan = EditionPlan(
            languages=("fr", "en"),
            mode=EditionMode.SEPARATE,
            fallback=Fallback.LABEL,
            announcement_ids=(2,),
            subjects={},
            preheaders={},
            intros={},
            rolled_over=due,
        )
        second = create_edition(session, plan, masthead, NOW).id
    freeze_now(db, second, masthead, NOW)
    with db.read() as session:
        rendered = rendered_variants(session, second)
        assert items_to_roll_over(session, masthead.list_id) == {}
    assert "The repair café opens" in rendered["en"].text
    assert rendered["fr"].text.count("Le café répare-tout ouvre") == 1


def test_where_approval_is_required_only_approved_texts_are_frozen(db: Database, keyring: Keyring) -> None:
    edition_id, masthead = an_office(db, keyring)
    strict = replace(masthead, require_approval=True)
    with pytest.raises(EditionNotReady, match="still a draft"):
        freeze_now(db, edition_id, strict, NOW, languages=["fr"])
    with db.transaction() as session:
        for number in (1, 2):
            approve_text(session, number, "fr", "Nadia", NOW)
    freeze_now(db, edition_id, strict, NOW, languages=["fr"])
    translate(db)
    with pytest.raises(EditionNotReady, match="English"):
        freeze_now(db, edition_id, strict, NOW)
