"""Import, export, segments, several lists and duplicates, as commands."""

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest

from cli_shell import Shell
from newsletter.transport.catcher import Catcher


def put(shell: Shell, text: str, *options: str, name: str = "readers.csv") -> str:
    (shell.folder / name).write_text(text, "utf-8")
    return shell.ok("subscribers", "import", name, "--list", "letter", *options)


READERS = (
    "email,name,language,city,lists\n"
    "anna@example.org,=1+1,fr,Liège,agenda\nbo@example.org,Bo,en,Gent,\ncy@example.org,Cy,fr,Liège,\n"
)


@pytest.fixture
def office(ready: Shell) -> Shell:
    ready.ok("lists", "create", "agenda", "--name", "fr=L’agenda", "--from", "a@canal.example")
    put(ready, READERS)
    return ready


def addresses(shell: Shell, *options: str) -> list[str]:
    return [item["address"].partition("@")[0] for item in shell.json("subscribers", "list", *options)]


def test_import_of_a_workbook_with_named_columns(ready: Shell) -> None:
    book = openpyxl.Workbook()
    for row in (["Contact 1", "Wie"], ["a@example.org", "Anna"], ["nobody"]):
        book.active.append(row)
    book.save(ready.folder / "readers.xlsx")
    command = ("subscribers", "import", "readers.xlsx", "--list", "letter")
    assert "Say which one it is, as in --column email=…" in ready.refused(*command)
    assert "write it like email=" in ready.refused(*command, "--column", "email")
    columns = ("--column", "email=Contact 1", "--column", "first_name=Wie")
    dry = ready.json(*command, *columns, "--dry-run")
    assert (dry["added"], dry["refused_count"], addresses(ready)) == (1, 1, [])
    assert "1 added, 0 updated, 0 unchanged, 1 refused." in ready.ok(*command, *columns)
    [anna] = ready.json("subscribers", "list")
    assert (anna["first_name"], anna["subscriptions"][0]["consent_basis"]) == ("Anna", "consent")


def test_subscribers_are_found_by_list_state_address_and_segment(office: Shell) -> None:
    office.ok("segments", "create", "liege", 'city = "liege"')
    assert addresses(office, "--list", "agenda") == ["anna"]
    assert addresses(office, "--state", "active", "--limit", "2") == ["anna", "bo"]
    assert addresses(office, "--state", "pending") == []
    assert addresses(office, "--address", "C") == ["cy"]
    assert addresses(office, "--segment", "liege") == ["anna", "cy"]
    assert addresses(office, "--segment", "liege", "--after", "1") == ["cy"]
    assert "segments list" in office.refused("subscribers", "list", "--segment", "gent")


def test_segments_are_made_shown_changed_and_taken_away(office: Shell) -> None:
    made = office.json("segments", "create", "liege", "city = liege et langue = fr", "--name", "Liégeois")
    assert {key: value for key, value in made.items() if key != "updated_at"} == {
        "segment": "liege",
        "name": "Liégeois",
        "filter": "city = liege et langue = fr",
        "count": 2,
        "active": 2,
        "by_language": {"fr": 2},
        "examples": ["anna@example.org", "cy@example.org"],
    }
    assert office.json("segments", "preview", "on agenda")["filter"] == 'on "agenda"'
    assert "1 readers, 1 of them on a list." in office.ok("segments", "preview", "on agenda")
    assert office.json("segments", "edit", "liege", "--filter", "city = Gent")["examples"] == [
        "bo@example.org"
    ]
    assert office.json("segments", "show", "liege")["count"] == 1
    assert [item["segment"] for item in office.json("segments", "list")] == ["liege"]
    assert "liege is gone" in office.ok("segments", "delete", "liege")
    assert "no segment “liege”" in office.refused("segments", "show", "liege")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["create", "x", "city ="], "column 7: expected a value"),
        (["create", "x", "on nowhere"], "no list “nowhere”"),
        (["create", "No Good", "paused"], "short name"),
        (["preview", "'; DROP TABLE subscriber"], "column 1: expected a quotation mark"),
        (["edit", "x", "--filter", "paused"], "no segment “x”"),
    ],
)
def test_segment_that_cannot_be_is_refused_in_one_line(
    office: Shell, arguments: list[str], words: str
) -> None:
    assert words in office.refused("segments", *arguments)


def test_export_is_read_back_and_can_be_read_by_its_owner_only(office: Shell) -> None:
    office.ok("subscribers", "export", "--out", "all.csv")
    file = office.folder / "all.csv"
    assert file.stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    assert [(row["name"], row["lists"]) for row in rows][:2] == [
        ("'=1+1", "letter:active, agenda:active"),
        ("Bo", "letter:active"),
    ]
    assert "0 added, 0 updated, 3 unchanged, 0 refused." in put(
        office, file.read_text("utf-8"), name="again.csv"
    )
    office.ok("subscribers", "export", "--list", "agenda", "--out", "agenda.xlsx")
    sheet = openpyxl.load_workbook(office.folder / "agenda.xlsx").active
    assert [row[0].value for row in sheet.rows] == ["email", "anna@example.org"]
    found = json.loads(office.ok("subscribers", "export", "--format", "json"))
    assert [item["name"] for item in found] == ["=1+1", "Bo", "Cy"]


def test_export_that_fails_leaves_the_file_that_was_there(office: Shell) -> None:
    (office.folder / "all.csv").write_text("mine", "utf-8")
    assert "lettre" in office.refused("subscribers", "export", "--list", "lettre", "--out", "all.csv")
    assert (office.folder / "all.csv").read_text("utf-8") == "mine"
    assert [path for path in Path(office.folder).iterdir() if path.name.startswith(".all")] == []


def test_several_lists_in_one_mailing_with_one_mail_for_each_person(office: Shell, catcher: Catcher) -> None:
    put(office, "email,language,lists\ndo@example.org,fr,agenda\n", name="more.csv")
    office.ok("segments", "create", "french", "language = fr")
    readers = ("--list", "agenda", "--list", "letter", "--segment", "french")
    forecast = office.json("send", "1", *readers, "--dry-run")
    assert sum(share["count"] for share in forecast["shares"] if share["variant"]) == 3
    report = office.json("send", "1", *readers)
    assert (report["planned"], report["accepted"], report["state"]) == (3, 3, "finished")
    assert sorted(mail.recipient.partition("@")[0] for mail in catcher.mails()) == ["anna", "cy", "do"]
    assert "planned for other readers: those of letter, agenda, only where language = fr" in office.refused(
        "send", "1", "--list", "agenda"
    )
    assert "finished" in office.refused("send", "1", *readers)


def test_duplicates_are_listed_and_merged(office: Shell) -> None:
    put(office, "email,lists\nCy+news@example.org,agenda\n", name="more.csv")
    assert office.json("subscribers", "duplicates") == [["Cy+news@example.org", "cy@example.org"]]
    merged = office.json("subscribers", "merge", "cy@example.org", "cy+news@example.org")
    assert merged == {"moved": ["agenda"], "decided": {"letter": "active"}}
    assert office.json("subscribers", "duplicates") == []
    assert addresses(office) == ["anna", "bo", "cy"]
    assert "subscribers duplicates" in office.refused(
        "subscribers", "merge", "cy@example.org", "bo@example.org"
    )
