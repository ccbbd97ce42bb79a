"""The embedded catcher, spoken to by another client than ours."""

import smtplib
import socket

import pytest

from newsletter.transport.catcher import Catcher

RAW = b"Subject: x\r\n\r\n.dot\r\n..\r\n=C3=A9 \xc3\xa9\r\n"


def test_catcher_keeps_octets_and_envelope() -> None:
    with Catcher() as catcher, smtplib.SMTP("127.0.0.1", catcher.port, "client.test") as client:
        client.sendmail("news@example.org", ["a@example.net", "b@example.net"], RAW)
        client.sendmail("", ["a@example.net"], RAW)
        mails = catcher.mails()
    assert [(mail.number, mail.sender, mail.recipient) for mail in mails] == [
        (1, "news@example.org", "a@example.net"),
        (2, "news@example.org", "b@example.net"),
        (3, "", "a@example.net"),
    ]
    assert {mail.raw for mail in mails} == {RAW}
    assert all(mail.caught_at.tzinfo is not None for mail in mails)


def test_catcher_refuses_and_defers_whom_it_was_told_to() -> None:
    with Catcher(refused={"no@example.net"}, deferred={"later@example.net"}) as catcher:
        with smtplib.SMTP("127.0.0.1", catcher.port, "client.test") as client:
            answers = client.sendmail(
                "news@example.org", ["a@example.net", "no@example.net", "later@example.net"], RAW
            )
        mails = catcher.mails()
    assert {address: code for address, (code, _) in answers.items()} == {
        "no@example.net": 550,
        "later@example.net": 451,
    }
    assert [mail.recipient for mail in mails] == ["a@example.net"]


def test_catcher_stops_with_connections_open_and_what_it_caught_stays() -> None:
    catcher = Catcher()
    catcher.start()
    with socket.create_connection(("127.0.0.1", catcher.port)) as connection:
        assert connection.recv(100).startswith(b"220 ")
        catcher.stop()
        assert connection.recv(100) == b""
    catcher.stop()
    assert catcher.mails() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", catcher.port))


def test_catcher_says_when_its_port_is_taken() -> None:
    with Catcher() as first, pytest.raises(OSError, match="in use"):
        Catcher(first.port).start()
