"""An edition's own words go to translators and come back, as XLIFF and as PO, on both databases."""

from collections.abc import Callable

import polib
import pytest
from lxml import etree
from translate.storage.xliff2 import Xliff2File

from builders import NOW, a_list, a_masthead, an_announcement, an_edition
from builders_handoff import SCHEMA, fates, fill_xliff, reasons
from newsletter.announcements.handoff.judging import judge
from newsletter.announcements.handoff.kinds import ANNOUNCEMENTS
from newsletter.announcements.handoff.po import read_po, write_po
from newsletter.announcements.handoff.report import HandOffReport
from newsletter.announcements.handoff.taking_in import take_in
from newsletter.announcements.handoff.units import HandOff, LeftOut, TextToTranslate
from newsletter.announcements.handoff.xliff_reading import read_xliff
from newsletter.announcements.handoff.xliff_writing import CORE, write_xliff
from newsletter.announcements.revisions.changing import Edit
from newsletter.audience.models import MailingList
from newsletter.editions.editing import EditionEdit, edit_edition
from newsletter.editions.freezing import freeze_now
from newsletter.editions.handoff import EDITIONS, edition_to_translate
from newsletter.editions.models import EditionText
from newsletter.editions.queries import edition_by_id
from newsletter.editions.wording import approve_words, edit_words, revisions_of_words
from newsletter.foundation.database import Database, ReadSession, WriteSession

KINDS = (EDITIONS, ANNOUNCEMENTS)
WORDS = {
    "subject": "La fête du canal",
    "preheader": "Samedi, 14 h",
    "intro": "Bonjour [[first_name|vous]],\n\n[voyez](https://canal.example/fr/fete) !",
}
TRANSLATION = {
    "La fête du canal": "The canal party", "Samedi, 14 h": "Saturday, 2 pm", "Bonjour ": "Hello ", "vous": "you",
    "voyez": "look", "Agenda": "Diary",
}  # fmt: skip
Export = Callable[[ReadSession, int], bytes]
Fill = Callable[[bytes], bytes]


def a_written_edition(session: WriteSession) -> int:
    """An edition with French words of its own, and the title of its section."""
    mailing_list = a_list(session)
    number = an_edition(session, mailing_list, [an_announcement(session)]).id
    edit = EditionEdit("Marie", words={"fr": WORDS}, titles={"fr": {1: "Agenda"}})
    edit_edition(session, number, edit, a_masthead(mailing_list), NOW)
    return number


def prepared(session: ReadSession, number: int) -> HandOff:
    text = edition_to_translate(session, number, "fr", "en")
    assert isinstance(text, TextToTranslate)
    return HandOff("fr", "en", (text,))


def as_xliff(session: ReadSession, number: int) -> bytes:
    return write_xliff(prepared(session, number))


def as_po(session: ReadSession, number: int) -> bytes:
    return write_po(prepared(session, number)).encode()


def filled_xliff(data: bytes) -> bytes:
    return fill_xliff(data, TRANSLATION)


def filled_po(data: bytes) -> bytes:
    file = polib.pofile(data.decode())
    for entry in file:
        words = entry.msgid
        for french, english in TRANSLATION.items():
            words = words.replace(french, english)
        entry.msgstr, entry.flags = words, []
    return str(file).encode()


def take_back(data: bytes, session: WriteSession) -> HandOffReport:
    returned = read_xliff(data, "x.xlf") if data.startswith(b"<") else read_po(data, "x.po")
    report = take_in(session, returned, "Agency", NOW, KINDS)
    session.flush()
    session.expire_all()
    return report


def english(session: ReadSession, number: int) -> EditionText:
    return next(text for text in edition_by_id(session, number).texts if text.language == "en")


BOTH_FORMS = pytest.mark.parametrize(("export", "fill"), [(as_xliff, filled_xliff), (as_po, filled_po)])


@BOTH_FORMS
def test_words_of_an_edition_come_back_and_wait_for_review(db: Database, export: Export, fill: Fill) -> None:
    with db.transaction() as session:
        number = a_written_edition(session)
        filled = fill(export(session, number))
        report = take_back(filled, session)
        section = edition_by_id(session, number).sections[0].id
        every = (*WORDS, f"section.{section}")
        assert fates(report) == dict.fromkeys(every, "accepted")
        text = english(session, number)
        assert text.words == {
            "subject": "The canal party", "preheader": "Saturday, 2 pm",
            "intro": "Hello [[first_name|you]],\n\n[look](https://canal.example/fr/fete) !",
            f"section.{section}": "Diary",
        }  # fmt: skip
        assert (text.state.value, text.is_subject_derived) == ("review", False)
        assert [(item.number, item.author) for item in revisions_of_words(session, number, "en")] == [
            (1, "Agency")
        ]
        approve_words(session, number, "en", "Anne", NOW)
        session.flush()
        assert fates(take_back(filled, session)) == dict.fromkeys(every, "unchanged")
        assert english(session, number).state.value == "approved"


