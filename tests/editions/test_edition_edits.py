"""A draft edition is changed as a whole: items, order, sections, mode, fallbacks; and discarded. On both databases."""

import pytest
import sqlalchemy as sa

from builders import NOW, a_list, a_masthead, an_announcement, an_edition
from newsletter.announcements.errors import AnnouncementNotFound, EditConflict
from newsletter.audience.models import MailingList
from newsletter.editions.editing import EditionChange, EditionEdit, discard_edition, edit_edition
from newsletter.editions.errors import (
    AlreadyInEdition,
    EditionIsFrozen,
    EditionNotFound,
    EditionPartlyFrozen,
    LanguageIsFrozen,
    LanguageNotInEdition,
    NotInEdition,
    OrderIncomplete,
)
from newsletter.editions.freezing import freeze_now, render_now
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import (
    Edition,
    EditionItem,
    EditionMode,
    EditionText,
    EditionTextRevision,
    Fallback,
    Section,
)
from newsletter.editions.queries import edition_by_id
from newsletter.editions.wording import approve_words, revisions_of_words
from newsletter.foundation.database import Database, WriteSession


def a_draft(session: WriteSession, **how: object) -> tuple[int, Masthead]:
    """An edition of the announcements 1, 2 and 3; there is a fourth."""
    mailing_list = a_list(session)
    items = [an_announcement(session, title=f"{number}. ") for number in (1, 2, 3, 4)]
    return an_edition(session, mailing_list, items[:3], **how).id, a_masthead(mailing_list)  # type: ignore[arg-type]


def changed(session: WriteSession, number: int, masthead: Masthead, **change: object) -> Edition:
    edit = EditionEdit("Marie", EditionChange(**change))  # type: ignore[arg-type]
    return edit_edition(session, number, edit, masthead, NOW)[0]


def worded(session: WriteSession, number: int, masthead: Masthead, **words: object) -> Edition:
    return edit_edition(session, number, EditionEdit("Marie", **words), masthead, NOW)[0]  # type: ignore[arg-type]


def order(edition: Edition) -> list[list[int]]:
    return [[item.announcement_id for item in section.items] for section in edition.sections]


def titles(edition: Edition, language: str) -> list[str]:
    text = next(text for text in edition.texts if text.language == language)
    return [text.section_titles.get(str(section.id), "") for section in edition.sections]


def subject(edition: Edition, language: str = "fr") -> str:
    return next(text.subject for text in edition.texts if text.language == language)


def test_items_are_removed_added_and_put_in_order(db: Database) -> None:
    with db.transaction() as session:
        number, masthead = a_draft(session)
        assert order(changed(session, number, masthead, removed=(2,), added=(4,))) == [[1, 3, 4]]
        assert order(changed(session, number, masthead, order=((4, 1, 3),))) == [[4, 1, 3]]
        assert order(changed(session, number, masthead, order=((3,), (1, 4)))) == [[3], [1, 4]]
    with db.read() as session:
        assert order(edition_by_id(session, number)) == [[3], [1, 4]]


def test_derived_subject_follows_the_items_until_an_editor_writes_one(db: Database) -> None:
    with db.transaction() as session:
        number, masthead = a_draft(session)
        assert subject(changed(session, number, masthead, order=((3, 1, 2),))).endswith(
            "3. Le café répare-tout ouvre"
        )
        assert subject(worded(session, number, masthead, words={"fr": {"subject": "La fête"}})) == "La fête"
        edition = changed(session, number, masthead, removed=(3,))
        assert subject(edition) == "La fête"
        assert subject(edition, "en").endswith("1. The repair café opens")
        again = worded(session, number, masthead, words={"fr": {"subject": ""}})
        assert subject(again).endswith("1. Le café répare-tout ouvre")


def test_titles_of_sections_stay_with_their_place_and_go_with_their_section(db: Database) -> None:
    with db.transaction() as session:
        number, masthead = a_draft(session)
        changed(session, number, masthead, order=((1,), (2, 3)))
        edition = worded(
            session, number, masthead, titles={"fr": {1: "À la une", 2: "Agenda"}, "en": {2: "Diary"}}
        )
        assert (titles(edition, "fr"), titles(edition, "en")) == (["À la une", "Agenda"], ["", "Diary"])
        for language in ("fr", "en"):
            approve_words(session, number, language, "Anne", NOW)
        edition = changed(session, number, masthead, order=((3, 2, 1),))
        assert (titles(edition, "fr"), titles(edition, "en")) == (["À la une"], [""])
        assert {text.language: text.state.value for text in edition.texts} == {"en": "review", "fr": "review"}
        assert revisions_of_words(session, number, "en")[0].words == {
            "subject": "", "preheader": "", "intro": "",
        }  # fmt: skip
        with pytest.raises(NotInEdition, match="no section 2"):
            worded(session, number, masthead, titles={"fr": {2: "Agenda"}})


