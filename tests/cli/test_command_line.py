"""The command line as a newcomer meets it: help, settings, and one clear line for what cannot be done."""

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli_shell import Shell
from newsletter.cli.main import _COMMANDS
from newsletter.foundation.settings import Settings
from shared_data import needs_shared_data, shared


def test_help_names_every_command_and_is_quick(shell: Shell) -> None:
    out = shell.ok("--help")
    assert [name for name in _COMMANDS if f"\n  {name} " in out] == list(_COMMANDS)
    imported = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "newsletter", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = [
        name
        for name in ("sqlalchemy", "pydantic", "rich", "jinja2", "starlette")
        if f" {name}\n" in imported.stderr
    ]
    assert heavy == []


@pytest.mark.parametrize("command", [*_COMMANDS])
def test_every_command_has_a_help(shell: Shell, command: str) -> None:
    assert "Usage: newsletter" in shell.ok(command, "--help")


def test_help_takes_hardly_longer_than_python_with_click(shell: Shell) -> None:
    def seconds(*command: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True, cwd=shell.folder)
        return time.perf_counter() - start

    ratios = [seconds("-m", "newsletter", "--help") / seconds("-c", "import click") for _ in range(5)]
    assert min(ratios) < 1.5


def test_init_makes_database_and_secret_and_again_changes_nothing(shell: Shell) -> None:
    shell.ok("init")
    secret = shell.folder / "newsletter.secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    words = secret.read_text("utf-8")
    assert "up to date" in shell.ok("init")
    assert secret.read_text("utf-8") == words
    assert (shell.folder / "subscribers.db").exists()


def test_settings_shows_each_one_with_origin_and_no_secret(shell: Shell) -> None:
    shell.ok("init")
    shell.settings["NEWSLETTER_SMTP_URL"] = "smtp://me:hush@mail.example.org:587"
    answer = shell.ok("settings", "--json")
    lines = {line["name"]: line for line in json.loads(answer)}
    assert list(lines) == list(Settings.model_fields)
    assert lines["smtp_url"]["origin"] == "NEWSLETTER_SMTP_URL"
    assert lines["secret"]["origin"] == "newsletter.secret"
    assert "hush" not in answer
    assert (shell.folder / "newsletter.secret").read_text("utf-8").strip() not in answer


@pytest.mark.parametrize(
    "arguments",
    [
        ["lists", "list"],
        ["announcements", "list"],
        ["subscribers", "list"],
        ["editions", "list"],
        ["mailings", "list"],
        ["send", "1"],
        ["web"],
    ],
)
def test_before_init_each_command_says_what_to_do(shell: Shell, arguments: list[str]) -> None:
    assert "newsletter init" in shell.refused(*arguments)
    assert not (shell.folder / "subscribers.db").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["editions", "show", "9"], "no edition 9"),
        (["mailings", "report", "9"], "no mailing 9"),
        (["announcements", "show", "9"], "no announcement 9"),
        (["lists", "show", "none"], "none"),
        (["subscribers", "show", "nobody@example.org"], "nobody@example.org"),
        (["editions", "create", "--list", "none"], "none"),
        (["editions", "create", "--list", "letter", "--announcement", "99"], "99"),
        (["editions", "create", "--list", "letter", "--subject", "nl=Hallo"], "nl"),
        (["lists", "create", "letter"], "letter"),
        (["lists", "create", "No Good!"], "No Good!"),
        (["lists", "create", "other", "--from", "a@example.org\r\nBcc: b@example.org"], "line break"),
        (["test-send", "1", "--to", "a@example.org\r\nRCPT TO:<b@example.org>"], "line break"),
        (["announcements", "import", "missing.txt"], "missing.txt"),
        (["announcements", "import", "http://127.0.0.1/news"], "public internet"),
        (["subscribers", "import", "missing.csv", "--list", "letter"], "missing.csv"),
    ],
)
def test_what_is_not_there_is_named_in_one_line(ready: Shell, arguments: list[str], words: str) -> None:
    assert words in ready.refused(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [[], ["editions", "create"], ["send"], ["send", "x"], ["nonsense"], ["lists", "list", "--nonsense"]],
)
def test_misuse_ends_with_code_2_and_no_traceback(shell: Shell, arguments: list[str]) -> None:
    done = shell(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["send"],
        ["test-send", "--to", "a@example.org"],
        ["mailings", "report"],
        ["editions", "show"],
        ["editions", "coverage"],
        ["announcements", "show"],
        ["announcements", "revisions", "--language", "fr"],
        ["announcements", "export", "--format", "po", "--out", "x.po"],
        ["editions", "create", "--list", "letter", "--announcement"],
    ],
)
def test_number_that_no_database_holds_is_misuse(ready: Shell, arguments: list[str]) -> None:
    done = ready(*arguments, "99999999999999999999")
    assert done.returncode == 2
    assert "is not in the range 1<=x<=2147483647" in done.stderr
    assert "Traceback" not in done.stderr


