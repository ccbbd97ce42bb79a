"""`newsletter announcements show --beside`: source and translation side by side, and what changed between them."""

from cli_shell import Shell


def test_source_stands_left_with_the_lengths_of_both(ready: Shell) -> None:
    for languages in ("fr,en", "en,fr", "en"):
        answer = ready.json("announcements", "show", "1", "--beside", languages)
        assert (answer["left"]["language"], answer["left"]["is_source"]) == ("fr", True)
        assert answer["left"]["title"] == {"words": "La fête du canal", "characters": 16}
        assert answer["right"]["title"] == {"words": "The canal party", "characters": 15}
        assert answer["source_changes"]["is_stale"] is False
    table = ready.ok("announcements", "show", "1", "--beside", "fr,en")
    rows = [" ".join(line.split()) for line in table.splitlines()]
    assert "title La fête du canal 16 The canal party 15" in rows
    assert "What the French changed" not in table


def test_what_the_source_changed_is_marked_word_by_word(ready: Shell) -> None:
    ready.ok("announcements", "edit", "1", "--language", "fr", "--body", "Venez samedi à 15 h.")
    answer = ready.json("announcements", "show", "1", "--beside", "fr,en")
    assert (answer["left"]["is_stale"], answer["right"]["is_stale"]) == (False, True)
    (field,) = answer["source_changes"]["fields"]
    assert (field["field"], field["in_words"]) == ("body", "the French changed from “14 h” to “15 h”")
    told = ready.ok("announcements", "show", "1", "--beside", "fr,en")
    assert "What the French changed since the English was confirmed:" in told
    assert "Venez samedi à [-14 h-] {+15 h+}." in told
    ready.ok("announcements", "confirm", "1", "--language", "en")
    assert "What the French changed" not in ready.ok("announcements", "show", "1", "--beside", "en")


def test_missing_text_is_an_empty_side(ready: Shell) -> None:
    answer = ready.json("announcements", "show", "2", "--beside", "en")
    assert (answer["right"]["state"], answer["right"]["body"]["characters"]) == ("missing", 0)
    assert answer["source_changes"] is None
    assert "missing" in ready.ok("announcements", "show", "2", "--beside", "en")


def test_text_that_is_not_meant_to_exist_says_so(ready: Shell) -> None:
    ready.ok("announcements", "not-applicable", "2", "--language", "en")
    answer = ready.json("announcements", "show", "2", "--beside", "en")
    assert (answer["right"]["state"], answer["source_changes"]) == ("not_applicable", None)


def test_languages_that_make_no_pair_are_refused(ready: Shell) -> None:
    assert "--beside nl" in ready.refused("announcements", "show", "1", "--beside", "fr,nl")
    for languages in ("fr", "en,en"):
        line = ready.refused("announcements", "show", "1", "--beside", languages)
        assert line.startswith("Error: --beside takes two languages")
