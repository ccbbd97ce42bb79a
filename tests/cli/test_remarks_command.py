"""Remarks as commands tell them: on the text as it is now, in the language asked for."""

import pytest

from cli_shell import Shell


@pytest.fixture
def desk(ready: Shell) -> Shell:
    """An installation with an announcement, number 3, that has slips and a field that means nothing."""
    text = "---\ntitle: The greenhouse\nmood: good\n---\n\nIt is over.Then came the the soup.\n\nEveryone stayed.\n"
    (ready.folder / "slips.en.md").write_text(text, "utf-8")
    ready.ok("announcements", "import", "slips.en.md")
    return ready


def codes(shell: Shell, *command: str) -> list[str]:
    return [item["code"] for item in shell.json("announcements", *command)["remarks"]]


def test_import_tells_remarks_in_the_language_asked_for(ready: Shell) -> None:
    (ready.folder / "slips.en.md").write_text("# The greenhouse\n\nHere is the the soup.\n", "utf-8")
    told = ready.ok("announcements", "import", "slips.en.md", "--in", "fr")
    assert (
        "  annonce 3, ligne 3\u00a0: Un mot figure deux fois de suite. «\u00a0Here is the the soup.\u00a0»"
        in told
    )
    again = ready.json("announcements", "import", "slips.en.md")[0]["announcements"][0]["remarks"]
    assert again == [
        {
            "code": "doubled_word",
            "language": "en",
            "line": 3,
            "message": "A word stands here twice.",
            "excerpt": "Here is the the soup.",
        }
    ]


def test_show_tells_remarks_on_the_text_as_it_is_now(desk: Shell) -> None:
    assert codes(desk, "show", "3") == ["unknown_field", "missing_space_after_stop", "doubled_word"]
    desk.ok("announcements", "edit", "3", "--language", "en", "--body", "It is over. Then came the (soup.")
    assert codes(desk, "show", "3") == ["unknown_field"]
    shown = desk.ok("announcements", "show", "3")
    assert "Remark [en], line 3: This field means nothing here and was left out. “mood”" in shown
    in_french = desk.ok("announcements", "show", "3", "--in", "fr")
    assert "Remarque [en], ligne 3\u00a0: Ce champ ne signifie rien ici\u202f;" in in_french


def test_edit_tells_what_is_odd_in_the_text_that_it_wrote(desk: Shell) -> None:
    edit = ("edit", "3", "--language", "en", "--body")
    assert codes(desk, *edit, "All is well.\n\nHere is the the soup.") == ["unknown_field", "doubled_word"]
    told = desk.ok("announcements", *edit, "Here is , soup.")
    assert "Remark [en], line 1: There is a space before a punctuation mark. “Here is , soup.”" in told
    assert codes(desk, "restore", "3", "--language", "en", "--revision", "1") == [
        "unknown_field",
        "missing_space_after_stop",
        "doubled_word",
    ]


def test_list_counts_the_remarks_that_hold_now(desk: Shell) -> None:
    desk.ok("announcements", "edit", "3", "--language", "en", "--body", "All is well.")
    (listed,) = [item for item in desk.json("announcements", "list") if item["id"] == 3]
    assert [item["code"] for item in listed["remarks"]] == ["unknown_field"]