def test_announcement_named_twice_is_taken_once_in_its_place(ready: Shell) -> None:
    numbers = ("--announcement", "2", "--announcement", "1", "--announcement", "2")
    edition = ready.json("editions", "create", "--list", "letter", *numbers)
    items = ready.json("editions", "show", str(edition["id"]))["items"]
    assert [item["announcement"] for item in items] == [2, 1]


def test_listing_announcements_loads_no_reader_of_pages(ready: Shell) -> None:
    imported = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "newsletter", "announcements", "list"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ready.folder,
        env=ready.environment(),
    )
    heavy = [name for name in ("trafilatura", "httpx", "lxml", "lingua") if f" {name}\n" in imported.stderr]
    assert heavy == []


def test_wrong_settings_are_told_together(shell: Shell) -> None:
    shell.settings.update(NEWSLETTER_LANGUAGES="klingon!", NEWSLETTER_BASE_URL="example.org")
    line = shell.refused("init")
    assert "NEWSLETTER_LANGUAGES" in line
    assert "NEWSLETTER_BASE_URL" in line


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder_says_so(shell: Shell) -> None:
    shell.folder.chmod(0o555)
    assert "cannot be opened" in shell.refused("init")


def test_read_only_database_says_so_and_changes_nothing(ready: Shell) -> None:
    database = ready.folder / "subscribers.db"
    ready.settings["NEWSLETTER_DATABASE_URL"] = f"sqlite:///file:{database}?mode=ro&uri=true"
    (ready.folder / "one.csv").write_text("email\nmarie@example.org\n", "utf-8")
    assert "read-only" in ready.refused("subscribers", "import", "one.csv", "--list", "letter")
    del ready.settings["NEWSLETTER_DATABASE_URL"]
    assert ready.json("subscribers", "list") == []


@needs_shared_data
def test_real_text_becomes_six_announcements_and_freezes(shell: Shell) -> None:
    source = str(shared("000_d44699f7bc978e6e.txt"))
    shell.ok("init")
    shell.ok("lists", "create", "letter", "--name", "fr=La lettre", "--name", "en=The letter")
    [result] = shell.json("announcements", "import", source)
    assert [item["source_language"] for item in result["announcements"]] == ["en"] * 4 + ["fr"] * 2
    assert all(
        text["is_title_derived"] for item in result["announcements"] for text in item["translations"].values()
    )
    accounted = [
        number for line in result["lines"] for number in range(line["first_line"], line["last_line"] + 1)
    ]
    assert accounted == list(range(1, len(Path(source).read_text("utf-8").splitlines()) + 1))
    [again] = shell.json("announcements", "import", source)
    assert (again["added"], len(again["unchanged"])) == ([], 6)
    assert len(shell.json("announcements", "list")) == 6

    arguments = [part for item in result["announcements"] for part in ("--announcement", str(item["id"]))]
    shell.ok(
        "editions", "create", "--list", "letter", "--mode", "separate", "--fallback", "label", *arguments
    )
    frozen = shell.json("editions", "freeze", "1")
    assert frozen["variants"] == ["en", "fr", "en+fr", "fr+en"]
    files = shell.json("editions", "render", "1", "--out", "out", "--no-pictures")["files"]
    assert len(files) == 16
    french = (shell.folder / "out" / "fr.html").read_text("utf-8")
    english = (shell.folder / "out" / "en.html").read_text("utf-8")
    assert (french.count("En anglais"), english.count("In French")) == (4, 2)
    assert 'lang="fr"' in french.split("<body", 1)[0]
    for html, other, count in ((french, "en", 4), (english, "fr", 2)):
        body = html.split("<body", 1)[1]
        assert body.count(f'<div lang="{other}"') >= count


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"\x00\x01\x02" * 500, "text"), (b"x" * 50_000_000, "MB")],
    ids=["empty", "binary", "50 MB"],
)
def test_import_refuses_what_is_no_text(ready: Shell, content: bytes, words: str) -> None:
    (ready.folder / "bad.txt").write_bytes(content)
    assert words in ready.refused("announcements", "import", "bad.txt")
    assert len(ready.json("announcements", "list")) == 2


