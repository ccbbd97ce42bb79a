"""What becomes of returned translations, unit by unit: on real databases, from XLIFF and from PO."""

from collections.abc import Callable

import polib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from builders import NOW
from builders_handoff import (
    ENGLISH,
    SOURCE,
    a_story,
    as_po,
    as_xliff,
    fates,
    fill_xliff,
    read_back,
    reasons,
    take_back,
)
from newsletter.announcements.handoff.xliff_writing import CORE
from newsletter.announcements.models import Announcement, AnnouncementPicture, Picture
from newsletter.announcements.queries import announcements_by_id
from newsletter.announcements.revisions.editing import Edit, confirm_translation, edit_text
from newsletter.announcements.revisions.queries import revisions_of
from newsletter.announcements.revisions.states import approve_text, mark_not_applicable
from newsletter.announcements.rules import TextField, is_stale, source_of, text_in
from newsletter.foundation.database import Database, ReadSession, WriteSession

ALL = ("title", "summary", "body", "cta_label", "cta_url")
LATER = SOURCE[TextField.BODY].replace("17", "18")
TRANSLATION = {
    "La fête du canal": "The canal party", "Une fête, ": "A party, ", "vous": "you", " y êtes": " are in",
    "Venez samedi à 17\u202fh": "Come on Saturday at 5 pm", "voyez": "look", "Au programme": "What is on",
    "musique": "music", "soupe": "soup", "S’inscrire": "Sign up",
}  # fmt: skip


def fill_po(data: bytes, _translate: object = None) -> bytes:
    """The catalogue as a translator returns it who copies every source."""
    file = polib.pofile(data.decode())
    for entry in file:
        entry.msgstr, entry.flags = entry.msgid, []
    return str(file).encode()


def whole(session: ReadSession, number: int) -> Announcement:
    session.expire_all()
    return announcements_by_id(session, [number])[0]


def english(session: ReadSession, number: int) -> dict[str, object]:
    """The English text: its words, its state, whether it is stale."""
    item = whole(session, number)
    text = text_in(item, "en")
    assert text is not None
    return {
        "words": text.words,
        "state": text.state.value,
        "is_stale": is_stale(text, source_of(item)),
    }


def test_translation_comes_back_and_waits_for_review(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session)
        filled = fill_xliff(as_xliff(session, number), TRANSLATION)
        link = b"<target>https://canal.example/fr/fete</target>"
        assert link in filled
        filled = filled.replace(link, b"<target>https://canal.example/en/party</target>")
        filled = filled.replace(
            b"<target>https://canal.example/fr/inscription</target>",
            b"<target>https://canal.example/en/sign-up</target>",
        )
        report = take_back(filled, session)
        assert fates(report) == dict.fromkeys(ALL, "accepted")
        assert english(session, number) == {"words": ENGLISH, "state": "review", "is_stale": False}
        assert [(item.number, item.author) for item in revisions_of(session, number, "en")] == [(1, "Agency")]


@pytest.mark.parametrize(("export", "fill"), [(as_xliff, fill_xliff), (as_po, fill_po)])
def test_same_file_again_changes_nothing(
    db: Database, export: Callable[..., bytes], fill: Callable[..., bytes]
) -> None:
    with db.transaction() as session:
        number = a_story(session)
        filled = fill(export(session, number), {})
        assert set(fates(take_back(filled, session)).values()) == {"accepted"}
        approve_text(session, number, "en", "John", NOW)
        session.flush()
        assert set(fates(take_back(filled, session)).values()) == {"unchanged"}
        assert english(session, number)["state"] == "approved"
        assert [item.number for item in revisions_of(session, number, "en")] == [1]


@pytest.mark.parametrize(("export", "fill"), [(as_xliff, fill_xliff), (as_po, fill_po)])
def test_stale_import_stays_stale(
    db: Database, export: Callable[..., bytes], fill: Callable[..., bytes]
) -> None:
    """A late translation is taken, and never passes for one of the newer source."""
    with db.transaction() as session:
        number = a_story(session)
        exported = export(session, number)
        edit_text(session, number, "fr", Edit({TextField.BODY: LATER}, "Marie"), NOW)
        report = take_back(fill(exported, {}), session)
        assert fates(report) == {**dict.fromkeys(ALL, "accepted"), "body": "accepted_as_stale"}
        stored = english(session, number)
        assert (stored["words"], stored["is_stale"]) == (SOURCE, True)
        take_back(fill(exported, {}), session)
        assert english(session, number)["is_stale"] is True
        edit_text(session, number, "fr", Edit({TextField.BODY: LATER + "!"}, "Marie", is_minor=True), NOW)
        assert english(session, number)["is_stale"] is True
        confirm_translation(session, number, "en")
        session.flush()
        assert english(session, number)["is_stale"] is False


