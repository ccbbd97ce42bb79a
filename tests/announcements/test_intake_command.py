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