def test_titles_of_sections_are_in_the_mail(db: Database) -> None:
    with db.transaction() as session:
        number, masthead = a_draft(session)
        worded(session, number, masthead, titles={"fr": {1: "À la une"}, "en": {1: "Front page"}})
    found = {item.variant: item.bodies.text for item in render_now(db, number, masthead, NOW).variants}
    assert ["À la une" in found["fr"], "Front page" in found["fr"]] == [True, False]
    assert ["À la une" in found["en"], "Front page" in found["en"]] == [False, True]


def test_mode_fallbacks_and_theme_are_changed(db: Database) -> None:
    with db.transaction() as session:
        number, masthead = a_draft(session)
        edition = changed(
            session, number, masthead,
            mode=EditionMode.COMBINED, fallback=Fallback.OMIT, theme="magazine", item_fallbacks={2: Fallback.BLOCK},
        )  # fmt: skip
        assert (edition.mode, edition.fallback, edition.theme) == (
            EditionMode.COMBINED,
            Fallback.OMIT,
            "magazine",
        )
        assert [item.fallback for item in edition.sections[0].items] == [None, Fallback.BLOCK, None]
        edition = changed(session, number, masthead, item_fallbacks={2: None})
        assert [item.fallback for item in edition.sections[0].items] == [None, None, None]


def test_source_is_written_first_so_that_words_given_together_belong_together(db: Database) -> None:
    with db.transaction() as session:
        number, masthead = a_draft(session)
        words = {"en": {"intro": "Hello."}, "fr": {"intro": "Bonjour."}}
        edit = EditionEdit("Marie", words=words)
        _, edited = edit_edition(session, number, edit, masthead, NOW)
        assert {tag: (item.revision, item.became_stale) for tag, item in edited.items()} == {
            "fr": (1, ()), "en": (1, ()),
        }  # fmt: skip
        with pytest.raises(EditConflict):
            worded(session, number, masthead, words={"fr": {"intro": "x"}}, base_revision=7)


def test_what_cannot_be_done_is_named_and_changes_nothing(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number, masthead = a_draft(session)
    for change, error in (
        ({"removed": (4,)}, NotInEdition),
        ({"item_fallbacks": {4: Fallback.OMIT}}, NotInEdition),
        ({"added": (1,)}, AlreadyInEdition),
        ({"added": (9,)}, AnnouncementNotFound),
        ({"order": ((1, 2),)}, OrderIncomplete),
        ({"order": ((1, 2, 3, 3),)}, OrderIncomplete),
        ({"order": ((1, 2, 3), ())}, OrderIncomplete),
    ):
        with pytest.raises(error), sqlite_db.transaction() as session:
            changed(session, number, masthead, **change)
    with pytest.raises(LanguageNotInEdition), sqlite_db.transaction() as session:
        worded(session, number, masthead, words={"nl": {"intro": "x"}})
    with sqlite_db.read() as session:
        assert order(edition_by_id(session, number)) == [[1, 2, 3]]


def test_draft_is_discarded_and_its_issue_number_is_free(db: Database) -> None:
    with db.transaction() as session:
        first, masthead = a_draft(session, intros={"fr": "Bonjour."})
        mailing_list = session.get_one(MailingList, masthead.list_id)
        second = an_edition(session, mailing_list, [an_announcement(session)]).id
        discard_edition(session, second)
        assert an_edition(session, mailing_list, []).issue_number == 2
        discard_edition(session, first)
        with pytest.raises(EditionNotFound):
            discard_edition(session, first)
        session.expire_all()
        counts = [
            session.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (Edition, Section, EditionItem, EditionText, EditionTextRevision)
        ]
        assert counts == [1, 1, 0, 2, 0]


def test_frozen_edition_keeps_its_items_and_is_not_discarded(db: Database) -> None:
    with db.transaction() as session:
        number, masthead = a_draft(session)
    freeze_now(db, number, masthead, NOW, ["fr"])
    with db.transaction() as session:
        before = subject(edition_by_id(session, number))
        for act in (
            lambda: changed(session, number, masthead, order=((3, 2, 1),)),
            lambda: discard_edition(session, number),
        ):
            with pytest.raises(EditionPartlyFrozen, match="is frozen in some languages"):
                act()
        with pytest.raises(LanguageIsFrozen):
            worded(session, number, masthead, words={"fr": {"subject": "x"}})
        assert subject(worded(session, number, masthead, words={"en": {"subject": "Now"}}), "en") == "Now"
        assert subject(edition_by_id(session, number)) == before
    freeze_now(db, number, masthead, NOW)
    with db.transaction() as session:
        for act in (
            lambda: changed(session, number, masthead, removed=(1,)),
            lambda: discard_edition(session, number),
        ):
            with pytest.raises(EditionIsFrozen):
                act()