def test_whole_translation_of_the_source_as_it_is_ends_its_staleness(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session, english=SOURCE)
        edit_text(session, number, "fr", Edit({TextField.BODY: LATER}, "Marie"), NOW)
        report = take_back(fill_xliff(as_xliff(session, number), {}), session)
        assert fates(report) == {**dict.fromkeys(ALL, "unchanged"), "body": "accepted"}
        assert english(session, number)["is_stale"] is False


def test_unchanged_translation_that_the_translator_confirmed_is_confirmed(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session, english=ENGLISH)
        edit_text(session, number, "fr", Edit({TextField.BODY: LATER}, "Marie"), NOW)
        exported = as_xliff(session, number)
        assert fates(take_back(exported, session)) == {
            **dict.fromkeys(ALL, "unchanged"),
            "body": "untranslated",
        }
        assert english(session, number)["is_stale"] is True
        looked_at = exported.replace(b'state="initial"', b'state="reviewed"')
        assert fates(take_back(looked_at, session)) == dict.fromkeys(ALL, "unchanged")
        assert english(session, number)["is_stale"] is False


def test_part_of_a_translation_leaves_the_doubt_and_the_draft(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session, english=ENGLISH)
        edit_text(session, number, "fr", Edit({TextField.BODY: LATER, TextField.TITLE: "Fête"}, "Marie"), NOW)
        filled = fill_xliff(as_xliff(session, number), {"Fête": "Party"}, only=["title"])
        assert fates(take_back(filled, session)) == {
            **dict.fromkeys(ALL, "unchanged"), "title": "accepted", "body": "untranslated",
        }  # fmt: skip
        stored = english(session, number)
        assert (stored["is_stale"], stored["state"]) == (True, "draft")


def test_damaged_units_are_refused_and_the_others_taken(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session)
        root = etree.fromstring(fill_xliff(as_xliff(session, number), TRANSLATION))
        for name in ("summary", "body"):
            for target in root.iterfind(f".//{{{CORE}}}unit[@id='{name}']//{{{CORE}}}target"):
                for code in list(target):
                    target.remove(code)
        report = take_back(etree.tostring(root), session)
        assert fates(report) == {**dict.fromkeys(ALL, "accepted"), "summary": "refused", "body": "refused"}
        assert reasons(report, "summary") == ("the field [[first_name]] is missing or damaged",)
        assert reasons(report, "body") == ("a link is lost: https://canal.example/fr/fete",)
        stored = english(session, number)
        assert stored["words"] == {
            **dict.fromkeys(ALL, ""), "title": "The canal party", "cta_label": "Sign up",
            "cta_url": SOURCE[TextField.CTA_URL],
        }  # fmt: skip
        assert stored["state"] == "draft"


@pytest.mark.parametrize(
    ("old", "new", "unit", "reason"),
    [
        (b"<target>https://canal.example/fr/inscription<", b"<target>canal<", "cta_url",
         "the button's address must begin with https:// or mailto: and have no spaces"),
        (b"<target>https://canal.example/fr/fete<", b"<target>javascript:alert(1)<", "body",
         "a link leads nowhere: javascript:alert(1)"),
        (b"<target>La f\xc3\xaate du canal<", b"<target>a\nb<", "title", "there must be only one line"),
        (b"<target>La f\xc3\xaate du canal<", b"<target>[[first_name]]<", "title",
         "the field [[first_name]] is not in the source"),
    ],
)  # fmt: skip
def test_refusal_names_its_reason(
    sqlite_db: Database, old: bytes, new: bytes, unit: str, reason: str
) -> None:
    with sqlite_db.transaction() as session:
        root = etree.fromstring(fill_xliff(as_xliff(session, a_story(session)), {}))
        filled = etree.tostring(root, encoding="utf-8")
        assert filled.count(old) == 1
        report = read_back(filled.replace(old, new), session)
        assert reasons(report, unit) == (reason,)


