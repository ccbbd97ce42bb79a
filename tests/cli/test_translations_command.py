"""Texts change hands from the command line: edit, approve, hand to a translator, take back."""

from pathlib import Path

import polib
from PIL import Image

from builders_handoff import fill_xliff
from cli_shell import Shell

PARTY, PRUNING = "1", "2"  # in French and English; in French only


def texts(shell: Shell, number: str) -> dict[str, tuple[str, bool]]:
    found = shell.json("announcements", "show", number)["translations"]
    return {language: (text["state"], text["is_stale"]) for language, text in found.items()}


def test_edit_makes_stale_and_confirm_ends_it(ready: Shell) -> None:
    (ready.folder / "new.md").write_text("Venez samedi à 15 h.\n", "utf-8")
    edited = ready.json(
        "announcements", "edit", PARTY, "--language", "fr", "--body-file", "new.md", "--by", "Marie"
    )
    assert (edited["revision"], edited["became_stale"], edited["state"]) == (2, ["en"], "draft")
    assert texts(ready, PARTY) == {"en": ("draft", True), "fr": ("draft", False)}
    shown = ready.ok("announcements", "changes", PARTY, "--language", "en")
    assert shown == ("body: the French changed from “14 h” to “15 h”\nVenez samedi à [-14 h-] {+15 h+}.\n\n")
    [change] = ready.json("announcements", "changes", PARTY, "--language", "en")["fields"]
    assert (change["field"], change["before"], change["after"]) == (
        "body", "Venez samedi à 14 h.", "Venez samedi à 15 h.",
    )  # fmt: skip
    listed = ready.ok("announcements", "list")
    assert ("en stale" in listed, "en missing" in listed) == (True, True)
    ready.ok("announcements", "confirm", PARTY, "--language", "en")
    assert texts(ready, PARTY)["en"] == ("draft", False)


def test_minor_edit_keeps_the_translation_confirmed(ready: Shell) -> None:
    ready.ok("announcements", "edit", PARTY, "--language", "fr", "--title", "La fête du canal !", "--minor")
    assert texts(ready, PARTY)["en"] == ("draft", False)


def test_states_move_from_the_command_line(ready: Shell) -> None:
    one = ("announcements", "{}", PARTY, "--language", "en")

    def do(verb: str, *more: str) -> str:
        return str(ready.json(*(verb if word == "{}" else word for word in one), *more)["state"])

    assert do("review") == "review"
    assert do("approve", "--by", "Anne") == "approved"
    assert do("edit", "--title", "Party!") == "review"
    assert do("return") == "draft"
    assert do("not-applicable") == "not_applicable"
    assert "reopen" in ready.refused("announcements", "edit", PARTY, "--language", "en", "--title", "x")
    assert do("reopen") == "draft"
    approved = ready.json("announcements", "approve", PARTY, "--language", "fr", "--by", "Anne")
    assert (approved["approved_by"], approved["state"]) == ("Anne", "approved")


def test_what_a_picture_shows_is_edited(ready: Shell) -> None:
    Image.new("RGB", (60, 40), "red").save(ready.folder / "red.png")
    page = "---\ntitle: Rouge\nlang: fr\nimage: red.png\nalt: Du rouge\n---\n\nTout est rouge.\n"
    (ready.folder / "red.fr.md").write_text(page, "utf-8")
    ready.ok("announcements", "import", "red.fr.md")
    edit = ("announcements", "edit", "3", "--language", "fr")
    assert ready.json(*edit, "--alt", "1=Un carré rouge")["revision"] == 2
    found = ready.json("announcements", "revisions", "3", "--language", "fr")
    assert [item["alt.0"] for item in found] == ["Un carré rouge", "Du rouge"]
    assert "there is no such picture" in ready.refused(*edit, "--alt", "2=Rien")
    assert "as in 1=" in ready.refused(*edit, "--alt", "Rien")


def test_earlier_revision_comes_back(ready: Shell) -> None:
    ready.ok("announcements", "edit", PARTY, "--language", "fr", "--title", "Autre", "--by", "Marie")
    ready.ok("announcements", "restore", PARTY, "--language", "fr", "--revision", "1", "--by", "Paul")
    found = ready.json("announcements", "revisions", PARTY, "--language", "fr")
    assert [(item["number"], item["author"], item["title"]) for item in found] == [
        (3, "Paul", "La fête du canal"),
        (2, "Marie", "Autre"),
        (1, "import", "La fête du canal"),
    ]


