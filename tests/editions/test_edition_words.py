"""An edition's own words: states, staleness, approval, revisions. On both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import NOW, a_list, a_masthead, an_announcement, an_edition
from newsletter.announcements.errors import EditConflict, MoveNotPossible, RevisionNotFound, TextRefused
from newsletter.announcements.models import TranslationState
from newsletter.announcements.revisions.changing import Edit
from newsletter.announcements.revisions.states import approve_text
from newsletter.announcements.revisions.word_diff import parts_in_words
from newsletter.announcements.rules import is_stale
from newsletter.editions.checks.languages import check_states
from newsletter.editions.checks.material import stories_of
from newsletter.editions.coverage import OwnWords, own_words_of
from newsletter.editions.errors import (
    EditionIsFrozen,
    EditionNotReady,
    LanguageIsFrozen,
    LanguageNotInEdition,
)
from newsletter.editions.freezing import freeze_now
from newsletter.editions.masthead import Masthead
from newsletter.editions.models import Edition
from newsletter.editions.queries import edition_by_id
from newsletter.editions.wording import (
    approve_words,
    confirm_words,
    edit_words,
    restore_words,
    return_words,
    revisions_of_words,
    submit_words,
    what_changed_in_words,
)
from newsletter.foundation.database import Database, ReadSession, WriteSession

INTROS = {"fr": "Rendez-vous samedi à 14 h.", "en": "See you on Saturday at 2 pm."}
LATER = INTROS["fr"].replace("14 h", "15 h")


def intro(words: str, author: str = "Marie", **how: object) -> Edit:
    return Edit({"intro": words}, author, **how)  # type: ignore[arg-type]


def a_draft(session: WriteSession, intros: dict[str, str] | None = None) -> tuple[int, Masthead]:
    """An edition of one announcement with a word at the start in each language."""
    mailing_list = a_list(session)
    intros = INTROS if intros is None else intros
    edition = an_edition(session, mailing_list, [an_announcement(session)], intros=intros)
    return edition.id, a_masthead(mailing_list)


def loaded(session: ReadSession, number: int) -> Edition:
    session.flush()
    session.expire_all()
    return edition_by_id(session, number)


def states(session: ReadSession, number: int) -> dict[str, tuple[str, bool]]:
    edition = loaded(session, number)
    source = next(text for text in edition.texts if text.language == edition.languages[0])
    return {text.language: (text.state.value, is_stale(text, source)) for text in edition.texts}


def test_words_of_a_new_edition_are_drafts_that_are_confirmed(db: Database) -> None:
    with db.transaction() as session:
        number, _ = a_draft(session)
        assert states(session, number) == {"fr": ("draft", False), "en": ("draft", False)}
        for language in ("fr", "en"):
            [revision] = revisions_of_words(session, number, language)
            assert (revision.number, revision.subject, revision.intro) == (1, "", INTROS[language])


def test_edit_of_the_source_makes_the_other_language_stale(db: Database) -> None:
    with db.transaction() as session:
        number, _ = a_draft(session)
        edited = edit_words(session, number, "fr", intro(LATER), NOW)
        assert (edited.revision, edited.became_stale) == (2, ("en",))
        change = what_changed_in_words(session, number, "en")
        assert [(item.field, parts_in_words(item.parts, "fr", "en")) for item in change.fields] == [
            ("intro", "the French changed from “14 h” to “15 h”")
        ]
        assert confirm_words(session, number, "en")
        assert states(session, number)["en"] == ("draft", False)
        edit_words(session, number, "fr", intro(f"{LATER} !", is_minor=True), NOW)
        assert states(session, number)["en"] == ("draft", False)
        with pytest.raises(MoveNotPossible, match=f"The French text of edition {number} is the source"):
            confirm_words(session, number, "fr")


def test_approval_is_void_for_its_own_language_only(db: Database) -> None:
    with db.transaction() as session:
        number, _ = a_draft(session)
        submit_words(session, number, "en")
        for language in ("fr", "en"):
            approve_words(session, number, language, "Anne", NOW)
        edited = edit_words(session, number, "en", intro("See you on Saturday!"), NOW)
        assert edited.is_approval_void
        assert states(session, number) == {"fr": ("approved", False), "en": ("review", False)}
        edit_words(session, number, "fr", intro(LATER), NOW)
        assert states(session, number) == {"fr": ("review", False), "en": ("review", True)}
        with pytest.raises(MoveNotPossible, match=f"newsletter editions changes {number} --language en"):
            approve_words(session, number, "en", "Anne", NOW)
        assert return_words(session, number, "fr").state is TranslationState.DRAFT


def test_earlier_words_come_back_and_belong_to_the_source_of_their_time(db: Database) -> None:
    with db.transaction() as session:
        number, _ = a_draft(session)
        edit_words(session, number, "fr", intro(LATER), NOW)
        edit_words(session, number, "en", intro("See you on Saturday at 3 pm.", "John"), NOW)
        restored = restore_words(session, number, "en", 1, "John", NOW)
        assert (restored.revision, restored.text.intro) == (3, INTROS["en"])
        assert states(session, number)["en"] == ("draft", True)
        with pytest.raises(RevisionNotFound, match=f"newsletter editions revisions {number} --language en"):
            restore_words(session, number, "en", 9, "John", NOW)


def test_editor_who_read_older_words_is_told(db: Database) -> None:
    with db.transaction() as session:
        number, _ = a_draft(session)
        edit_words(session, number, "fr", intro(LATER, base_revision=1), NOW)
        with pytest.raises(EditConflict, match="revision 2 by Marie"):
            edit_words(session, number, "fr", intro("Autre.", "John", base_revision=1), NOW)


def test_words_that_nobody_wrote_have_no_revision_and_wait_for_nobody(db: Database) -> None:
    with db.transaction() as session:
        number, _ = a_draft(session, {})
        assert revisions_of_words(session, number, "fr") == []
        own = own_words_of(loaded(session, number))
        assert own == (OwnWords("fr", None, False, (), ()), OwnWords("en", None, False, (), ()))
        edited = edit_words(
            session, number, "fr", Edit({"subject": "La fête"}, "Marie", base_revision=0), NOW
        )
        assert (edited.revision, edited.text.is_subject_derived) == (1, False)
        own = own_words_of(loaded(session, number))
        assert own == (
            OwnWords("fr", TranslationState.DRAFT, False, ("subject",), ()),
            OwnWords("en", None, False, (), ("subject",)),
        )
        first = edit_words(session, number, "en", Edit({"subject": "The party"}, "John"), NOW)
        assert first.revision == 1
        assert states(session, number)["en"] == ("draft", False)


def test_subject_that_is_emptied_is_made_from_the_items_again(db: Database) -> None:
    with db.transaction() as session:
        number, _ = a_draft(session)
        edit_words(session, number, "fr", Edit({"subject": "La fête"}, "Marie"), NOW)
        emptied = edit_words(session, number, "fr", Edit({"subject": ""}, "Marie"), NOW)
        assert (emptied.revision, emptied.text.is_subject_derived) == (3, True)
        restored = restore_words(session, number, "fr", 2, "Marie", NOW)
        assert (restored.text.subject, restored.text.is_subject_derived) == ("La fête", False)


@pytest.mark.parametrize("field", ["subject", "preheader"])
def test_words_of_several_lines_are_refused_where_one_is_shown(sqlite_db: Database, field: str) -> None:
    with sqlite_db.transaction() as session:
        number, _ = a_draft(session)
        with pytest.raises(TextRefused, match=f"the {field} has more than one line"):
            edit_words(session, number, "fr", Edit({field: "a\nb"}, "Marie"), NOW)
        with pytest.raises(TextRefused, match="there is no such section"):
            edit_words(session, number, "fr", Edit({"section.99": "Agenda"}, "Marie"), NOW)
        with pytest.raises(LanguageNotInEdition):
            edit_words(session, number, "nl", intro("x"), NOW)


def test_frozen_language_is_never_touched(db: Database) -> None:
    with db.transaction() as session:
        number, masthead = a_draft(session)
    freeze_now(db, number, masthead, NOW, ["fr"])
    with db.transaction() as session:
        for act in (
            lambda: edit_words(session, number, "fr", intro(LATER), NOW),
            lambda: restore_words(session, number, "fr", 1, "Marie", NOW),
            lambda: approve_words(session, number, "fr", "Marie", NOW),
        ):
            with pytest.raises(LanguageIsFrozen, match=f"The French of edition {number} is frozen"):
                act()
        assert edit_words(session, number, "en", intro("See you!"), NOW).is_changed
    freeze_now(db, number, masthead, NOW)
    with db.transaction() as session, pytest.raises(EditionIsFrozen):
        edit_words(session, number, "en", intro("See you soon!"), NOW)


def test_required_approval_is_required_of_the_editions_own_words(db: Database) -> None:
    with db.transaction() as session:
        number, masthead = a_draft(session)
        for language in ("fr", "en"):
            approve_text(session, 1, language, "Anne", NOW)
        approve_words(session, number, "fr", "Anne", NOW)
    strict = replace(masthead, require_approval=True)
    with pytest.raises(EditionNotReady) as refused:
        freeze_now(db, number, strict, NOW)
    assert [(item.code, item.language, item.line_in("en")) for item in refused.value.findings] == [
        ("text-not-approved", "en", "The English is still a draft (edition)")
    ]
    with db.transaction() as session:
        approve_words(session, number, "en", "Anne", NOW + timedelta(hours=1))
    assert freeze_now(db, number, strict, NOW).blocking == ()


def test_check_tells_what_lags_behind_and_what_waits(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number, _ = a_draft(session)
        approve_words(session, number, "en", "Anne", NOW)
        edit_words(session, number, "fr", intro(LATER), NOW)
        stories = stories_of(loaded(session, number))[:1]
    found = list(check_states(stories, ("fr", "en"), require_approval=False))
    assert [(item.code, item.language, item.message.said_in("en")) for item in found] == [
        ("stale-text", "en", "The English was translated from an earlier version of its source."),
        ("text-not-approved", "fr", "The edition’s own words are not approved in French."),
    ]
