"""A list that follows the installation's address, what may change later, and going on after trouble."""

from collections.abc import Callable

from cli_shell import Shell
from newsletter.transport.catcher import Catcher
from scripted_smtp import HangUp, scripted_server


def headers(catcher: Catcher) -> set[bytes]:
    return {line for mail in catcher.mails() for line in mail.raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n")}


def test_list_without_an_address_mails_from_the_installations_as_it_is_by_then(
    ready: Shell, catcher: Catcher
) -> None:
    ready.ok("lists", "create", "diary", "--name", "fr=Agenda", "--name", "en=Diary")
    ready.ok("editions", "create", "--list", "diary", "--announcement", "1")
    ready.settings["NEWSLETTER_SENDER"] = "desk@ngo.example"
    ready.ok("test-send", "2", "--to", "you@example.org")
    assert b"From: Diary <desk@ngo.example>" in headers(catcher)


def test_edit_changes_the_sender_and_the_identifier_until_the_list_was_mailed(
    ready: Shell, readers: Callable[[int], list[str]], catcher: Catcher
) -> None:
    readers(1)
    identifier = "letter.ngo.example"
    ready.ok(
        "lists",
        "edit",
        "letter",
        "--from",
        "new@ngo.example",
        "--name",
        "fr=Gazette",
        "--list-id",
        identifier,
    )
    shown = ready.json("lists", "show", "letter")
    assert (shown["list_id"], shown["names"]["fr"]) == (identifier, "Gazette")
    done = ready("send", "1")
    assert done.returncode == 0
    assert "which no reader can open" in done.stderr
    assert "no postal address" in done.stderr
    assert {b"From: Gazette <new@ngo.example>", b"List-Id: Gazette <letter.ngo.example>"} <= headers(catcher)
    assert "List-Id stays" in ready.refused("lists", "edit", "letter", "--list-id", "other.ngo.example")
    ready.ok("lists", "edit", "letter", "--from", "")


def test_messages_in_doubt_go_again_when_the_operator_says_so(
    ready: Shell, readers: Callable[[int], list[str]]
) -> None:
    readers(2)
    answers = [HangUp(), HangUp()]
    with scripted_server(
        lambda turn: answers.pop() if turn.verb == "CONTENT" and answers else None
    ) as server:
        ready.settings["NEWSLETTER_SMTP_URL"] = f"smtp://127.0.0.1:{server.port}?tls=none"
        done = ready("send", "1")
        assert done.returncode == 1
        assert "newsletter mailings resend 1" in done.stderr
        assert ready.json("mailings", "status", "1")["in_doubt"] == 2
        assert "2 messages in doubt wait again" in ready.ok("mailings", "resend", "1")
        assert ready.json("send", "1")["accepted"] == 2


def test_test_mail_of_a_draft_that_cannot_be_frozen_says_so(ready: Shell, catcher: Catcher) -> None:
    ready.ok("editions", "create", "--list", "letter", "--announcement", "1", "--intro", "fr=[[prenom]]")
    done = ready("test-send", "2", "--to", "you@example.org")
    assert (done.returncode, len(catcher.mails())) == (0, 4)
    assert "cannot be frozen yet" in done.stderr
    assert "prenom" in done.stderr


def test_resume_goes_on_with_a_paused_mailing(
    ready: Shell, readers: Callable[[int], list[str]], catcher: Catcher
) -> None:
    readers(2)
    working = ready.settings["NEWSLETTER_SMTP_URL"]
    ready.settings["NEWSLETTER_SMTP_URL"] = "smtp://127.0.0.1:9?tls=none"
    assert ready("send", "1").returncode == 1
    ready.settings["NEWSLETTER_SMTP_URL"] = working
    assert ready.json("mailings", "resume", "1")["accepted"] == 2
    assert len(catcher.mails()) == 2
