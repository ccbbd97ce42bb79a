"""An office with a list and three texts: one announcement in two languages, one in French only."""

from pathlib import Path

import pytest

from builders_desk import NEWS, Desk, copied


@pytest.fixture(scope="session")
def _office_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = Desk(tmp_path_factory.mktemp("office"))
    desk.ok("init")
    names = ("--name", "fr=La lettre", "--name", "en=The letter")
    desk.ok("lists", "create", "letter", *names, "--from", "letter@canal.example")
    for name, text in NEWS.items():
        desk.write(f"news/{name}", text)
    desk.ok("announcements", "import", "news")
    return desk.folder


@pytest.fixture
def desk(_office_folder: Path, tmp_path: Path) -> Desk:
    """An office of the test's own."""
    return copied(_office_folder, tmp_path / "office")