def test_edit_refuses_in_one_line(ready: Shell) -> None:
    edit = ("announcements", "edit", PARTY, "--language")
    assert "Nothing to change" in ready.refused(*edit, "fr")
    assert "speaks fr, en" in ready.refused(*edit, "nl", "--title", "x")
    ready.ok(*edit, "fr", "--title", "La grande fête du canal")
    assert "is at revision 2" in ready.refused(*edit, "fr", "--title", "x", "--base", "1")


def test_edition_goes_to_a_translator_and_comes_back(ready: Shell) -> None:
    told = ready.json("announcements", "export", "--edition", "1", "--format", "xliff", "--out", "out.xlf")
    assert (told["units"], told["to_translate"], told["left_out"]) == (4, 2, [])
    path = ready.folder / "out.xlf"
    path.write_bytes(
        fill_xliff(path.read_bytes(), {"Taille des pommiers": "Pruning", "La fête": "The party"})
    )
    dry = ready.json("translations", "import", "out.xlf", "--dry-run")
    assert (dry["is_dry_run"], dry["accepted"], dry["refused"]) == (True, 4, 0)
    assert list(texts(ready, PRUNING)) == ["fr"]
    taken = ready.json("translations", "import", "out.xlf", "--by", "Agency")
    assert {unit["unit"]: unit["fate"] for unit in taken["units"]} == {
        f"announcement-{n}.{field}": "accepted" for n in (1, 2) for field in ("title", "body")
    }
    assert texts(ready, PRUNING)["en"] == ("review", False)
    again = ready.json("translations", "import", "out.xlf")
    assert (again["unchanged"], again["accepted"]) == (4, 0)


def test_late_translation_is_taken_as_stale(ready: Shell) -> None:
    ready.ok("announcements", "export", PRUNING, "--format", "po", "--out", "out.po")
    ready.ok("announcements", "edit", PRUNING, "--language", "fr", "--body", "Apportez vos échelles.")
    file = polib.pofile(str(ready.folder / "out.po"))
    for entry in file:
        entry.msgstr = "Translated"
    file.save()
    report = ready.json("translations", "import", "out.po")
    assert (report["accepted"], report["accepted_as_stale"]) == (1, 1)
    assert report["announcements"] == [
        {"id": int(PRUNING), "state": "review", "is_stale": True, "is_complete": True}
    ]
    assert texts(ready, PRUNING)["en"] == ("review", True)
    assert "is stale in en" in ready.ok("translations", "import", "out.po")


def test_refused_unit_makes_the_answer_no(ready: Shell) -> None:
    ready.ok("announcements", "export", PRUNING, "--format", "xliff", "--out", "out.xlf")
    path = ready.folder / "out.xlf"
    path.write_bytes(fill_xliff(path.read_bytes(), {"Taille": "[[first_name]]"}))
    done = ready("translations", "import", "out.xlf")
    assert (done.returncode, done.stderr) == (1, "")
    assert "the field [[first_name]] is not in the source" in " ".join(done.stdout.split())
    assert list(texts(ready, PRUNING)) == ["fr"]


def test_markdown_goes_out_and_comes_in_elsewhere(ready: Shell, tmp_path: Path) -> None:
    ready.ok("announcements", "export", "--edition", "1", "--format", "markdown", "--out", "bundle")
    elsewhere = Shell(tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    elsewhere.ok("init")
    elsewhere.ok("announcements", "import", str(ready.folder / "bundle"))
    titles = [
        (
            sorted((language, text["title"]) for language, text in item["translations"].items()),
            item["missing"],
        )
        for item in elsewhere.json("announcements", "list")
    ]
    assert sorted(titles) == [
        ([("en", "The canal party"), ("fr", "La fête du canal")], []),
        ([("fr", "Taille des pommiers")], ["en"]),
    ]


def test_export_and_import_refuse_in_one_line(ready: Shell) -> None:
    export = ("announcements", "export", "--format", "xliff", "--out", "x.xlf")
    assert "Say what to export" in ready.refused(*export)
    assert "must be two languages" in ready.refused(*export, "1", "--target", "fr")
    (ready.folder / "bad.xlf").write_text("<html/>", "utf-8")
    assert "no XLIFF 2.0" in ready.refused("translations", "import", "bad.xlf")
    nothing = ready(*export, PARTY, "--source", "en", "--target", "fr")
    assert nothing.returncode == 1
    assert "it is written in French" in nothing.stderr
    assert not (ready.folder / "x.xlf").exists()