def test_change_made_here_since_the_export_is_a_conflict(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session, english=ENGLISH)
        exported = as_xliff(session, number)
        edit_text(session, number, "en", Edit({TextField.TITLE: "Party on the canal"}, "John"), NOW)
        untouched = take_back(exported, session)
        assert fates(untouched) == dict.fromkeys(ALL, "unchanged")
        contrary = exported.replace(b"<target>The canal party<", b"<target>A canal party<")
        report = take_back(contrary, session)
        assert fates(report) == {**dict.fromkeys(ALL, "unchanged"), "title": "refused"}
        assert reasons(report, "title") == ("the English was changed here since the export",)
        assert english(session, number)["words"] == {**ENGLISH, "title": "Party on the canal"}


def test_text_written_here_since_the_export_is_a_conflict(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session)
        exported = as_xliff(session, number)
        edit_text(session, number, "en", Edit(ENGLISH, "John"), NOW)
        report = take_back(fill_xliff(exported, {}), session)
        assert {name for name, fate in fates(report).items() if fate == "refused"} == set(ALL)
        assert english(session, number)["words"] == ENGLISH


def refused(data: bytes, session: WriteSession) -> set[tuple[str, ...]]:
    report = take_back(data, session)
    assert {unit.fate.value for unit in report.units} == {"refused"}
    assert not report.is_all_taken
    return {unit.reasons for unit in report.units}


def test_file_that_is_not_ours_is_refused_as_a_whole(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session)
        filled = fill_xliff(as_xliff(session, number), {})
        name = f'"announcement-{number}"'.encode()
        assert refused(filled.replace(name, b'"announcement-77"'), session) == {
            ("there is no announcement 77",)
        }
        assert refused(filled.replace(name, b'"another"'), session) == {
            ("unknown unit: it belongs to no announcement",)
        }
        assert refused(filled.replace(b'srcLang="fr"', b'srcLang="nl"'), session) == {
            ("wrong language: the announcement is written in French, not in nl",)
        }
        assert refused(filled.replace(b'trgLang="en"', b'trgLang="fr"'), session) == {
            ("wrong language: fr is the language of the source",)
        }
        other_hash = filled.replace(b'type="source-hash">', b'type="source-hash">0')
        [[reason]] = refused(other_hash, session)
        assert reason.startswith("it was not made from a text of this announcement")
        assert text_in(whole(session, number), "en") is None


def test_file_that_lost_its_metadata_is_known_by_its_sources(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session)
        root = etree.fromstring(fill_xliff(as_xliff(session, number), {}))
        for metadata in list(root.iter("{urn:oasis:names:tc:xliff:metadata:2.0}metadata")):
            parent = metadata.getparent()
            assert parent is not None
            parent.remove(metadata)
        assert fates(read_back(etree.tostring(root), session)) == dict.fromkeys(ALL, "accepted")


def test_unit_that_the_source_does_not_have_is_refused(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session)
        filled = fill_xliff(as_xliff(session, number), {}).replace(
            b'<unit id="summary"', b'<unit id="footnote"'
        )
        report = take_back(filled, session)
        assert reasons(report, "footnote") == ("unknown unit: there is no such text or picture",)
        twice = fill_xliff(as_xliff(session, a_story(session)), {}).replace(b'"summary"', b'"title"')
        assert reasons(read_back(twice, session), "title") == ("this unit stands in the file more than once",)


def test_new_text_does_not_begin_without_its_title(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session)
        filled = fill_xliff(as_xliff(session, number), {}, only=["body", "cta_label"])
        report = take_back(filled, session)
        assert fates(report)["body"] == "refused"
        assert reasons(report, "body") == (
            "there is no translation yet, and without its title none can begin",
        )
        assert text_in(whole(session, number), "en") is None


def test_language_that_is_set_aside_takes_nothing(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session)
        filled = fill_xliff(as_xliff(session, number), {})
        mark_not_applicable(session, number, "en", NOW)
        assert refused(filled, session) == {("it is not meant to exist in English; reopen it first",)}


