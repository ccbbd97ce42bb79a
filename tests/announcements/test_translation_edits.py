"""Texts change, keep their revisions, go stale, are confirmed and approved: on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from builders import NOW, an_announcement
from newsletter.announcements.errors import (
    AnnouncementNotFound,
    EditConflict,
    MoveNotPossible,
    RevisionNotFound,
    TextRefused,
    TranslationMissing,
)
from newsletter.announcements.models import Announcement, TranslationState
from newsletter.announcements.queries import announcements_by_id
from newsletter.announcements.revisions.editing import (
    Edit,
    Edited,
    confirm_translation,
    edit_text,
    restore_revision,
)
from newsletter.announcements.revisions.queries import revisions_of, what_changed
from newsletter.announcements.revisions.states import (
    approve_text,
    mark_not_applicable,
    reopen,
    return_to_draft,
    submit_for_review,
)
from newsletter.announcements.revisions.word_diff import parts_in_words
from newsletter.announcements.rules import (
    TextField,
    is_stale,
    missing_languages,
    source_of,
    text_in,
)
from newsletter.foundation.database import Database, ReadSession, WriteSession

FRENCH = "Venez samedi à 14 h avec ce qui ne marche plus."
LATER = FRENCH.replace("14 h", "15 h")
WEEK = timedelta(days=7)


def body(words: str, author: str = "Marie", **how: object) -> Edit:
    return Edit({TextField.BODY: words}, author, **how)  # type: ignore[arg-type]


def one_in_two_languages(session: WriteSession) -> int:
    """An announcement in French and English, both written through the door that everybody uses."""
    announcement = an_announcement(session, ["fr"])
    english = {TextField.TITLE: "The repair café opens", TextField.BODY: "Come on Saturday at 2 pm."}
    edit_text(session, announcement.id, "en", Edit(english, "John"), NOW)
    return announcement.id


def stale_languages(session: WriteSession, announcement_id: int) -> list[str]:
    announcement = loaded(session, announcement_id)
    return [text.language for text in announcement.translations if is_stale(text, source_of(announcement))]


def loaded(session: WriteSession, announcement_id: int) -> Announcement:
    session.flush()
    session.expire_all()
    return announcements_by_id(session, [announcement_id])[0]


def states(session: WriteSession, announcement_id: int) -> dict[str, str]:
    return {text.language: text.state.value for text in loaded(session, announcement_id).translations}


def numbers_and_authors(session: ReadSession, announcement_id: int, language: str) -> list[tuple[int, str]]:
    return [(item.number, item.author) for item in revisions_of(session, announcement_id, language)]


def test_first_text_in_a_language_is_a_draft_that_is_confirmed(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        assert states(session, number) == {"en": "draft", "fr": "draft"}
        assert stale_languages(session, number) == []
        assert numbers_and_authors(session, number, "en") == [(1, "John")]


def test_edit_of_the_source_makes_its_translation_stale_and_says_so(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        edited = edit_text(session, number, "fr", body(LATER), NOW)
        assert (edited.revision, edited.is_changed, edited.became_stale) == (2, True, ("en",))
        assert stale_languages(session, number) == ["en"]


def test_minor_edit_of_the_source_keeps_its_translation_confirmed(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        edited = edit_text(session, number, "fr", body(FRENCH + " Merci !", is_minor=True), NOW)
        assert edited.became_stale == ()
        assert stale_languages(session, number) == []
        assert [item.is_minor for item in revisions_of(session, number, "fr")] == [True, False]


def test_minor_edit_of_the_source_does_not_confirm_what_was_stale(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        edit_text(session, number, "fr", body(LATER), NOW)
        edit_text(session, number, "fr", body(LATER + " Merci !", is_minor=True), NOW)
        assert stale_languages(session, number) == ["en"]


def test_white_space_makes_nothing_stale_and_voids_no_approval(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        approve_text(session, number, "fr", "Anne", NOW)
        edited = edit_text(session, number, "fr", body(f" {FRENCH}\n"), NOW)
        assert (edited.is_changed, edited.is_approval_void, edited.became_stale) == (True, False, ())
        assert states(session, number)["fr"] == "approved"


def test_edit_of_a_translation_confirms_it_and_a_minor_one_does_not(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        edit_text(session, number, "fr", body(LATER), NOW)
        edit_text(session, number, "en", body("Come on Saturday, at 2 pm.", is_minor=True), NOW)
        assert stale_languages(session, number) == ["en"]
        edit_text(session, number, "en", body("Come on Saturday at 3 pm."), NOW)
        assert stale_languages(session, number) == []


def test_source_that_goes_back_is_not_stale_for_anybody(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        edit_text(session, number, "fr", body(LATER), NOW)
        restored = restore_revision(session, number, "fr", 1, "Marie", NOW)
        assert (restored.revision, restored.text.body) == (3, FRENCH)
        assert stale_languages(session, number) == []


def test_restored_translation_belongs_to_the_source_of_its_time(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        edit_text(session, number, "fr", body(LATER), NOW)
        edit_text(session, number, "en", body("Come on Saturday at 3 pm."), NOW)
        restored = restore_revision(session, number, "en", 1, "John", NOW)
        assert restored.text.body == "Come on Saturday at 2 pm."
        assert stale_languages(session, number) == ["en"]
        assert numbers_and_authors(session, number, "en") == [(3, "John"), (2, "Marie"), (1, "John")]


def test_restoring_the_text_as_it_is_changes_nothing(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        edit_text(session, number, "fr", body(LATER), NOW)
        confirm_translation(session, number, "en")
        assert not restore_revision(session, number, "en", 1, "John", NOW).is_changed
        assert stale_languages(session, number) == []


def test_edit_without_a_change_leaves_no_revision_and_confirms_nothing(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        edit_text(session, number, "fr", body(LATER), NOW)
        again = edit_text(session, number, "en", body("Come on Saturday at 2 pm."), NOW)
        assert (again.is_changed, again.revision) == (False, 1)
        assert stale_languages(session, number) == ["en"]


def test_edit_of_a_text_from_before_revisions_keeps_its_words(db: Database) -> None:
    with db.transaction() as session:
        number = an_announcement(session, ["fr"]).id
        edit_text(session, number, "fr", body(LATER), NOW + WEEK)
        kept = revisions_of(session, number, "fr")
        assert [(item.number, item.body, item.author) for item in kept] == [
            (2, LATER, "Marie"),
            (1, FRENCH, ""),
        ]
        assert [item.made_at for item in kept] == [NOW + WEEK, NOW]


def test_editor_who_read_an_older_text_is_told(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        edit_text(session, number, "fr", body(LATER, base_revision=1), NOW)
        with pytest.raises(EditConflict, match="revision 2 by Marie") as conflict:
            edit_text(session, number, "fr", body("Autre chose.", "John", base_revision=1), NOW)
        assert (conflict.value.base_revision, conflict.value.revision) == (1, 2)
        with pytest.raises(EditConflict):
            edit_text(session, number, "nl", Edit({TextField.TITLE: "x"}, "J", base_revision=1), NOW)
        assert [text.body for text in loaded(session, number).translations if text.language == "fr"] == [
            LATER
        ]


def test_two_editors_at_once_never_lose_a_change(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
    together = Barrier(2)

    def change(words: str) -> str:
        together.wait(timeout=10)
        try:
            with db.transaction() as session:
                edit_text(session, number, "fr", body(words, words, base_revision=1), NOW)
        except EditConflict:
            return ""
        return words

    with ThreadPoolExecutor(2) as editors:
        results = list(editors.map(change, ["Venez dimanche.", "Venez lundi."]))
    [kept] = [words for words in results if words]
    with db.read() as session:
        assert numbers_and_authors(session, number, "fr") == [(2, kept), (1, "")]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({TextField.TITLE: " "}, "the title is empty"),
        ({TextField.TITLE: "a\nb"}, "more than one line"),
        ({TextField.CTA_LABEL: "x" * 201}, "longer than 200"),
        ({TextField.CTA_URL: "javascript:alert(1)"}, "must begin with https"),
        ({TextField.CTA_URL: "https://canal.example/a b"}, "no spaces"),
    ],
)
def test_words_that_cannot_be_stored_are_refused(
    sqlite_db: Database, changes: dict[TextField, str], words: str
) -> None:
    with sqlite_db.transaction() as session:
        number = one_in_two_languages(session)
        with pytest.raises(TextRefused, match=words):
            edit_text(session, number, "fr", Edit(changes, "Marie"), NOW)
        assert numbers_and_authors(session, number, "fr") == [(1, "")]


def test_first_text_needs_a_title(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number = an_announcement(session, ["fr"]).id
        with pytest.raises(TextRefused, match="the title is empty"):
            edit_text(session, number, "en", body("Come."), NOW)


def test_what_is_not_there_is_named(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        with pytest.raises(AnnouncementNotFound):
            edit_text(session, 9, "fr", body("x"), NOW)
        number = one_in_two_languages(session)
        with pytest.raises(TranslationMissing, match="no text in Dutch"):
            confirm_translation(session, number, "nl")
        with pytest.raises(RevisionNotFound, match="no revision 7"):
            restore_revision(session, number, "en", 7, "John", NOW)


def test_confirmation_says_whether_there_was_a_doubt(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        assert not confirm_translation(session, number, "en")
        edit_text(session, number, "fr", body(LATER), NOW)
        assert confirm_translation(session, number, "en")
        assert stale_languages(session, number) == []
        assert numbers_and_authors(session, number, "en") == [(1, "John")]
        with pytest.raises(MoveNotPossible, match="is the source"):
            confirm_translation(session, number, "fr")


def test_edit_voids_the_approval_of_its_own_language_only(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        submit_for_review(session, number, "en")
        approve_text(session, number, "fr", "Anne", NOW)
        approve_text(session, number, "en", "John", NOW)
        edited = edit_text(session, number, "en", body("Come on Saturday, at 2 pm."), NOW)
        assert edited.is_approval_void
        assert states(session, number) == {"en": "review", "fr": "approved"}
        english, french = loaded(session, number).translations
        assert (english.approved_hash, english.approved_by, english.approved_at) == (None, None, None)
        assert (french.approved_by, french.approved_at) == ("Anne", NOW)


def test_edit_of_the_source_leaves_the_approval_of_its_translation(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        for language in ("fr", "en"):
            approve_text(session, number, language, "Anne", NOW)
        edit_text(session, number, "fr", body(LATER), NOW)
        assert states(session, number) == {"en": "approved", "fr": "review"}
        assert stale_languages(session, number) == ["en"]


def test_stale_text_is_not_approved_until_somebody_looked(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        edit_text(session, number, "fr", body(LATER), NOW)
        with pytest.raises(MoveNotPossible, match=f"announcements changes {number} --language en"):
            approve_text(session, number, "en", "John", NOW)
        confirm_translation(session, number, "en")
        assert approve_text(session, number, "en", "John", NOW).state is TranslationState.APPROVED


def test_second_approval_keeps_the_first(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        approve_text(session, number, "fr", "Anne", NOW)
        again = approve_text(session, number, "fr", "Paul", NOW + WEEK)
        assert (again.approved_by, again.approved_at) == ("Anne", NOW)


def test_text_that_is_returned_is_a_draft_without_approval(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        approve_text(session, number, "fr", "Anne", NOW)
        text = return_to_draft(session, number, "fr")
        assert (text.state, text.approved_by, text.approved_hash) == (TranslationState.DRAFT, None, None)
        with pytest.raises(MoveNotPossible, match="is not applicable"):
            mark_not_applicable(session, number, "nl", NOW)
            submit_for_review(session, number, "nl")


def test_language_that_is_not_meant_to_be_is_neither_missing_nor_stale(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        assert missing_languages(loaded(session, number), ["fr", "en", "nl"]) == ("nl",)
        mark_not_applicable(session, number, "nl", NOW)
        mark_not_applicable(session, number, "en", NOW)
        edit_text(session, number, "fr", body(LATER), NOW)
        assert missing_languages(loaded(session, number), ["fr", "en", "nl"]) == ()
        assert stale_languages(session, number) == []
        with pytest.raises(MoveNotPossible, match="reopen"):
            edit_text(session, number, "en", body("Come."), NOW)


def test_reopening_brings_the_words_back_or_the_gap(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        for language in ("en", "nl"):
            mark_not_applicable(session, number, language, NOW)
        assert reopen(session, number, "nl") is None
        english = reopen(session, number, "en")
        assert english is not None
        assert (english.state, english.title) == (TranslationState.DRAFT, "The repair café opens")
        assert states(session, number) == {"en": "draft", "fr": "draft"}
        with pytest.raises(MoveNotPossible, match="is the source"):
            mark_not_applicable(session, number, "fr", NOW)


def test_what_changed_tells_what_became_of_the_source(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        assert what_changed(session, number, "en").is_stale is False
        edit_text(session, number, "fr", body(LATER), NOW + WEEK)
        edit_text(session, number, "fr", Edit({TextField.TITLE: "Le café ouvre"}, "Marie"), NOW + WEEK)
        change = what_changed(session, number, "en")
        assert (change.source_language, change.is_stale, change.is_known) == ("fr", True, True)
        assert change.since == NOW
        assert [(item.field, parts_in_words(item.parts, "fr", "en")) for item in change.fields] == [
            (TextField.TITLE, "the French lost “répare-tout”"),
            (TextField.BODY, "the French changed from “14 h” to “15 h”"),
        ]


def test_what_changed_says_when_the_older_source_is_not_kept(db: Database) -> None:
    with db.transaction() as session:
        number = one_in_two_languages(session)
        english = text_in(loaded(session, number), "en")
        assert english is not None
        english.confirmed_source_hash = "0" * 64
        session.flush()
        change = what_changed(session, number, "en")
        assert (change.is_stale, change.is_known, change.fields) == (True, False, ())


def test_result_of_an_edit_is_the_stored_text(db: Database, now: datetime) -> None:
    with db.transaction() as session:
        edited: Edited = edit_text(session, one_in_two_languages(session), "fr", body(LATER), now)
        stored = text_in(loaded(session, edited.text.announcement_id), "fr")
        assert stored is not None
        assert (stored.body, stored.updated_at) == (LATER, now)


def test_what_a_picture_shows_is_a_part_of_the_text(db: Database) -> None:
    with db.transaction() as session:
        number = an_announcement(session, ["fr", "en"], has_picture=True).id
        confirm_translation(session, number, "en")
        approve_text(session, number, "en", "Anne", NOW)
        edited = edit_text(session, number, "fr", Edit({"alt.0": "Un vieux grille-pain"}, "Marie"), NOW)
        assert (edited.revision, edited.became_stale) == (2, ("en",))
        assert [item.words.get("alt.0") for item in revisions_of(session, number, "fr")] == [
            "Un vieux grille-pain", "Un grille-pain",
        ]  # fmt: skip
        [change] = what_changed(session, number, "en").fields
        assert (change.field, change.before, change.after) == (
            "alt.0", "Un grille-pain", "Un vieux grille-pain",
        )  # fmt: skip
        assert edit_text(
            session, number, "en", Edit({"alt.0": "An old toaster"}, "John"), NOW
        ).is_approval_void
        assert states(session, number) == {"en": "review", "fr": "draft"}
        restored = restore_revision(session, number, "fr", 1, "Marie", NOW)
        assert restored.text.alt_text(0) == "Un grille-pain"
        with pytest.raises(TextRefused, match="there is no such picture"):
            edit_text(session, number, "fr", Edit({"alt.1": "Rien"}, "Marie"), NOW)
        with pytest.raises(TextRefused, match="in more than one line"):
            edit_text(session, number, "fr", Edit({"alt.0": "a\nb"}, "Marie"), NOW)
