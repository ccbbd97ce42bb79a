"""Gettext PO: any words come back as they went out, through other tools too."""

from pathlib import Path

import polib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from translate.storage.pypo import pofile

from builders import NOW
from builders_handoff import ENGLISH, SOURCE, a_story, as_po, fates, read_back, take_back
from newsletter.announcements.handoff.po import read_po, write_po
from newsletter.announcements.handoff.segments import join_text, split_text
from newsletter.announcements.handoff.units import HandOff, TextToTranslate, Unit, UnitState
from newsletter.announcements.revisions.editing import Edit, edit_text
from newsletter.announcements.rules import FieldForm, TextField
from newsletter.foundation.database import Database
from newsletter.foundation.errors import BadInput

SIGNS = st.sampled_from(
    [*"ab <>&\"'*_[]()!|\\\n#-~\r\t", "\n\n", "\u202f", "\u00a0", "🎉", "[[first_name|a b]]", "\x03", "\u2028", "\x85",
     "\\n", '"\n"', "msgid", "#, fuzzy\n", "\x0b", "\x1c", "word " * 30]
)  # fmt: skip
ANY = st.lists(SIGNS, max_size=30).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=60
)
WORDS = ANY.filter(lambda words: words.strip() != "")

FORMS = {
    "title": FieldForm.LINE, "body": FieldForm.MARKDOWN, "cta_url": FieldForm.URL, "alt.0": FieldForm.LINE,
}  # fmt: skip


def a_hand_off(*units: Unit) -> HandOff:
    return HandOff("fr", "en", (TextToTranslate("announcement-1", "a" * 64, 3, units, ("A note",)),))


@settings(deadline=None)
@given(source=WORDS, target=ANY, field=st.sampled_from(sorted(FORMS)))
def test_any_words_come_back(source: str, target: str, field: str) -> None:
    data = write_po(
        a_hand_off(Unit(field, source, target, UnitState.WRITTEN, ("A note",), FORMS[field]))
    ).encode()
    returned = read_po(data, "x.po")
    text = returned.texts[0]
    assert (returned.source_language, returned.target_language) == ("fr", "en")
    assert (text.name, text.source_hash, text.target_revision) == ("announcement-1", "a" * 64, 3)
    [unit] = text.units
    gaps = split_text(source).gaps
    is_whole = field != "body" or unit.sources == (source,)
    assert (unit.sources[0] if is_whole else join_text(unit.sources, gaps)) == source
    assert (unit.targets[0] if is_whole else join_text(unit.targets, gaps)) == target or not target


def test_entries_say_where_they_stand_and_what_they_are(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number = a_story(session)
        file = polib.pofile(as_po(session, number).decode())
    assert [entry.msgctxt for entry in file] == [
        f"announcement-{number}.{field}"
        for field in ("title.1", "summary.1", "body.1", "body.2", "body.3", "cta_label.1", "cta_url.1")
    ]
    assert (file.metadata["Language"], file.metadata["X-Source-Language"]) == ("en", "fr")
    assert file[2].comment.startswith("The text. Keep the signs of the Markdown")
    assert [entry.msgstr for entry in file if entry.msgstr] == ["https://canal.example/fr/inscription"]


def test_stale_entries_are_fuzzy_and_count_as_not_translated(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number = a_story(session, english=ENGLISH)
        later = SOURCE[TextField.BODY].replace("17", "18")
        edit_text(session, number, "fr", Edit({TextField.BODY: later}, "Marie"), NOW)
        data = as_po(session, number)
        assert [entry.msgctxt.split(".")[1] for entry in polib.pofile(data.decode()) if entry.fuzzy] == [
            "body"
        ] * 3
        assert fates(read_back(data, session)) == {
            "title": "unchanged", "summary": "unchanged", "body": "untranslated",
            "cta_label": "unchanged", "cta_url": "unchanged",
        }  # fmt: skip


def test_round_trip_through_translate_toolkit_changes_nothing(sqlite_db: Database, tmp_path: Path) -> None:
    with sqlite_db.transaction() as session:
        number = a_story(session, english=ENGLISH)
        ours = as_po(session, number)
        (tmp_path / "x.po").write_bytes(ours)
        theirs = bytes(pofile.parsefile(str(tmp_path / "x.po")))
        assert read_po(theirs, "x.po") == read_po(ours, "x.po")
        assert set(fates(take_back(theirs, session)).values()) == {"unchanged"}


def test_paragraph_without_its_translation_keeps_the_whole_text_out(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number = a_story(session)
        file = polib.pofile(as_po(session, number).decode())
        for entry in file:
            entry.msgstr = "" if entry.msgctxt.endswith("body.2") else entry.msgid
        report = read_back(str(file).encode(), session)
    body = next(unit for unit in report.units if unit.unit.endswith("body"))
    assert (body.fate.value, body.reasons) == ("untranslated", ("1 of 3 paragraphs are not translated",))


def test_paragraph_that_was_taken_out_of_the_file_is_refused(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number = a_story(session)
        file = polib.pofile(as_po(session, number).decode())
        kept = [entry for entry in file if not entry.msgctxt.endswith("body.2")]
        for entry in kept:
            entry.msgstr = entry.msgid
        file[:] = kept
        assert fates(read_back(str(file).encode(), session))["body"] == "refused"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe\x00", "not in UTF-8"),
        (b"this is no catalogue", "cannot be read as PO"),
        (b'msgid ""\nmsgstr "Language: en\\n"\n', "from which language into which"),
    ],
)
def test_what_is_no_catalogue_of_ours_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_po(data, "x.po")
