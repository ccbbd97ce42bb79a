"""`newsletter editions check`: what it prints and answers, on our own examples and on real text."""

import json
from typing import Any

import pytest

from cli_shell import Shell
from shared_data import needs_shared_data, shared

# What an installation without dictionaries, whose texts nobody has approved, always hears.
_USUAL = {"text-not-approved", "spelling-not-checked", "spelling"}


def findings(shell: Shell, edition: str, *options: str) -> list[dict[str, Any]]:
    return json.loads(shell("editions", "check", edition, "--json", *options).stdout)


def codes(found: list[dict[str, Any]]) -> set[str]:
    return {item["code"] for item in found} - _USUAL


def test_check_tells_what_why_and_how_to_mend(ready: Shell) -> None:
    ready.ok(
        "editions",
        "create",
        "--list",
        "letter",
        "--announcement",
        "1",
        "--intro",
        "en=Read it [here](https://x.example/).",
    )
    out = ready.ok("editions", "check", "2", "--level", "warns")
    assert "Nothing blocks; the edition can be frozen." in out
    assert "Warns: somebody should look at this" in out
    assert "    - edition, intro, line 1 [en]: A link says only “here”." in out
    assert "      Mend: Make the link of the words that say what it leads to" in out
    assert "Notes: good to know" not in out


def test_check_in_json_has_stable_keys_and_only_the_level_asked_for(ready: Shell) -> None:
    found = findings(ready, "1", "--level", "warns")
    assert [item["code"] for item in found] == ["postal-address-missing"]
    assert list(found[0]) == ["code", "level", "language", "where", "message", "why", "mend", "line"]
    assert {item["level"] for item in findings(ready, "1")} == {"warns", "notes"}


def test_check_answers_in_the_language_asked_for_or_set(ready: Shell) -> None:
    intro = ("--intro", "en=Read it [here](https://x.example/).")
    ready.ok("editions", "create", "--list", "letter", "--announcement", "1", *intro)
    french = ready.ok("editions", "check", "2", "--level", "warns", "--in", "fr")
    assert "Rien ne bloque\u202f; l’édition peut être figée." in french
    assert (
        "    - édition, introduction, ligne 1 [en]\u00a0: Un lien dit seulement «\u00a0here\u00a0»." in french
    )
    assert "      Pourquoi\u00a0: Qui se fait lire les liens entend" in french
    assert "Mend" not in french
    ready.settings["NEWSLETTER_STAFF_LANGUAGE"] = "fr"
    assert ready.ok("editions", "check", "2", "--level", "warns") == french
    assert "Nothing blocks" in ready.ok("editions", "check", "2", "--in", "en")
    ready.settings["NEWSLETTER_STAFF_LANGUAGE"] = "nl"
    assert "STAFF_LANGUAGE: Input should be 'en' or 'fr'" in ready.refused("editions", "check", "2")


def test_codes_and_levels_are_the_same_in_every_language(ready: Shell) -> None:
    english, french = findings(ready, "1"), findings(ready, "1", "--in", "fr")
    stable = ("code", "level", "language", "line")
    assert [[item[key] for key in stable] for item in french] == [
        [item[key] for key in stable] for item in english
    ]
    assert [item for item, other in zip(french, english, strict=True) if item["why"] == other["why"]] == []


def test_freezing_tells_each_blocker_on_a_line_of_its_own(ready: Shell) -> None:
    words = ("--intro", "fr=[[prenom]]", "--subject", "en= ")
    ready.ok("editions", "create", "--list", "letter", "--announcement", "1", *words)
    refused = ready("editions", "freeze", "2", "--json")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.splitlines() == [
        "Error: Edition 2 cannot be frozen yet:",
        "  - The English subject is missing (edition)",
        "  - There is no merge field [[prenom]]; write \\[[prenom]] to show it as text (edition, intro, line 1)",
    ]
    ready.settings["NEWSLETTER_STAFF_LANGUAGE"] = "fr"
    assert "  - L’objet en anglais manque (édition)" in ready("editions", "freeze", "2").stderr.splitlines()


def test_check_answers_no_where_something_blocks(ready: Shell) -> None:
    assert ready("editions", "check", "1").returncode == 0
    refused = ready("editions", "check", "1", "--require-approval")
    assert refused.returncode == 1
    assert "Blocks: the edition cannot be frozen like this" in refused.stdout
    assert ready("editions", "check", "1", "--require-approval", "--level", "blocks").returncode == 1


def test_check_of_links_asks_no_private_host(ready: Shell) -> None:
    ready.ok(
        "editions",
        "create",
        "--list",
        "letter",
        "--announcement",
        "1",
        "--intro",
        "en=See [the plan](http://127.0.0.1:9/plan).",
    )
    assert "link-not-checked" not in codes(findings(ready, "2"))
    (found,) = [item for item in findings(ready, "2", "--links") if item["code"] == "link-not-checked"]
    assert (found["where"], found["line"], found["language"]) == ("edition, intro", 1, "en")


@pytest.mark.slow
def test_our_own_examples_are_clean(shell: Shell) -> None:
    shell.settings["NEWSLETTER_POSTAL_ADDRESS"] = "Quai du Hainaut 23, 1080 Bruxelles"
    shell.ok("demo", "--once")
    shell.ok("editions", "create", "--list", "lettre")
    # The date of the tests' day decides how many of the examples are over; nothing else may be found.
    for edition in ("1", "2"):
        found = {item["code"] for item in findings(shell, edition) if item["level"] != "notes"}
        assert found <= {"event-past"}
    assert codes(findings(shell, "1")) | codes(findings(shell, "2")) <= {"event-past", "subject-too-long"}


@needs_shared_data
def test_real_text_has_the_slips_that_are_in_it(shell: Shell) -> None:
    shell.settings["NEWSLETTER_POSTAL_ADDRESS"] = "Quai du Hainaut 23, 1080 Bruxelles"
    shell.ok("init")
    names = ("--name", "fr=La lettre", "--name", "en=The letter")
    shell.ok("lists", "create", "letter", *names, "--from", "l@canal.example")
    shell.ok("announcements", "import", str(shared("000_d44699f7bc978e6e.txt")))
    shell.ok("editions", "create", "--list", "letter")
    found = findings(shell, "1")
    assert {item["code"] for item in found if item["level"] == "warns"} == {
        "repeated-paragraph",
        "link-without-target",
        "missing-space-after-stop",
        "missing-space-before-bracket",
        "quote-slip",
        "doubled-word",
        "space-before-punctuation",
        "image-caption-left",
    }
    assert {item["level"] for item in found} == {"warns", "notes"}
