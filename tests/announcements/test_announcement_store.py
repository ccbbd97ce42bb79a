import hashlib

import pytest

from builders import NOW
from newsletter.announcements.actions import ReadyDraft, StoredDraft, store_announcements
from newsletter.announcements.errors import AnnouncementNotFound
from newsletter.announcements.intake.draft import DraftAnnouncement, DraftPicture, DraftText
from newsletter.announcements.intake.pictures import PreparedPicture
from newsletter.announcements.models import TranslationState
from newsletter.announcements.queries import announcements, announcements_by_id, picture_data
from newsletter.announcements.remark_kinds import RemarkCode
from newsletter.announcements.remarks import Remark
from newsletter.announcements.rules import is_stale
from newsletter.foundation.database import Database

PIXELS = b"\x89PNG not really, the store does not look inside"
PICTURE = PreparedPicture(PIXELS, "image/png", 12, 6, hashlib.sha256(PIXELS).hexdigest())


def a_draft(title: str = "Le verger ouvre", has_picture: bool = False) -> ReadyDraft:
    draft = DraftAnnouncement(
        source_key=hashlib.sha256(title.encode()).hexdigest(),
        source_name="orchard.md",
        source_language="fr",
        texts=(
            DraftText("fr", title, False, "", "Venez.", "S’inscrire", "https://canal.example/fr/verger"),
            DraftText("en", "The orchard opens", True, "", "Come."),
        ),
        pictures=(DraftPicture(None, b"raw", (("fr", "Un pommier"), ("en", "An apple tree"))),)
        if has_picture
        else (),
        remarks=(Remark(RemarkCode.DERIVED_TITLE, "en", 1, "The orchard"),),
    )
    return ReadyDraft(draft, (PICTURE,) if has_picture else ())


def test_store_keeps_everything_of_a_draft(db: Database) -> None:
    with db.transaction() as session:
        assert store_announcements(session, [a_draft(has_picture=True)], NOW) == [StoredDraft(1, is_new=True)]
    with db.read() as session:
        stored = announcements_by_id(session, [1])[0]
        assert [
            (text.language, text.title, text.is_title_derived, text.state) for text in stored.translations
        ] == [
            ("en", "The orchard opens", True, TranslationState.DRAFT),
            ("fr", "Le verger ouvre", False, TranslationState.DRAFT),
        ]
        assert [(remark.code, remark.language, remark.line) for remark in stored.remarks] == [
            ("derived_title", "en", 1)
        ]
        assert len(stored.pictures) == 1
        assert {text.language: text.alt_text(0) for text in stored.translations} == {
            "fr": "Un pommier", "en": "An apple tree",
        }  # fmt: skip
        assert picture_data(session, PICTURE.sha256) == ("image/png", PIXELS)
        assert picture_data(session, "0" * 64) is None


def test_same_source_again_adds_nothing(db: Database) -> None:
    drafts = [a_draft(has_picture=True), a_draft("Un autre", has_picture=True), a_draft(has_picture=True)]
    with db.transaction() as session:
        first = store_announcements(session, drafts, NOW)
    with db.transaction() as session:
        second = store_announcements(session, drafts, NOW)
    assert [(item.announcement_id, item.is_new) for item in first] == [(1, True), (2, True), (1, False)]
    assert [(item.announcement_id, item.is_new) for item in second] == [(1, False), (2, False), (1, False)]
    with db.read() as session:
        assert [item.id for item in announcements(session)] == [2, 1]


def test_translation_that_comes_with_its_source_is_not_stale_until_the_source_changes(db: Database) -> None:
    with db.transaction() as session:
        store_announcements(session, [a_draft()], NOW)
    with db.transaction() as session:
        english, french = announcements_by_id(session, [1])[0].translations
        assert not is_stale(english, french)
        assert not is_stale(french, french)
        french.body = "Venez  tous.\n"
        assert is_stale(english, french)
        french.body = " Venez.\n"
        assert not is_stale(english, french)


def test_announcement_that_is_not_there_is_named(db: Database) -> None:
    with db.read() as session, pytest.raises(AnnouncementNotFound, match="7, 9") as refusal:
        announcements_by_id(session, [7, 9])
    assert refusal.value.announcement_ids == (7, 9)
