"""A source that changed since its import, taken over: new revisions, stale translations, void approvals, no loss."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from PIL import Image

from builders import NOW
from newsletter.announcements.intake.sources import SourceFormat, read_sources
from newsletter.announcements.intake.storing import Imported, ready, store_imported
from newsletter.announcements.intake.updating import LeftBecause, TakenOver, TextLeft, Update
from newsletter.announcements.intake.web import Web
from newsletter.announcements.models import Announcement, TranslationState
from newsletter.announcements.queries import announcements, announcements_by_id
from newsletter.announcements.revisions.editing import Edit, edit_text
from newsletter.announcements.revisions.queries import revisions_of, what_changed
from newsletter.announcements.revisions.states import approve_text, mark_not_applicable
from newsletter.announcements.rules import TextField, is_stale, source_of, text_in
from newsletter.foundation.database import Database
from page_server import LOOPBACK, Answer, page_server

DATA = Path(__file__).parents[1] / "data" / "intake"
FRENCH = "---\ntitle: La fête du canal\n---\n\nVenez samedi à 17 h.\n"
ENGLISH = "---\ntitle: The canal party\n---\n\nCome on Saturday at 5 pm.\n"


@dataclass
class Desk:
    """A folder of two Markdown files, imported into a database."""

    db: Database
    folder: Path

    def write(self, language: str, text: str) -> None:
        (self.folder / f"party.{language}.md").write_text(text, "utf-8")

    def take(self, update: Update = Update.UNEDITED) -> Imported:
        (imported,) = self.take_all(update)
        return imported

    def take_all(self, update: Update = Update.UNEDITED) -> list[Imported]:
        return take(self.db, [self.folder], update)

    def edit(self, language: str, body: str) -> None:
        with self.db.transaction() as session:
            edit_text(session, 1, language, Edit({TextField.BODY: body}, "Nadia"), NOW)

    def announcement(self) -> Announcement:
        with self.db.read() as session:
            return announcements_by_id(session, [1])[0]

    def descriptions(self) -> dict[str, str]:
        """What the first picture shows, per language."""
        return {
            text.language: text.alt_text(0) for text in self.announcement().translations if text.alt_text(0)
        }

    def body(self, language: str) -> str:
        text = text_in(self.announcement(), language)
        assert text is not None
        return text.body

    def alt_texts(self) -> dict[str, str]:
        return {text.language: text.alt_text(0) for text in self.announcement().translations}

    def revisions(self, language: str) -> list[tuple[int, str, str]]:
        """Number, author and body, the latest first."""
        with self.db.read() as session:
            return [(item.number, item.author, item.body) for item in revisions_of(session, 1, language)]


def take(
    db: Database,
    sources: Sequence[str | Path],
    update: Update = Update.UNEDITED,
    *,
    format: SourceFormat = "auto",
) -> list[Imported]:
    reports = read_sources([str(source) for source in sources], format, "auto", ("fr", "en"), Web(LOOPBACK))
    drafts = [ready(draft) for report in reports for draft in report.drafts]
    with db.transaction() as session:
        return store_imported(session, drafts, NOW, update)


@pytest.fixture
def desk(db: Database, tmp_path: Path) -> Desk:
    folder = tmp_path / "news"
    folder.mkdir()
    office = Desk(db, folder)
    office.write("fr", FRENCH)
    office.write("en", ENGLISH)
    assert office.take(Update.NONE).is_new
    return office


def test_changed_source_is_an_edit_and_its_translation_becomes_stale(desk: Desk) -> None:
    desk.write("fr", FRENCH.replace("17 h", "18 h"))
    imported = desk.take()
    assert (imported.is_new, imported.is_changed, imported.is_updated) == (False, False, True)
    assert imported.taken_over == TakenOver(("fr",), became_stale=("en",))
    assert desk.revisions("fr") == [
        (2, "import", "Venez samedi à 18 h."),
        (1, "import", "Venez samedi à 17 h."),
    ]
    with desk.db.read() as session:
        (change,) = what_changed(session, 1, "en").fields
    assert [part.words.strip() for part in change.parts] == ["Venez samedi à", "17 h", "18 h", "."]


def test_update_again_changes_nothing(desk: Desk) -> None:
    desk.write("fr", FRENCH.replace("17 h", "18 h"))
    desk.take()
    for update in Update:
        again = desk.take(update)
        assert (again.is_changed, again.is_updated, again.taken_over) == (False, False, TakenOver())
    assert len(desk.revisions("fr")) == 2


def test_translation_that_comes_with_its_source_is_confirmed(desk: Desk) -> None:
    desk.write("fr", FRENCH.replace("17 h", "18 h"))
    desk.write("en", ENGLISH.replace("5 pm", "6 pm"))
    assert desk.take().taken_over == TakenOver(("fr", "en"))
    item = desk.announcement()
    assert [is_stale(text, source_of(item)) for text in item.translations] == [False, False]


def test_approval_is_void_in_the_language_that_changed_only(desk: Desk) -> None:
    with desk.db.transaction() as session:
        for tag in ("fr", "en"):
            approve_text(session, 1, tag, "Nadia", NOW)
    desk.write("en", ENGLISH.replace("5 pm", "6 pm"))
    assert desk.take().taken_over == TakenOver(("en",), approval_void=("en",))
    states = {text.language: text.state for text in desk.announcement().translations}
    assert states == {"fr": TranslationState.APPROVED, "en": TranslationState.REVIEW}


def test_text_that_was_edited_here_is_left_and_told_until_it_is_taken(desk: Desk) -> None:
    desk.edit("fr", "Venez donc samedi à 17 h.")
    desk.write("fr", FRENCH.replace("17 h", "18 h"))
    for _ in range(2):
        imported = desk.take()
        assert imported.taken_over == TakenOver(left=(TextLeft("fr", LeftBecause.EDITED_HERE),))
        assert (imported.is_changed, imported.is_updated) == (True, False)
        assert desk.body("fr") == "Venez donc samedi à 17 h."
    taken = desk.take(Update.ALL)
    assert (taken.is_changed, taken.is_updated) == (False, True)
    assert desk.revisions("fr")[:2] == [
        (3, "import", "Venez samedi à 18 h."),
        (2, "Nadia", "Venez donc samedi à 17 h."),
    ]


def test_edit_here_of_one_language_does_not_stop_the_other(desk: Desk) -> None:
    """The English was written at the source against French words that do not stand here: it is stale."""
    desk.edit("fr", "Venez donc samedi à 17 h.")
    desk.write("fr", FRENCH.replace("17 h", "18 h"))
    desk.write("en", ENGLISH.replace("5 pm", "6 pm"))
    imported = desk.take()
    assert (imported.taken_over.languages, imported.is_changed) == (("en",), True)
    item = desk.announcement()
    assert [is_stale(text, source_of(item)) for text in item.translations] == [True, False]


def test_edit_here_of_a_text_that_did_not_change_at_its_source_is_no_conflict(desk: Desk) -> None:
    desk.edit("en", "Do come on Saturday at 5 pm.")
    desk.write("fr", FRENCH.replace("17 h", "18 h"))
    assert desk.take().taken_over.languages == ("fr",)
    assert desk.take(Update.ALL).taken_over == TakenOver()
    assert desk.body("en") == "Do come on Saturday at 5 pm."


def test_correction_that_was_made_here_too_is_nothing_new(desk: Desk) -> None:
    desk.edit("fr", "Venez samedi à 18 h.")
    desk.write("fr", FRENCH.replace("17 h", "18 h"))
    assert desk.take().taken_over == TakenOver()
    assert [author for _, author, _ in desk.revisions("fr")] == ["Nadia", "import"]


def test_words_that_were_restored_count_as_unedited(desk: Desk) -> None:
    desk.edit("fr", "Autre chose.")
    desk.edit("fr", "Venez samedi à 17 h.")
    desk.write("fr", FRENCH.replace("17 h", "18 h"))
    assert desk.take().taken_over.languages == ("fr",)


def test_edit_by_somebody_without_a_name_is_an_edit(desk: Desk) -> None:
    with desk.db.transaction() as session:
        edit_text(session, 1, "fr", Edit({TextField.BODY: "Autre chose."}, ""), NOW)
    desk.write("fr", FRENCH.replace("17 h", "18 h"))
    assert desk.take().taken_over.left == (TextLeft("fr", LeftBecause.EDITED_HERE),)


def test_language_that_came_at_the_source_is_added(db: Database, tmp_path: Path) -> None:
    office = Desk(db, tmp_path)
    office.write("fr", FRENCH)
    office.take(Update.NONE)
    office.write("en", ENGLISH)
    assert office.take(Update.NONE).taken_over.left == (TextLeft("en", LeftBecause.NOT_ASKED),)
    assert office.take().taken_over == TakenOver(("en",))
    assert office.revisions("en") == [(1, "import", "Come on Saturday at 5 pm.")]


def test_language_that_was_written_here_is_left(db: Database, tmp_path: Path) -> None:
    office = Desk(db, tmp_path)
    office.write("fr", FRENCH)
    office.take(Update.NONE)
    with db.transaction() as session:
        edit_text(session, 1, "en", Edit({TextField.TITLE: "Party", TextField.BODY: "Come."}, "Ana"), NOW)
    office.write("en", ENGLISH)
    assert office.take().taken_over.left == (TextLeft("en", LeftBecause.EDITED_HERE),)
    assert office.take(Update.ALL).taken_over.languages == ("en",)
    assert [author for _, author, _ in office.revisions("en")] == ["import", "Ana"]


def test_text_that_was_set_aside_stays_so(desk: Desk) -> None:
    with desk.db.transaction() as session:
        mark_not_applicable(session, 1, "en", NOW)
    assert desk.take().taken_over == TakenOver()
    desk.write("en", ENGLISH.replace("5 pm", "6 pm"))
    for update in (Update.UNEDITED, Update.ALL):
        assert desk.take(update).taken_over.left == (TextLeft("en", LeftBecause.SET_ASIDE),)
    assert desk.body("en") == "Come on Saturday at 5 pm."


def test_without_being_asked_nothing_is_taken_over(desk: Desk) -> None:
    desk.write("fr", FRENCH.replace("title:", "event: 2026-12-05\ntitle:").replace("17 h", "18 h"))
    imported = desk.take(Update.NONE)
    assert (imported.is_changed, imported.is_updated) == (True, False)
    assert imported.taken_over == TakenOver(
        details=("happens_on",), left=(TextLeft("fr", LeftBecause.NOT_ASKED),)
    )
    assert (desk.body("fr"), desk.announcement().happens_on) == ("Venez samedi à 17 h.", None)


def test_day_topic_and_picture_are_taken_over(desk: Desk) -> None:
    for colour in ("red", "blue"):
        out = io.BytesIO()
        Image.new("RGB", (60, 40), colour).save(out, "PNG")
        (desk.folder / f"{colour}.png").write_bytes(out.getvalue())
    for colour, day in (("red", "05"), ("blue", "06")):
        front = f"---\ntopic: Fêtes\nevent: 2026-12-{day}\nimage: {colour}.png\nalt: En {colour}\n"
        desk.write("fr", FRENCH.replace("---\n", front, 1))
        before = desk.announcement().pictures
        imported = desk.take()
        assert imported.is_updated
        assert set(imported.taken_over.details) - {"topic"} == {"happens_on", "picture"}
        item = desk.announcement()
        assert (item.topic, item.happens_on) == ("Fêtes", date(2026, 12, int(day)))
        assert desk.descriptions() == {"fr": f"En {colour}"}
        assert [row.sha256 for row in item.pictures] != [row.sha256 for row in before]
    assert desk.take().taken_over == TakenOver()


def test_words_for_a_picture_are_words_of_the_text(desk: Desk) -> None:
    """A description that was written here makes the text an edited one; a new picture leaves no old description."""
    for colour in ("red", "blue"):
        out = io.BytesIO()
        Image.new("RGB", (60, 40), colour).save(out, "PNG")
        (desk.folder / f"{colour}.png").write_bytes(out.getvalue())
    with_picture = FRENCH.replace("---\n", "---\nimage: red.png\nalt: Du rouge\n", 1)
    desk.write("fr", with_picture)
    desk.take()
    with desk.db.transaction() as session:
        edit_text(session, 1, "en", Edit({"alt.0": "Something red"}, "Ana"), NOW)
    desk.write("fr", with_picture.replace("Du rouge", "Tout rouge"))
    desk.write("en", ENGLISH.replace("---\n", "---\nalt: All red\n", 1))
    imported = desk.take()
    assert imported.taken_over.languages == ("fr",)
    assert imported.taken_over.left == (TextLeft("en", LeftBecause.EDITED_HERE),)
    assert desk.alt_texts() == {"fr": "Tout rouge", "en": "Something red"}
    assert desk.take(Update.ALL).is_updated
    assert desk.alt_texts() == {"fr": "Tout rouge", "en": "All red"}
    desk.write("fr", FRENCH.replace("---\n", "---\nimage: blue.png\nalt: Du bleu\n", 1))
    desk.write("en", ENGLISH)
    desk.take()
    assert desk.alt_texts() == {"fr": "Du bleu", "en": ""}
    assert desk.take().taken_over == TakenOver()


def test_remarks_are_on_the_words_that_stand_there(desk: Desk) -> None:
    desk.write("fr", "Venez samedi à 18 h avec vos lanternes et votre bonne humeur.\n")
    assert desk.take().taken_over.languages == ("fr",)
    remarks = [(remark.language, remark.code) for remark in desk.announcement().remarks]
    assert ("fr", "derived_title") in remarks
    desk.write("fr", FRENCH)
    desk.take()
    assert [remark.code for remark in desk.announcement().remarks if remark.language == "fr"] == []


def replaced(path: Path, target: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    target.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "language"),
    [
        ("wpml.xml", "Apportez vos sécateurs", "Apportez vos gants", "fr"),
        ("polylang.xml", "</p>", " Demain.</p>", ""),
        ("posts.json", "</p>", " Demain.</p>", ""),
        ("jardins.fr.rss", "dimanche matin", "samedi matin", "fr"),
        ("gardens.en.atom", "with your lanterns", "with your lamps", "en"),
        ("gardens.json", "Bring", "Take", "en"),
    ],
)
def test_every_kind_of_source_is_taken_over_once(
    db: Database, tmp_path: Path, name: str, old: str, new: str, language: str
) -> None:
    target = tmp_path / name
    target.write_bytes((DATA / name).read_bytes())
    count = len(take(db, [target], Update.NONE))
    replaced(DATA / name, target, old, new)
    told = [item.announcement_id for item in take(db, [target], Update.NONE) if item.is_changed]
    updated = take(db, [target])
    assert [item.announcement_id for item in updated if item.is_updated] == told != []
    assert not any(item.is_changed or item.is_new for item in updated)
    if language:
        assert {tag for item in updated for tag in item.taken_over.languages} == {language}
    assert not any(item.is_updated or item.is_changed for item in take(db, [target]))
    with db.read() as session:
        assert len(announcements(session)) == count


def test_saved_page_without_an_address_is_known_by_its_words(db: Database, tmp_path: Path) -> None:
    target = tmp_path / "lanterns.html"
    target.write_bytes((DATA / "lanterns.html").read_bytes())
    assert [item.is_new for item in take(db, [target], Update.NONE)] == [True]
    replaced(DATA / "lanterns.html", target, "to the canal", "to the river")
    (updated,) = take(db, [target])
    assert (updated.announcement_id, updated.taken_over) == (1, TakenOver(("en",)))
    assert [item.taken_over for item in take(db, [target])] == [TakenOver()]


def test_site_and_page_on_the_web_are_taken_over(db: Database) -> None:
    def post(words: str) -> bytes:
        return json.dumps(
            [
                {
                    "id": 51,
                    "link": "https://jardins.example/fr/51",
                    "title": {"rendered": "Le marché"},
                    "content": {"rendered": f"<p>{words}</p>"},
                }
            ]
        ).encode()

    def on_site(tag: str) -> str:
        return f"/wp-json/wp/v2/posts?_embed=1&per_page=50&page=1&lang={tag}"

    page = (DATA / "lanterns.html").read_text("utf-8")
    with page_server() as server:

        def put(words: str, html: str) -> None:
            server.pages[on_site("fr")] = Answer(post(words), "application/json")
            server.pages[on_site("en")] = Answer(b"[]", "application/json")
            server.pages["/p"] = Answer(html.encode())

        put("Le marché ouvre samedi matin au bord de l’eau.", page)
        assert [item.is_new for item in take(db, [server.url("")], format="wordpress")] == [True]
        assert [item.is_new for item in take(db, [server.url("/p")])] == [True]
        put("Le marché ouvre dimanche matin au bord de l’eau.", page.replace("canal", "river"))
        (site,) = take(db, [server.url("")], format="wordpress")
        (own,) = take(db, [server.url("/p")])
    assert (site.announcement_id, site.taken_over.languages) == (1, ("fr",))
    assert (own.announcement_id, own.taken_over.languages) == (2, ("en",))


TEXT = """La fête du canal

