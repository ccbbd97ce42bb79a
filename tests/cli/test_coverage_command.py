"""`newsletter editions coverage`, and freezing in waves from the command line."""

from collections.abc import Callable

from cli_shell import Shell
from newsletter.transport.catcher import Catcher


def test_coverage_shows_items_by_languages_and_readers_by_variant(
    ready: Shell, readers: Callable[[int], list[str]]
) -> None:
    readers(5)
    answer = ready.json("editions", "coverage", "1")
    assert [item["languages"]["en"]["showing"] for item in answer["items"]] == ["full", "labelled"]
    assert [item["languages"]["en"]["state"] for item in answer["items"]] == ["draft", "missing"]
    assert answer["readers"] == {"by_variant": {"en": 2, "fr": 3}, "served_by_fallback": 2, "nothing": {}}
    table = ready.ok("editions", "coverage", "1")
    assert "missing: shown in French" in table
    assert "some items in another language" in table


def test_french_wave_then_english(
    ready: Shell, readers: Callable[[int], list[str]], catcher: Catcher
) -> None:
    readers(4)
    ready.ok("editions", "create", "--list", "letter", "--announcement", "2", "--fallback", "block")
    assert "has no English text" in ready("editions", "freeze", "2").stderr
    assert ready.json("editions", "freeze", "2", "--language", "fr")["state"] == "partly_frozen"
    assert "waiting" in ready("send", "2", "--json").stdout
    assert len(catcher.mails()) == 2
    (ready.folder / "pruning.txt").write_text("Bring your secateurs.", "utf-8")
    ready.ok(
        "announcements", "edit", "2", "--language", "en", "--title", "Pruning", "--body-file", "pruning.txt"
    )
    assert ready.json("editions", "freeze", "2")["state"] == "frozen"
    assert ready.json("send", "2")["accepted"] == 4
    assert len({mail.recipient for mail in catcher.mails()}) == len(catcher.mails()) == 4


def test_edition_without_anything_in_a_language_must_be_frozen_without_it(ready: Shell) -> None:
    ready.ok("editions", "create", "--list", "letter", "--announcement", "2", "--fallback", "omit")
    assert "--without en" in ready("editions", "freeze", "2").stderr
    assert ready.json("editions", "freeze", "2", "--without", "en")["variants"] == ["fr"]
