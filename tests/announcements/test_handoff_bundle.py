"""A folder of Markdown that is written is read back as the same announcements."""

from datetime import date
from pathlib import Path

from builders import NOW
from builders_handoff import ENGLISH, SOURCE, a_story
from newsletter.announcements.handoff.bundle import bundle
from newsletter.announcements.intake.draft import DraftAnnouncement
from newsletter.announcements.intake.markdown import read_folder
from newsletter.announcements.models import Announcement, AnnouncementPicture, Picture
from newsletter.announcements.queries import announcements_by_id
from newsletter.announcements.revisions.editing import Edit, edit_text
from newsletter.announcements.revisions.states import mark_not_applicable
from newsletter.announcements.rules import TextField
from newsletter.foundation.database import Database

# The smallest picture there is: one white pixel, PNG.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe"
    "0def46b80000000049454e44ae426082"
)


def exported(db: Database, folder: Path, *numbers: int) -> list[str]:
    """Writes the bundle into the folder; the paths in it."""
    with db.read() as session:
        files = list(bundle(session, announcements_by_id(session, numbers), ["fr", "en"]))
    for file in files:
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_bytes(file.data)
    return [file.path for file in files]


def words(draft: DraftAnnouncement, language: str) -> dict[str, str]:
    text = next(text for text in draft.texts if text.language == language)
    return {field.value: getattr(text, field.value) for field in TextField}


def stripped(fields: dict[TextField, str]) -> dict[str, str]:
    return {field.value: text.strip("\n") for field, text in fields.items()}


def test_bundle_is_read_back_as_it_was(db: Database, tmp_path: Path) -> None:
    with db.transaction() as session:
        number = a_story(session, SOURCE, ENGLISH, reference="fete")
        story = session.get_one(Announcement, number)
        story.topic, story.published_on, story.happens_on = "fête", date(2026, 11, 20), date(2026, 12, 5)
        session.add(Picture(sha256="c" * 64, content_type="image/png", width=1, height=1, data=PIXEL))
        session.flush()
        alt = {"fr": "Un point : blanc", "en": "A white dot"}
        session.add(AnnouncementPicture(announcement_id=number, position=0, sha256="c" * 64))
        for language, shown in alt.items():
            edit_text(session, number, language, Edit({"alt.0": shown}, "Marie"), NOW)
    assert exported(db, tmp_path, number) == [
        "images/0001-fete.png", "0001-fete.en.md", "0001-fete.fr.md",
    ]  # fmt: skip
    [draft] = read_folder(tmp_path, ["en", "fr"]).drafts
    assert (draft.source_language, draft.reference, draft.topic) == ("fr", "fete", "fête")
    assert (draft.published_on, draft.happens_on) == (date(2026, 11, 20), date(2026, 12, 5))
    assert words(draft, "fr") == stripped(SOURCE)
    assert words(draft, "en") == stripped(ENGLISH)
    [picture] = draft.pictures
    assert (picture.data, dict(picture.alt)) == (PIXEL, alt)


def test_words_that_yaml_reads_otherwise_stay_words(db: Database, tmp_path: Path) -> None:
    odd = {
        TextField.TITLE: "no: “yes” # 12 \u202f! 🎉",
        TextField.SUMMARY: "- a\n\n'b' : {c}",
        TextField.BODY: "---\ntitle: x\n---\n\n# Un titre",
        TextField.CTA_LABEL: "true",
        TextField.CTA_URL: "https://canal.example/?a=[b]&c=%20",
    }
    with db.transaction() as session:
        number = a_story(session, odd)
    exported(db, tmp_path, number)
    [draft] = read_folder(tmp_path, ["fr", "en"]).drafts
    assert words(draft, "fr") == stripped(odd)


def test_what_is_set_aside_or_missing_has_no_file(db: Database, tmp_path: Path) -> None:
    with db.transaction() as session:
        first, second = a_story(session, SOURCE, ENGLISH), a_story(session, SOURCE)
        mark_not_applicable(session, first, "en", NOW)
    assert exported(db, tmp_path, first, second) == [
        "0001-la-fete-du-canal.fr.md", "0002-la-fete-du-canal.fr.md",
    ]  # fmt: skip
    assert len(read_folder(tmp_path, ["fr", "en"]).drafts) == 2


def test_announcements_with_one_reference_stay_apart(db: Database, tmp_path: Path) -> None:
    with db.transaction() as session:
        numbers = [a_story(session, {TextField.TITLE: f"Titre {n}"}, reference="same") for n in (1, 2)]
    exported(db, tmp_path, *numbers)
    drafts = read_folder(tmp_path, ["fr", "en"]).drafts
    assert [(draft.reference, draft.texts[0].title) for draft in drafts] == [
        ("announcement-1", "Titre 1"),
        ("announcement-2", "Titre 2"),
    ]