Venez samedi à 17 h avec vos lanternes, la soupe est offerte à tous.

----------

The apple trees

Bring your secateurs on Sunday morning and learn how to prune.
"""


def text_office(db: Database, folder: Path) -> Callable[[str, Update], list[Imported]]:
    path = folder / "news.txt"

    def put(text: str, update: Update) -> list[Imported]:
        path.write_text(text, "utf-8")
        return take(db, [path], update)

    assert [item.is_new for item in put(TEXT, Update.NONE)] == [True, True]
    return put


def test_correction_in_a_text_file_is_taken_over(db: Database, tmp_path: Path) -> None:
    put = text_office(db, tmp_path)
    corrected = TEXT.replace("17 h", "18 h")
    first, second = put(corrected, Update.UNEDITED)
    assert (first.announcement_id, first.taken_over.languages) == (1, ("fr",))
    assert (second.announcement_id, second.taken_over) == (2, TakenOver())
    assert [item.is_updated for item in put(corrected, Update.UNEDITED)] == [False, False]


def test_other_text_in_a_file_of_the_same_name_is_another_announcement(db: Database, tmp_path: Path) -> None:
    put = text_office(db, tmp_path)
    new = "La chorale\n\nNous chantons chaque mardi soir dans la salle du quai, venez nous écouter.\n"
    (imported,) = put(new, Update.UNEDITED)
    assert (imported.announcement_id, imported.is_new) == (3, True)


def test_texts_that_are_alike_are_each_corrected_once(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "agenda.txt"
    meeting = "Réunion du {day}\n\nNous parlons du jardin à {hour} h dans la salle du quai, comme toujours.\n"
    both = "----------\n\n".join(meeting.format(day=day, hour=19) + "\n" for day in ("3 mars", "7 avril"))
    path.write_text(both, "utf-8")
    assert len(take(db, [path], Update.NONE)) == 2
    path.write_text(both.replace("19 h", "20 h"), "utf-8")
    updated = take(db, [path])
    assert [(item.announcement_id, item.is_updated) for item in updated] == [(1, True), (2, True)]
    with db.read() as session:
        bodies = {text.title: text.body for item in announcements(session) for text in item.translations}
    assert [(title, "20 h" in body) for title, body in sorted(bodies.items())] == [
        ("Réunion du 3 mars", True),
        ("Réunion du 7 avril", True),
    ]
