"""Where mails are read from: files and folders, and an IMAP server of our own that keeps to a script."""

import mailbox
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from email import message_from_bytes
from pathlib import Path

import pytest
import trustme

from builders_inbound import a_mail
from newsletter.inbound.errors import MailboxUnreachable, NotAMailbox
from newsletter.inbound.imap import imap_place, read_imap
from newsletter.inbound.parsing import SIZE_MAX, digest_of
from newsletter.inbound.sources import Unread, mails_in

SINCE = date(2026, 8, 25)
MAILS = [a_mail("one"), a_mail("From the start\nFrom here"), a_mail("three")]


def digests(mails: Iterator[bytes | Unread]) -> list[bytes]:
    return [digest_of(mail) for mail in mails if isinstance(mail, bytes)]


def wanted() -> list[bytes]:
    return [digest_of(mail) for mail in MAILS]


def test_maildir_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    for mail in MAILS:
        box.add(message_from_bytes(mail))
    before = sorted(path.name for path in (tmp_path / "box").rglob("*"))
    assert sorted(digests(mails_in(str(tmp_path / "box"), SINCE))) == sorted(wanted())
    assert sorted(path.name for path in (tmp_path / "box").rglob("*")) == before


def test_mbox_is_split_where_a_mail_begins(tmp_path: Path) -> None:
    path = tmp_path / "box"
    lines = []
    for mail in MAILS:
        text = mail.decode().replace("\r\n", "\n").replace("\nFrom ", "\n>From ")
        lines.append(f"From anna@example.org Mon Nov 23 09:00:00 2026\n{text}\n")
    path.write_text("".join(lines))
    assert digests(mails_in(str(path), SINCE)) == wanted()


def test_file_and_folder_of_eml_are_read(tmp_path: Path) -> None:
    for number, mail in enumerate(MAILS):
        (tmp_path / f"{number}.eml").write_bytes(mail)
    assert digests(mails_in(str(tmp_path), SINCE)) == wanted()
    assert digests(mails_in(str(tmp_path / "1.eml"), SINCE)) == wanted()[1:2]


def test_unreadable_file_is_told_and_the_next_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.eml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "b.eml").write_bytes(MAILS[0])
    first, second = mails_in(str(tmp_path), SINCE)
    assert first == Unread("a.eml", "not a file")
    assert second == MAILS[0]


def test_no_more_of_a_file_is_read_than_is_looked_at(tmp_path: Path) -> None:
    for name, head in (("big.eml", b"Subject: x\n\n"), ("big.mbox", b"From x\nSubject: x\n\n")):
        with (tmp_path / name).open("wb") as file:
            file.write(head)
            for _ in range(12):
                file.write(b"x" * 1_000_000 + b"\n")
        [mail] = mails_in(str(tmp_path / name), SINCE)
        assert isinstance(mail, bytes)
        assert len(mail) == SIZE_MAX + 1


def test_what_is_no_mailbox_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(NotAMailbox):
            list(mails_in(str(place), SINCE))


# IMAP


def test_address_of_a_mailbox_is_understood() -> None:
    place = imap_place("imaps://anna%40example.org:p%3Aw@mail.example.org/Lettre/R%C3%A9ponses")
    assert (place.host, place.port, place.user, place.password) == (
        "mail.example.org",
        993,
        "anna@example.org",
        "p:w",
    )
    assert (place.mailbox, place.tls) == ("Lettre/Réponses", "implicit")
    assert imap_place("imap://a:b@mail.example.org").tls == "starttls"
    assert "p:w" not in repr(place)


@pytest.mark.parametrize(
    "url",
    [
        "imaps://host",
        "imaps://a:b@",
        "imap://a:b@mail.example.org?tls=none",
        "imap://a:b@h?tls=x",
        "imap://a:b@h:x",
    ],
)
def test_address_that_lacks_something_is_refused(url: str) -> None:
    with pytest.raises(NotAMailbox):
        imap_place(url)


@contextmanager
def an_imap_server(
    mails: list[bytes], context: ssl.SSLContext | None = None
) -> Iterator[tuple[int, list[str]]]:
    """A server with these mails in its INBOX, for one client; yields its port, and what it was told."""
    told: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            try:
                talk(context.wrap_socket(connection, server_side=True) if context else connection)
            except OSError:
                return

    def talk(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            connection.sendall(b"* OK ready\r\n")
            for line in lines:
                tag, _, command = line.decode().strip().partition(" ")
                told.append(command)
                word = command.split()[0].upper()
                if word == "CAPABILITY":
                    connection.sendall(b"* CAPABILITY IMAP4rev1\r\n")
                elif word == "LOGIN" and "wrong" in command:
                    connection.sendall(f"{tag} NO not you\r\n".encode())
                    continue
                elif word in {"SELECT", "EXAMINE"}:
                    connection.sendall(b"* 3 EXISTS\r\n")
                elif command.upper().startswith("UID SEARCH"):
                    numbers = " ".join(str(number + 1) for number in range(len(mails)))
                    connection.sendall(f"* SEARCH {numbers}\r\n".encode())
                elif command.upper().startswith("UID FETCH"):
                    number = int(command.split()[2])
                    octets = mails[number - 1]
                    head = f"* {number} FETCH (UID {number} BODY[]<0> {{{len(octets)}}}\r\n".encode()
                    connection.sendall(head + octets + b")\r\n")
                elif word == "LOGOUT":
                    connection.sendall(f"* BYE\r\n{tag} OK\r\n".encode())
                    return
                connection.sendall(f"{tag} OK done\r\n".encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], told
    finally:
        listener.close()
        thread.join(10)


def test_imap_mailbox_is_read_over_tls_and_left_as_it_is() -> None:
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.configure_trust(ours)
    authority.issue_cert("localhost").configure_cert(theirs)
    with an_imap_server(MAILS, theirs) as (port, told):
        url = f"imaps://anna:secret@localhost:{port}/INBOX"
        assert [digest_of(mail) for mail in read_imap(url, SINCE, SIZE_MAX + 1, ours)] == wanted()
    assert 'EXAMINE "INBOX"' in told
    assert "UID SEARCH SINCE 25-Aug-2026" in told
    assert [line for line in told if "FETCH" in line] == [
        f"UID FETCH {number} (BODY.PEEK[]<0.{SIZE_MAX + 1}>)" for number in (1, 2, 3)
    ]
    assert [line for line in told if line.startswith(("STORE", "UID STORE", "EXPUNGE"))] == []


def test_imap_server_whom_nobody_trusts_is_not_told_the_password() -> None:
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(theirs)
    with an_imap_server(MAILS, theirs) as (port, told), pytest.raises(MailboxUnreachable):
        list(read_imap(f"imaps://anna:secret@localhost:{port}/INBOX", SINCE, SIZE_MAX))
    assert told == []


def test_imap_server_that_refuses_is_told_in_one_line_without_the_password() -> None:
    with an_imap_server(MAILS) as (port, _), pytest.raises(MailboxUnreachable) as raised:
        list(read_imap(f"imap://anna:wrong@127.0.0.1:{port}/INBOX?tls=none", SINCE, SIZE_MAX))
    assert str(raised.value) == "The mailbox at 127.0.0.1 cannot be read: not you."


def test_imap_server_that_is_away_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(MailboxUnreachable):
        list(read_imap(f"imap://a:b@127.0.0.1:{port}?tls=none", SINCE, SIZE_MAX))