def test_csv_without_email_names_the_columns_found(ready: Shell) -> None:
    (ready.folder / "bad.csv").write_text("name,town\nMarie,Ixelles\n", "utf-8")
    line = ready.refused("subscribers", "import", "bad.csv", "--list", "letter")
    assert "email" in line
    assert "town" in line


def test_csv_with_a_forged_address_refuses_that_line_only(ready: Shell) -> None:
    (ready.folder / "some.csv").write_bytes(
        b'email,name\r\nmarie@example.org,Marie\r\n"eve@example.org\r\nRCPT TO:<x@example.org>",Eve\r\nluc@example.org,Luc\r\n'
    )
    report = ready.json("subscribers", "import", "some.csv", "--list", "letter", "--consent-basis", "a test")
    assert (report["added"], [item["line"] for item in report["refused"]]) == (2, [3])
    assert [item["address"] for item in ready.json("subscribers", "list")] == [
        "marie@example.org",
        "luc@example.org",
    ]


def _what_blocks(ready: Shell, edition: str) -> list[str]:
    """The lines below the error with which an edition is not frozen: one for each thing that blocks."""
    done = ready("editions", "freeze", edition)
    assert done.returncode == 2, done.stderr
    error, *blockers = done.stderr.splitlines()
    assert error == f"Error: Edition {edition} cannot be frozen yet:"
    return blockers


def test_field_that_does_not_exist_blocks_with_its_line(ready: Shell) -> None:
    ready.ok(
        "editions", "create", "--list", "letter", "--announcement", "1", "--intro", "fr=Bonjour\n\n[[prenom]]"
    )
    findings = json.loads(ready("editions", "check", "2", "--json").stdout)
    assert ("unknown-field", "blocks") in {(item["code"], item["level"]) for item in findings}
    (blocker,) = _what_blocks(ready, "2")
    assert "prenom" in blocker
    assert "line 3" in blocker
    assert ready.json("editions", "show", "2")["state"] == "draft"


def test_block_policy_refuses_to_freeze_and_names_what_lacks(ready: Shell) -> None:
    ready.ok("editions", "create", "--list", "letter", "--announcement", "2", "--fallback", "block")
    assert any("has no English text" in blocker for blocker in _what_blocks(ready, "2"))
    assert ready("editions", "check", "2").returncode == 1


def test_frozen_edition_cannot_be_frozen_again(ready: Shell) -> None:
    ready.ok("editions", "freeze", "1")
    assert "frozen" in ready.refused("editions", "freeze", "1")


def test_lists_and_subscribers_answer_in_the_words_of_the_glossary(ready: Shell) -> None:
    (ready.folder / "some.csv").write_text("email,name,language\nmarie@example.org,Marie,fr-BE\n", "utf-8")
    ready.ok("subscribers", "import", "some.csv", "--list", "letter", "--consent-basis", "members")
    subscriber = ready.json("subscribers", "show", "Marie@example.org")
    assert (subscriber["address"], subscriber["languages"], subscriber["suppressed"]) == (
        "marie@example.org",
        ["fr-BE"],
        False,
    )
    assert [(item["list"], item["state"], item["consent_basis"]) for item in subscriber["subscriptions"]] == [
        ("letter", "active", "members")
    ]
    [mailing_list] = ready.json("lists", "list")
    assert (mailing_list["list"], mailing_list["active"]) == ("letter", 1)
    edition = ready.json("editions", "show", "1")
    assert {"id", "issue_number", "list", "state", "variants"} <= set(edition)
    announcement = ready.json("announcements", "show", "1")
    assert announcement["translations"]["fr"] == {
        "title": "La fête du canal",
        "is_title_derived": False,
        "state": "draft",
        "is_stale": False,
    }


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (
            ("announcements", "show", "0"),
            "Error: Invalid value for 'ANNOUNCEMENT_ID': 0 is not in the range 1<=x<=2147483647. See `newsletter announcements show --help`.",
        ),
        (("editions", "frob"), "Error: No such command 'frob'. See `newsletter editions --help`."),
    ],
)
def test_misuse_is_told_in_one_line(shell: Shell, command: tuple[str, ...], line: str) -> None:
    refused = shell(*command)
    assert (refused.returncode, refused.stdout, refused.stderr.splitlines()) == (2, "", [line])
