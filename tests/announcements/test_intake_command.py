"""The import command as a person runs it, on files; addresses on loopback are refused there, as they must be."""

import json
import shutil
from pathlib import Path

import pytest

from cli_shell import Shell
from newsletter.announcements.intake.web import Web
from newsletter.cli.announcements import import_sources
from newsletter.foundation.database import Database
from newsletter.foundation.settings import read_settings
from newsletter.wiring import Installation
from page_server import LOOPBACK, Answer, page_server

DATA = Path(__file__).parents[1] / "data" / "intake"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(Path(shutil.copytree(DATA, tmp_path / "office")))
    shell.ok("init")
    return shell


@pytest.mark.slow
def test_import_tells_every_item_and_knows_it_again(shell: Shell) -> None:
    (result,) = shell.json("announcements", "import", "wpml.xml")
    assert (result["added"], result["unchanged"], result["changed"]) == ([1, 2], [], [])
    assert [(item["number"], item["fate"], item["announcement"]) for item in result["items"]] == [
        (1, "taken", 1),
        (2, "taken", 1),
        (3, "taken", 2),
    ]
    path = shell.folder / "wpml.xml"
    path.write_text(path.read_text("utf-8").replace("Apportez", "Prenez"), "utf-8")
    (again,) = shell.json("announcements", "import", "wpml.xml")
    assert (again["added"], again["unchanged"], again["changed"]) == ([], [2], [1])
    told = shell.ok("announcements", "import", "wpml.xml")
    assert "2 announcements, 0 added, 1 known already, 1 changed since they were imported." in told
    assert "Every item accounted for: 3 taken, 0 left out." in told


def test_import_of_a_private_address_is_refused_in_one_line(shell: Shell) -> None:
    line = shell.refused("announcements", "import", "http://169.254.169.254/latest/meta-data/")
    assert line == (
        "Error: http://169.254.169.254/latest/meta-data/ is not fetched: "
        "its host is 169.254.169.254, which is not on the public internet."
    )


def test_nothing_is_stored_where_one_of_several_sources_fails(shell: Shell) -> None:
    (shell.folder / "broken.xml").write_text("<rss", "utf-8")
    shell.refused("announcements", "import", "wpml.xml", "broken.xml")
    assert json.loads(shell.ok("announcements", "list", "--json")) == []


def test_import_from_the_web_is_stored(sqlite_db: Database) -> None:
    installation = Installation(read_settings(), sqlite_db)
    with page_server() as server:
        server.pages["/a"] = Answer((DATA / "lanterns.html").read_bytes())
        ((report, imported),) = import_sources(installation, [server.url("/a")], web=Web(LOOPBACK))
    assert [text.title for text in report.drafts[0].texts] == ["The lantern party"]
    assert [item.is_new for item in imported] == [True]


def test_update_takes_over_what_changed_and_says_what_it_left(shell: Shell) -> None:
    shell.ok("announcements", "import", "wpml.xml")
    path = shell.folder / "wpml.xml"
    path.write_text(path.read_text("utf-8").replace("Apportez", "Prenez"), "utf-8")
    assert "--update takes it over" in shell.ok("announcements", "import", "wpml.xml")
    (result,) = shell.json("announcements", "import", "wpml.xml", "--update")
    assert (result["updated"], result["changed"], result["unchanged"]) == ([1], [], [2])
    first = result["announcements"][0]
    assert (first["taken_over"], first["became_stale"], first["left"]) == (["fr"], ["en"], [])
    shell.ok("announcements", "edit", "1", "--language", "fr", "--body", "Venez.")
    path.write_text(path.read_text("utf-8").replace("Prenez", "Portez"), "utf-8")
    told = shell.ok("announcements", "import", "--update", "wpml.xml")
    assert "1 known already, 1 changed since they were imported." in told
    assert "the French words were changed here since, and those of the source too" in told
    told = shell.ok("announcements", "import", "--update-all", "wpml.xml")
    assert "announcement 1: taken over from its source: French text." in told
    bodies = [item["body"] for item in shell.json("announcements", "revisions", "1", "--language", "fr")]
    assert bodies == [
        "Portez vos sécateurs.",
        "Venez.",
        "Prenez vos sécateurs.",
        "Apportez vos sécateurs.",
    ]


def pages(folder: Path, **texts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name.replace('_', '.')}.md").write_text(text, "utf-8")


def test_files_named_one_by_one_are_paired_as_those_of_their_folder(shell: Shell) -> None:
    """As a shell writes `news/*.md` out: by name and by `ref`, which names a text wherever it lies."""
    pages(
        shell.folder / "news",
        fête_fr="# La fête\n\nVenez samedi.\n",
        fête_en="# The party\n\nCome on Saturday.\n",
        marché="---\nref: m\nlang: fr\n---\n# Le marché\n\nDimanche.\n",
        market="---\nref: m\nlang: en\n---\n# The market\n\nSunday.\n",
    )
    names = sorted(str(path.relative_to(shell.folder)) for path in (shell.folder / "news").glob("*.md"))
    results = shell.json("announcements", "import", *names)
    assert [result["source"] for result in results] == names
    assert [result["added"] + result["unchanged"] for result in results] == [[1], [1], [2], [2]]
    assert [[line["announcement"] for line in result["lines"] if line["fate"] == "title"] for result in results] == [
        [1],
        [1],
        [2],
        [2],
    ]  # fmt: skip
    found = shell.json("announcements", "list")
    assert [sorted(item["translations"]) for item in found] == [["en", "fr"], ["en", "fr"]]
    (folder,) = shell.json("announcements", "import", "news")
    assert (folder["added"], sorted(folder["unchanged"])) == ([], [1, 2])


def test_files_of_the_same_name_in_two_folders_are_two_announcements(shell: Shell) -> None:
    pages(shell.folder / "a", fête_fr="# La fête\n\nVenez samedi.\n")
    pages(shell.folder / "b", fête_en="# The parade\n\nCome on Sunday.\n")
    shell.ok("announcements", "import", "a/fête.fr.md", "./a/fête.fr.md", "b/fête.en.md", "wpml.xml")
    found = shell.json("announcements", "list")
    assert [sorted(item["translations"]) for item in found] == [["fr"], ["en", "fr"], ["en"], ["fr"]]


def test_two_named_files_in_the_same_language_are_refused(shell: Shell) -> None:
    pages(shell.folder, un="---\nref: m\nlang: fr\n---\nUn.\n", deux="---\nref: m\nlang: fr\n---\nDeux.\n")
    line = shell.refused("announcements", "import", "un.md", "deux.md")
    assert line == "Error: deux.md and un.md are the same announcement in the same language."
