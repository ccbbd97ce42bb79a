"""Announcements with given words, and translators who fill in files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lxml import etree

from builders import NOW
from newsletter.announcements.handoff.judging import judge
from newsletter.announcements.handoff.po import read_po, write_po
from newsletter.announcements.handoff.preparing import hand_off
from newsletter.announcements.handoff.report import HandOffReport
from newsletter.announcements.handoff.taking_in import take_in
from newsletter.announcements.handoff.xliff_reading import read_xliff
from newsletter.announcements.handoff.xliff_writing import CORE, write_xliff
from newsletter.announcements.models import Announcement
from newsletter.announcements.revisions.editing import Edit, edit_text
from newsletter.announcements.rules import TextField
from newsletter.foundation.database import ReadSession, WriteSession

SCHEMA = Path(__file__).parent / "data" / "xliff" / "xliff_core_2.0.xsd"
SOURCE = {
    TextField.TITLE: "La fête du canal",
    TextField.SUMMARY: "Une fête, [[first_name|vous]] y êtes.",
    TextField.BODY: "Venez samedi à 17\u202fh, [voyez](https://canal.example/fr/fete).\n\n## Au programme\n\n- musique\n- soupe\n",
    TextField.CTA_LABEL: "S’inscrire",
    TextField.CTA_URL: "https://canal.example/fr/inscription",
}
ENGLISH = {
    TextField.TITLE: "The canal party",
    TextField.SUMMARY: "A party, [[first_name|you]] are in.",
    TextField.BODY: "Come on Saturday at 5 pm, [look](https://canal.example/en/party).\n\n## What is on\n\n- music\n- soup\n",
    TextField.CTA_LABEL: "Sign up",
    TextField.CTA_URL: "https://canal.example/en/sign-up",
}
Translate = Callable[[str], str]


def a_story(
    session: WriteSession,
    source: Mapping[TextField, str] = SOURCE,
    english: Mapping[TextField, str] | None = None,
    reference: str = "",
) -> int:
    """An announcement in French, translated into English where words are given; its number."""
    key = f"{session.query(Announcement).count():064d}"
    announcement = Announcement(
        source_language="fr", source_key=key, source_name="builder", reference=reference, created_at=NOW
    )
    session.add(announcement)
    session.flush()
    edit_text(session, announcement.id, "fr", Edit(source, "Marie"), NOW)
    if english is not None:
        edit_text(session, announcement.id, "en", Edit(english, "John"), NOW)
    return announcement.id


def as_xliff(session: ReadSession, *announcement_ids: int) -> bytes:
    return write_xliff(hand_off(session, announcement_ids, "fr", "en"))


def as_po(session: ReadSession, *announcement_ids: int) -> bytes:
    return write_po(hand_off(session, announcement_ids, "fr", "en")).encode()


def read_back(data: bytes, session: ReadSession) -> HandOffReport:
    returned = read_xliff(data, "x.xlf") if data.startswith(b"<") else read_po(data, "x.po")
    return judge(session, returned)


def take_back(data: bytes, session: WriteSession, author: str = "Agency") -> HandOffReport:
    returned = read_xliff(data, "x.xlf") if data.startswith(b"<") else read_po(data, "x.po")
    report = take_in(session, returned, author, NOW)
    session.flush()
    session.expire_all()
    return report


def fill_xliff(data: bytes, translate: Mapping[str, str] | Translate, only: Sequence[str] = ()) -> bytes:
    """The file as a translator returns it: each source copied to its target, the words translated, codes kept.

    A mapping translates stretches of words that it holds; `only` names the units to fill.
    """
    root = etree.fromstring(data)
    for unit in root.iter(f"{{{CORE}}}unit"):
        if only and unit.get("id") not in only:
            continue
        for segment in unit.iter(f"{{{CORE}}}segment"):
            source, target = (segment.find(f"{{{CORE}}}{name}") for name in ("source", "target"))
            if target is not None and unit.get("type"):
                continue
            if target is not None:
                segment.remove(target)
            copy = etree.fromstring(etree.tostring(source, with_tail=False))
            copy.tag = f"{{{CORE}}}target"
            for element in copy.iter():
                element.text = _translated(element.text, translate)
                element.tail = _translated(element.tail, translate)
            segment.append(copy)
            segment.set("state", "translated")
    return etree.tostring(root)


def _translated(words: str | None, translate: Mapping[str, str] | Translate) -> str | None:
    if not words:
        return words
    if callable(translate):
        return translate(words)
    for french, english in translate.items():
        words = words.replace(french, english)
    return words


def fates(report: HandOffReport) -> dict[str, str]:
    """Unit -> what became of it, the announcement left out of its name."""
    return {unit.unit.split(".", 1)[-1]: unit.fate.value for unit in report.units}


def reasons(report: HandOffReport, unit: str) -> tuple[str, ...]:
    return next(item.reasons for item in report.units if item.unit.split(".", 1)[-1] == unit)