@BOTH_FORMS
def test_late_words_are_taken_as_stale(db: Database, export: Export, fill: Fill) -> None:
    with db.transaction() as session:
        number = a_written_edition(session)
        filled = fill(export(session, number))
        edit_words(session, number, "fr", Edit({"subject": "La grande fête"}, "Marie"), NOW)
        report = take_back(filled, session)
        assert fates(report)["subject"] == "accepted_as_stale"
        assert fates(report)["intro"] == "accepted"
        again = prepared(session, number).texts[0]
        assert {unit.field: unit.state.value for unit in again.units if not unit.field.startswith("section")} == {
            "subject": "stale", "preheader": "written", "intro": "written",
        }  # fmt: skip


def test_document_is_valid_and_protects_fields_and_links(db: Database) -> None:
    with db.transaction() as session:
        number = a_written_edition(session)
        data = as_xliff(session, number)
        root = etree.fromstring(data)
        etree.XMLSchema(etree.parse(SCHEMA)).assertValid(root)
        names = {"x": CORE}
        section = edition_by_id(session, number).sections[0].id
        assert root.xpath("x:file/@id", namespaces=names) == [f"edition-{number}"]
        assert root.xpath("//x:unit/@id", namespaces=names) == [
            "subject", "preheader", "intro", "intro.link.1", f"section.{section}",
        ]  # fmt: skip
        broken = filled_xliff(data).replace(b"<target>The canal party<", b"<target>Party [[first_name]]<")
        report = take_back(broken, session)
        assert fates(report)["subject"] == "refused"
        assert reasons(report, "subject") == ("the field [[first_name]] is not in the source",)
        assert fates(report)["intro"] == "accepted"
        assert english(session, number).is_subject_derived


def test_round_trip_through_translate_toolkit_changes_nothing(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number = a_written_edition(session)
        take_back(filled_xliff(as_xliff(session, number)), session)
        ours = as_xliff(session, number)
        theirs = bytes(Xliff2File.parsestring(ours))
        assert read_xliff(theirs, "x.xlf") == read_xliff(ours, "x.xlf")
        assert set(fates(take_back(theirs, session)).values()) == {"unchanged"}


def test_edition_without_words_of_its_own_has_nothing_to_translate(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number = an_edition(session, a_list(session), [an_announcement(session)]).id
        assert edition_to_translate(session, number, "fr", "en") is None


def test_frozen_language_takes_nothing(db: Database) -> None:
    with db.transaction() as session:
        number = a_written_edition(session)
        filled = filled_xliff(as_xliff(session, number))
        other_way = edition_to_translate(session, number, "en", "fr")
        assert other_way == LeftOut(f"edition-{number}", "it is written in French")
        masthead = a_masthead(session.get_one(MailingList, edition_by_id(session, number).list_id))
    freeze_now(db, number, masthead, NOW, ["en"])
    with db.transaction() as session:
        report = take_back(filled, session)
        assert {unit.reasons for unit in report.units} == {("the English of the edition is frozen",)}
        left = edition_to_translate(session, number, "fr", "en")
        assert left == LeftOut(f"edition-{number}", "the English of the edition is frozen")


def test_edition_that_is_not_there_and_kinds_that_nobody_knows_are_refused(sqlite_db: Database) -> None:
    with sqlite_db.transaction() as session:
        number = a_written_edition(session)
        data = filled_xliff(as_xliff(session, number))
        name = f'"edition-{number}"'.encode()
        gone = judge(session, read_xliff(data.replace(name, b'"edition-77"'), "x.xlf"), kinds=KINDS)
        assert {unit.reasons for unit in gone.units} == {("there is no edition 77",)}
        strange = judge(session, read_xliff(data.replace(name, b'"poster-1"'), "x.xlf"), kinds=KINDS)
        assert [unit.reasons for unit in strange.units] == [
            ("unknown unit: it belongs to no edition or announcement",)
        ]
