"""`newsletter init` and `newsletter settings`: what is there is kept, and what is missing is told."""

import stat
from collections.abc import Callable

import pytest

from cli_shell import Shell


def test_database_is_readable_by_its_owner_only(shell: Shell) -> None:
    shell.ok("init")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in shell.folder.glob("subscribers.db*")}
    assert set(modes.values()) == {0o600}
    assert "subscribers.db" in modes


def test_init_without_the_secret_refuses_beside_readers(
    ready: Shell, readers: Callable[[int], list[str]]
) -> None:
    readers(1)
    secret = ready.folder / "newsletter.secret"
    lost = secret.read_text("utf-8")
    secret.unlink()
    assert "newsletter init --new-secret" in ready.refused("init")
    assert not secret.exists()
    assert "Wrote a fresh secret" in ready.ok("init", "--new-secret")
    assert secret.read_text("utf-8") != lost


def test_init_without_the_secret_writes_one_while_nobody_depends_on_it(ready: Shell) -> None:
    secret = ready.folder / "newsletter.secret"
    secret.unlink()
    ready.ok("init")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_new_secret_is_refused_beside_the_old_one(ready: Shell) -> None:
    words = (ready.folder / "newsletter.secret").read_text("utf-8")
    assert "with a comma between" in ready.refused("init", "--new-secret")
    assert (ready.folder / "newsletter.secret").read_text("utf-8") == words


def test_empty_secret_file_is_named_and_left_alone(shell: Shell) -> None:
    (shell.folder / "newsletter.secret").touch()
    assert "newsletter.secret" in shell.refused("init")


@pytest.mark.parametrize(
    "url",
    ["mysql://x", "garbage", "", "postgresql+psycopg2://host/x", "sqlite:///x.db?mode=ro", "sqlite://x.db"],
)
def test_database_of_another_kind_is_refused_in_one_line(shell: Shell, url: str) -> None:
    shell.settings["NEWSLETTER_DATABASE_URL"] = url
    assert "NEWSLETTER_DATABASE_URL: " in shell.refused("init")
    assert list(shell.folder.iterdir()) == []


def test_settings_fit_eighty_columns(shell: Shell) -> None:
    shell.settings["COLUMNS"] = "80"
    lines = shell.ok("settings").splitlines()
    assert lines[0] == "NEWSLETTER_DATABASE_URL = sqlite:///subscribers.db  (default)"
    assert [line for line in lines if len(line) > 80] == []
