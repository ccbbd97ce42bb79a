"""XLIFF 2.0: what is written is valid, says what it should, and comes through other tools unharmed."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from translate.storage.xliff2 import Xliff2File

from builders import NOW
from builders_handoff import (
    ENGLISH,
    SCHEMA,
    SOURCE,
    a_story,
    as_xliff,
    fates,
    fill_xliff,
    read_back,
    take_back,
)
from newsletter.announcements.handoff.segments import join_text
from newsletter.announcements.handoff.units import HandOff, TextToTranslate, Unit, UnitState
from newsletter.announcements.handoff.xliff_reading import read_xliff
from newsletter.announcements.handoff.xliff_writing import CORE, METADATA, write_xliff
from newsletter.announcements.revisions.editing import Edit, edit_text
from newsletter.announcements.rules import FieldForm, TextField
from newsletter.foundation.database import Database
from newsletter.foundation.errors import BadInput

NAMES = {"x": CORE, "mda": METADATA}
SIGNS = st.sampled_from(
    [*"ab <>&\"'*_[]()!|\\\n#-\r\t", "\n\n", "\u202f", "\u00a0", "🎉", "[[x]]", "[[first_name|a b]]", "]]>", "\x03", "\u2028",
     "\x85", "\ufffe", "[a](https://b.example/fr)", "[[[name|x]]](https://c.example \"t\")", "https://d.example/x.",
     "<https://e.example>", "&amp;", "<ph/>"]
)  # fmt: skip
ANY = st.lists(SIGNS, max_size=30).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=60
)

WORDS = ANY.filter(lambda words: words.strip() != "")  # an empty field is not handed to anybody

FORMS = {
    "title": FieldForm.LINE, "body": FieldForm.MARKDOWN, "cta_url": FieldForm.URL, "alt.0": FieldForm.LINE,
}  # fmt: skip


def a_hand_off(*units: Unit) -> HandOff:
    return HandOff(
        "fr", "en", (TextToTranslate("announcement-1", "a" * 64, 3, units, ("A note\x03 & more",)),)
    )


def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(SCHEMA))


@pytest.fixture(scope="session")
def xliff_schema() -> etree.XMLSchema:
    return schema()


@settings(deadline=None)
@given(source=WORDS, target=ANY, field=st.sampled_from(sorted(FORMS)))
def test_any_words_make_a_valid_document_and_come_back(
    xliff_schema: etree.XMLSchema, source: str, target: str, field: str
) -> None:
    data = write_xliff(a_hand_off(Unit(field, source, target, UnitState.WRITTEN, ("A note",), FORMS[field])))
    xliff_schema.assertValid(etree.fromstring(data))
    [unit] = read_xliff(data, "x.xlf").texts[0].units
    assert join_text(unit.sources, unit.gaps or ()) == source
    if target.strip():
        assert join_text(unit.targets, unit.gaps or ()) == target


@settings(deadline=None)
@given(WORDS)
def test_copied_sources_come_back_as_the_source(words: str) -> None:
    data = fill_xliff(
        write_xliff(a_hand_off(Unit("body", words, "", UnitState.MISSING, form=FieldForm.MARKDOWN))), {}
    )
    [unit] = read_xliff(data, "x.xlf").texts[0].units
    assert join_text(unit.targets, unit.gaps or ()) == words


def test_document_says_what_it_is_made_from(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number = a_story(session, english=ENGLISH)
        root = etree.fromstring(as_xliff(session, number))
    assert (root.get("version"), root.get("srcLang"), root.get("trgLang")) == ("2.0", "fr", "en")
    assert root.xpath("x:file/@id", namespaces=NAMES) == [f"announcement-{number}"]
    assert root.xpath("//x:unit/@id", namespaces=NAMES) == [
        "title", "summary", "body", "body.link.1", "cta_label", "cta_url",
    ]  # fmt: skip
    meta = {item.get("type"): item.text for item in root.iterfind(".//mda:meta", NAMES)}
    assert meta["target-revision"] == "1"
    assert len(meta["source-hash"] or "") == 64
    sources = root.xpath("//x:unit[@id='body']/x:segment/x:source", namespaces=NAMES)
    assert ["".join(item.itertext()) for item in sources] == [
        "Venez samedi à 17\u202fh, voyez.", "## Au programme", "- musique\n- soupe",
    ]  # fmt: skip


def test_fields_and_links_are_protected_codes(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        root = etree.fromstring(as_xliff(session, a_story(session)))
    [field] = root.xpath("//x:unit[@id='summary']//x:source/x:pc", namespaces=NAMES)
    assert (field.text, field.get("canDelete"), field.get("dispStart")) == ("vous", "no", "[[first_name|")
    [link] = root.xpath("//x:unit[@id='body']//x:source/x:pc", namespaces=NAMES)
    assert (link.text, link.get("type"), link.get("subFlowsEnd")) == ("voyez", "link", "body.link.1")
    [target] = root.xpath("//x:unit[@id='body.link.1']//x:target", namespaces=NAMES)
    assert target.text == "https://canal.example/fr/fete"


@pytest.mark.parametrize(
    ("is_edited", "is_approved", "states"),
    [
        (False, False, {"title": "translated", "body": "translated"}),
        (False, True, {"title": "final", "body": "final"}),
        (True, False, {"title": "translated", "body": "initial"}),
        (True, True, {"title": "final", "body": "initial"}),
    ],
)
def test_state_tells_what_is_to_be_done(
    sqlite_db: Database, is_edited: bool, is_approved: bool, states: dict[str, str]
) -> None:
    from newsletter.announcements.revisions.states import approve_text

    with sqlite_db.transaction() as session:
        number = a_story(session, english=ENGLISH)
        if is_approved:
            approve_text(session, number, "en", "John", NOW)
        if is_edited:
            later = SOURCE[TextField.BODY].replace("17", "18")
            edit_text(session, number, "fr", Edit({TextField.BODY: later}, "Marie"), NOW)
        root = etree.fromstring(as_xliff(session, number))
    found = {
        name: set(root.xpath(f"//x:unit[@id='{name}']/x:segment/@state", namespaces=NAMES)) for name in states
    }
    assert found == {name: {state} for name, state in states.items()}
    notes = root.xpath("x:file/x:notes/x:note/text()", namespaces=NAMES)
    told = "Since the translation was confirmed: the French changed from “17\u202fh” to “18\u202fh”"
    assert notes == ([told] if is_edited else [])


@pytest.mark.parametrize("has_english", [True, False])
def test_round_trip_through_translate_toolkit_changes_nothing(
    sqlite_db: Database, tmp_path: Path, has_english: bool
) -> None:
    with sqlite_db.transaction() as session:
        number = a_story(session, english=ENGLISH if has_english else None)
        ours = as_xliff(session, number)
        (tmp_path / "x.xlf").write_bytes(ours)
        store = Xliff2File.parsefile(str(tmp_path / "x.xlf"))
        theirs = bytes(store)
        assert read_xliff(theirs, "x.xlf") == read_xliff(ours, "x.xlf")
        schema().assertValid(etree.fromstring(theirs))
        fate = "unchanged" if has_english else "untranslated"
        assert set(fates(read_back(theirs, session)).values()) == (
            {fate} if has_english else {fate, "refused"}
        )


def test_translation_made_in_translate_toolkit_is_taken(sqlite_db: Database, tmp_path: Path) -> None:
    words = {"La fête du canal": "The canal party", "S’inscrire": "Sign up", "## Au programme": "## What is on",
             "- musique\n- soupe": "- music\n- soup"}  # fmt: skip
    with sqlite_db.transaction() as session:
        number = a_story(
            session, {field: text for field, text in SOURCE.items() if field is not TextField.SUMMARY}
        )
        (tmp_path / "x.xlf").write_bytes(as_xliff(session, number))
        store = Xliff2File.parsefile(str(tmp_path / "x.xlf"))
        for unit in store.units:
            if str(unit.source) in words:
                unit.target = words[str(unit.source)]
        report = take_back(bytes(store), session)
    assert fates(report) == {
        "title": "accepted", "body": "untranslated", "cta_label": "accepted", "cta_url": "accepted",
    }  # fmt: skip


def test_order_of_segments_may_be_another_in_the_translation() -> None:
    data = write_xliff(
        a_hand_off(Unit("body", "un\n\ndeux", "one\n\ntwo", UnitState.WRITTEN, form=FieldForm.MARKDOWN))
    )
    root = etree.fromstring(data)
    for target, order in zip(root.iter(f"{{{CORE}}}target"), ("3", "1"), strict=True):
        target.set("order", order)
    [unit] = read_xliff(etree.tostring(root), "x.xlf").texts[0].units
    assert join_text(unit.targets, unit.gaps or ()) == "two\n\none"


def test_paragraphs_that_do_not_match_travel_as_one() -> None:
    data = write_xliff(
        a_hand_off(
            Unit(
                "body",
                "un\n\ndeux",
                "one two [x](https://a.example)",
                UnitState.WRITTEN,
                form=FieldForm.MARKDOWN,
            )
        )
    )
    [unit] = read_xliff(data, "x.xlf").texts[0].units
    assert (unit.sources, unit.targets) == (("un\n\ndeux",), ("one two [x](https://a.example)",))


def test_marks_and_comments_of_tools_are_passed_over() -> None:
    data = write_xliff(a_hand_off(Unit("title", "un", "one", UnitState.WRITTEN)))
    data = data.replace(
        b"<target>one</target>", b'<target>o<!-- c --><mrk id="m1" type="term">n</mrk>e<?p?>!</target>'
    )
    [unit] = read_xliff(data, "x.xlf").texts[0].units
    assert unit.targets == ("one!",)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<xliff", "cannot be read as XML"),
        (b'<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"/>', "no XLIFF 2.0"),
        (f'<xliff xmlns="{CORE}" version="2.0" srcLang="fr"/>'.encode(), "from which language into which"),
        (f'<xliff xmlns="{CORE}" version="2.0" srcLang="fr" trgLang="!"/>'.encode(), "not a language tag"),
        (f'<!DOCTYPE xliff [<!ENTITY a "b">]><xliff xmlns="{CORE}"/>'.encode(), "document type"),
    ],
)  # fmt: skip
def test_what_is_no_xliff_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_xliff(data, "x.xlf")


def test_file_of_this_machine_is_never_read_into_a_translation(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret", "utf-8")
    data = write_xliff(a_hand_off(Unit("title", "un", "one", UnitState.WRITTEN))).split(b"?>\n", 1)[1]
    evil = f'<!DOCTYPE xliff [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'.encode() + data.replace(
        b">one<", b">&e;<"
    )
    with pytest.raises(BadInput, match="document type"):
        read_xliff(evil, "x.xlf")


def test_character_that_there_is_not_is_refused() -> None:
    data = write_xliff(a_hand_off(Unit("title", "un", "one", UnitState.WRITTEN)))
    with pytest.raises(BadInput, match="D800"):
        read_xliff(data.replace(b">one<", b'><cp hex="D800"/><'), "x.xlf")