def test_import_voids_the_approval_of_other_words(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session, english=ENGLISH)
        approve_text(session, number, "en", "John", NOW)
        changed = as_xliff(session, number).replace(b"<target>The canal party<", b"<target>A canal party<")
        take_back(changed, session)
        assert english(session, number)["state"] == "review"


def test_judging_changes_nothing(db: Database) -> None:
    with db.transaction() as session:
        number = a_story(session)
        filled = fill_xliff(as_xliff(session, number), {})
    with db.read() as session:
        assert set(fates(read_back(filled, session)).values()) == {"accepted"}
        assert text_in(whole(session, number), "en") is None


@pytest.mark.parametrize(("export", "fill"), [(as_xliff, fill_xliff), (as_po, fill_po)])
def test_descriptions_of_pictures_go_along(
    db: Database, export: Callable[..., bytes], fill: Callable[..., bytes]
) -> None:
    with db.transaction() as session:
        number = a_story(session)
        session.add(Picture(sha256="b" * 64, content_type="image/png", width=1, height=1, data=b"x"))
        session.flush()
        session.add(AnnouncementPicture(announcement_id=number, position=0, sha256="b" * 64))
        edit_text(session, number, "fr", Edit({"alt.0": "Des lanternes"}, "Marie"), NOW)
        exported = export(session, number)
        edit_text(session, number, "fr", Edit({"alt.0": "Des lampions"}, "Marie"), NOW)
        report = take_back(fill(exported, {}), session)
        assert fates(report) == {**dict.fromkeys(ALL, "accepted"), "alt.0": "accepted_as_stale"}
        stored = english(session, number)
        assert (stored["words"], stored["is_stale"]) == ({**SOURCE, "alt.0": "Des lanternes"}, True)
        confirm_translation(session, number, "en")
        session.flush()
        assert english(session, number)["is_stale"] is False


def test_what_is_left_out_of_a_hand_off_says_why(db: Database) -> None:
    from newsletter.announcements.handoff.preparing import hand_off

    with db.transaction() as session:
        french, set_aside = a_story(session), a_story(session)
        mark_not_applicable(session, set_aside, "en", NOW)
        prepared = hand_off(session, [french, set_aside], "fr", "en")
        assert [text.name for text in prepared.texts] == [f"announcement-{french}"]
        assert [(item.name, item.reason) for item in prepared.left_out] == [
            (f"announcement-{set_aside}", "it is not meant to exist in English")
        ]
        other_way = hand_off(session, [french], "en", "fr")
        assert [item.reason for item in other_way.left_out] == ["it is written in French"]


SIGNS = st.sampled_from(
    [*"ab <>&\"'*_[]()!|\\#-~", "\n", "\n\n", "\u202f", "\u00a0", "🎉", "[[first_name|a b]]", "[[link:unsubscribe]]",
     "[a](https://b.example/fr)", "[[[name|x]]](https://c.example)", "https://d.example/x.", "## ", "- ", "**b**"]
)  # fmt: skip
BODIES = st.lists(SIGNS, max_size=30).map("".join)
TITLES = BODIES.map(lambda words: " ".join(words.split())).filter(bool)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=TITLES, summary=BODIES, body=BODIES, is_xliff=st.booleans())
def test_any_text_comes_back_accepted_and_the_same(
    sqlite_db: Database, title: str, summary: str, body: str, is_xliff: bool
) -> None:
    """A translator who copies every source gives the source: nothing is lost, and nothing is taken for damage."""
    words = {TextField.TITLE: title, TextField.SUMMARY: summary, TextField.BODY: body}
    with sqlite_db.transaction() as session:
        number = a_story(session, words)
        filled = fill_xliff(as_xliff(session, number), {}) if is_xliff else fill_po(as_po(session, number))
        report = take_back(filled, session)
        assert set(fates(report).values()) == {"accepted"}
        expected = {field: text if text.strip() else "" for field, text in words.items()}
        stored = english(session, number)
        assert stored == {
            "words": {**dict.fromkeys(ALL, ""), **expected}, "state": "review", "is_stale": False,
        }  # fmt: skip
        assert set(fates(take_back(filled, session)).values()) == {"unchanged"}
