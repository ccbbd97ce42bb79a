"""The command line, run as a person runs it: a process in a folder of its own."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli_shell import Shell
from newsletter.transport.catcher import Catcher


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell in an empty folder."""
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def _ready_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shell = Shell(tmp_path_factory.mktemp("ready"))
    shell.ok("init")
    names = ("--name", "fr=La lettre", "--name", "en=The letter")
    shell.ok("lists", "create", "letter", *names, "--from", "l@canal.example")
    (shell.folder / "news").mkdir()
    for name, text in {
        "party.fr.md": "---\ntitle: La fête du canal\n---\n\nVenez samedi à 14 h.\n",
        "party.en.md": "---\ntitle: The canal party\n---\n\nCome on Saturday at 2 pm.\n",
        "pruning.fr.md": "---\ntitle: Taille des pommiers\n---\n\nApportez vos sécateurs.\n",
    }.items():
        (shell.folder / "news" / name).write_text(text, "utf-8")
    shell.ok("announcements", "import", "news")
    shell.ok("editions", "create", "--list", "letter")
    return shell.folder


@pytest.fixture
def ready(_ready_folder: Path, tmp_path: Path) -> Shell:
    """A shell whose installation has a list and an edition of two announcements, not frozen yet."""
    return Shell(Path(shutil.copytree(_ready_folder, tmp_path / "office")))


@pytest.fixture
def readers(ready: Shell) -> Callable[[int], list[str]]:
    """Puts so many readers on the list."""

    def put(count: int) -> list[str]:
        addresses = [f"reader{number:04}@example.org" for number in range(count)]
        rows = [
            f"{address},Reader {number},{('fr', 'en')[number % 2]}"
            for number, address in enumerate(addresses)
        ]
        (ready.folder / "readers.csv").write_text("email,name,language\n" + "\n".join(rows) + "\n", "utf-8")
        ready.ok("subscribers", "import", "readers.csv", "--list", "letter", "--consent-basis", "a test")
        return addresses

    return put


@pytest.fixture
def catcher(ready: Shell) -> Iterator[Catcher]:
    """A mail catcher that the installation sends to."""
    caught = Catcher(refused={"refused@example.org"}, deferred={"later@example.org"})
    caught.start()
    ready.settings["NEWSLETTER_SMTP_URL"] = f"smtp://127.0.0.1:{caught.port}?tls=none"
    yield caught
    caught.stop()
