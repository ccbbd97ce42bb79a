"""`newsletter subscribers show | export-person | erase` and `newsletter inbound ...`, as they are called."""

import json
import stat
from collections.abc import Callable

from cli_shell import Shell


def test_person_is_shown_exported_and_erased(ready: Shell, readers: Callable[[int], list[str]]) -> None:
    address = readers(1)[0]
    shown = ready.json("subscribers", "show", address.upper())
    assert (shown["address"], shown["languages"], shown["suppressed"]) == (address, ["fr"], False)
    assert shown["subscriptions"][0]["consents"][0]["basis"] == "a test"
    told = ready.ok("subscribers", "show", address)
    assert "list letter: active since" in told
    assert "  imported " in told
    ready.ok("subscribers", "export-person", address, "--out", "hers/now")
    folder = ready.folder / "hers" / "now"
    assert json.loads((folder / "data.json").read_text("utf-8"))["address"] == address
    assert '<html lang="fr"' in (folder / "data.html").read_text("utf-8")
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert ready("subscribers", "erase", address).returncode != 0  # nobody is there to say yes
    assert ready.json("subscribers", "show", address)["suppressed"] is False
    erased = ready.json("subscribers", "erase", address, "--yes")
    assert (erased["person_count"], erased["left_lists"]) == (1, ["letter"])
    shown = ready.json("subscribers", "show", address)
    assert (shown["id"], shown["suppression"]["reason"]) == (None, "erased")
    refused = ready.json(
        "subscribers", "import", "readers.csv", "--list", "letter", "--consent-basis", "again"
    )
    assert [line["reason"] for line in refused["refused"]] == ["was erased at the person’s wish"]
    octets = b"".join(path.read_bytes() for path in ready.folder.glob("subscribers.db*"))
    assert address.encode() not in octets
    assert "Nothing is known of" in ready.refused("subscribers", "show", "nobody@example.org")


def test_mails_that_came_in_are_read_listed_and_shown(
    ready: Shell, readers: Callable[[int], list[str]]
) -> None:
    address = readers(1)[0]
    ready.settings["NEWSLETTER_TRUSTED_AUTHSERV_IDS"] = "mx.canal.example"
    inbox = ready.folder / "mails"
    inbox.mkdir()
    vouched = "Authentication-Results: mx.canal.example; dmarc=pass header.from=example.org\n"
    (inbox / "1.eml").write_text(
        f"{vouched}From: {address}\nSubject: Re: La lettre\n\ndésinscrire\n", "utf-8"
    )
    (inbox / "2.eml").write_text(
        f"From: {address}\nSubject: Merci\n\nMerci\x1b[31m pour la lettre.\n", "utf-8"
    )
    assert ready.ok("inbound", "read", "mails") == "2 new (1 reply, 1 wish), 0 known already.\n"
    assert ready.json("inbound", "read", "mails") == {"new": {}, "known": 2}
    assert ready.json("subscribers", "show", address)["subscriptions"][0]["leave_way"] == "mail"
    [reply] = ready.json("inbound", "list", "--state", "for_people")
    assert (reply["kind"], reply["subject"], reply["result"]) == ("reply", "Merci", None)
    shown = ready.ok("inbound", "show", str(reply["id"]))
    assert "Merci" in shown
    assert "\x1b" not in shown
    assert "There is no mail 99" in ready.refused("inbound", "show", "99")
    assert "Name a mailbox" in ready.refused("inbound", "read")
