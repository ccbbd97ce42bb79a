"""A draft edition is edited, approved, handed to a translator and discarded from the command line."""

from builders_handoff import fill_xliff
from cli_shell import Shell


def items(shell: Shell) -> list[tuple[int, int]]:
    """Announcement and section of each item."""
    return [(item["announcement"], item["section"]) for item in shell.json("editions", "show", "1")["items"]]


def test_draft_is_edited(ready: Shell) -> None:
    edit = ("editions", "edit", "1")
    told = ready.json(
        *edit, "--subject", "fr=La fête", "--intro", "fr=Bonjour.", "--intro", "en=Hello.", "--by", "Marie"
    )
    assert {tag: item["revision"] for tag, item in told["edited"].items()} == {"fr": 1, "en": 1}
    assert [told["texts"][tag]["is_subject_derived"] for tag in ("fr", "en")] == [False, True]
    ready.ok(
        *edit,
        "--order",
        "2/1",
        "--section",
        "1:fr=À la une",
        "--section",
        "2:en=Diary",
        "--item-fallback",
        "2=omit",
    )
    shown = ready.json("editions", "show", "1")
    assert items(ready) == [(2, 1), (1, 2)]
    assert shown["sections"] == [
        {"number": 1, "titles": {"fr": "À la une"}}, {"number": 2, "titles": {"en": "Diary"}},
    ]  # fmt: skip
    assert [item["fallback"] for item in shown["items"]] == ["omit", None]
    table = ready.ok("editions", "show", "1")
    assert "Section 1: Français “À la une”" in table
    assert "[fr] La fête" in table
    ready.ok(*edit, "--remove", "2", "--mode", "combined", "--fallback", "block", "--theme", "digest")
    shown = ready.json("editions", "show", "1")
    assert (shown["mode"], shown["fallback"], shown["theme"]) == ("combined", "block", "digest")
    assert items(ready) == [(1, 2)]


def test_edit_refuses_in_one_line(ready: Shell) -> None:
    edit = ("editions", "edit", "1")
    assert "Nothing to change" in ready.refused(*edit)
    assert "edition 1 is in fr, en" in ready.refused(*edit, "--subject", "nl=x")
    assert "as in 4,2/7" in ready.refused(*edit, "--order", "1;2")
    assert "as in 2:fr=Agenda" in ready.refused(*edit, "--section", "Agenda")
    assert "as in 3=omit" in ready.refused(*edit, "--item-fallback", "1=never")
    assert "--language goes with" in ready.refused(*edit, "--language", "fr", "--subject", "fr=x")
    assert "nothing else" in ready.refused(*edit, "--approve")
    assert "one language" in ready.refused(*edit, "--intro", "x", "--base", "1")
    ready.ok("editions", "freeze", "1", "--language", "fr")
    assert "The French of edition 1 is frozen" in ready.refused(*edit, "--subject", "fr=x")


def test_states_and_revisions_of_the_words(ready: Shell) -> None:
    edit = ("editions", "edit", "1")
    ready.ok(*edit, "--intro", "fr=Venez à 14 h.", "--intro", "en=Come at 2 pm.", "--by", "Marie")
    assert ready.ok(*edit, "--language", "en", "--approve", "--by", "Anne") == (
        "The English text of edition 1 is approved.\n"
    )
    assert "text is stale now" in ready.ok(*edit, "--intro", "fr=Venez à 15 h.")
    assert "changed from “14 h” to “15 h”" in ready.ok("editions", "changes", "1", "--language", "en")
    words = ready.json("editions", "coverage", "1")["words"]
    assert words["en"] == {"state": "approved", "is_stale": True, "written": ["intro"], "missing": []}
    assert "approved, stale" in ready.ok("editions", "coverage", "1")
    assert ready.json(*edit, "--language", "en", "--confirm")["texts"]["en"]["is_stale"] is False
    restored = ready.json(*edit, "--language", "fr", "--restore", "1", "--by", "Paul")
    assert (restored["edited"]["fr"]["revision"], restored["texts"]["fr"]["intro"]) == (3, "Venez à 14 h.")
    found = ready.json("editions", "revisions", "1", "--language", "fr")
    assert [(item["number"], item["author"], item["intro"]) for item in found][::2] == [
        (3, "Paul", "Venez à 14 h."), (1, "Marie", "Venez à 14 h."),
    ]  # fmt: skip


def test_words_of_an_edition_go_to_a_translator_with_its_announcements(ready: Shell) -> None:
    ready.ok("editions", "edit", "1", "--subject", "fr=La fête", "--intro", "fr=Bonjour.")
    told = ready.json("announcements", "export", "--edition", "1", "--format", "xliff", "--out", "out.xlf")
    assert (told["editions"], told["announcements"], told["units"]) == ([1], [1, 2], 6)
    path = ready.folder / "out.xlf"
    path.write_bytes(fill_xliff(path.read_bytes(), {"La fête": "The party", "Bonjour": "Hello"}))
    taken = ready.json("translations", "import", "out.xlf", "--by", "Agency")
    assert taken["editions"] == [{"id": 1, "state": "review", "is_stale": False, "is_complete": True}]
    assert [(unit["edition"], unit["announcement"]) for unit in taken["units"]][:3] == [
        (1, None),
        (1, None),
        (None, 1),
    ]
    english = ready.json("editions", "show", "1")["texts"]["en"]
    assert (english["subject"], english["intro"], english["state"]) == ("The party", "Hello.", "review")


def test_draft_is_discarded_when_somebody_says_so(ready: Shell) -> None:
    asked = ready("editions", "discard", "1")
    assert (asked.returncode, "Discard edition 1" in asked.stderr) == (130, True)
    assert ready.ok("editions", "discard", "1", "--yes") == "Discarded edition 1 (letter no. 1).\n"
    assert "no edition 1" in ready.refused("editions", "show", "1")
    assert ready.json("editions", "create", "--list", "letter")["issue_number"] == 1
    ready.ok("editions", "freeze", "1")
    assert "is frozen" in ready.refused("editions", "discard", "1", "--yes")
