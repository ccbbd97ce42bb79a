"""Keys that sign, from the command line to a mail that verifies."""

import stat

import dkim

from cli_shell import Shell
from newsletter.transport.catcher import Catcher


def test_new_key_signs_the_mails_of_its_domain(ready: Shell, catcher: Catcher) -> None:
    ready.ok("dkim", "new", "key.pem")
    assert stat.S_IMODE((ready.folder / "key.pem").stat().st_mode) == 0o600
    ready.settings |= {
        "NEWSLETTER_DKIM_KEY": "key.pem",
        "NEWSLETTER_DKIM_DOMAIN": "canal.example",
        "NEWSLETTER_DKIM_SELECTOR": "s1",
    }
    record = ready.json("dkim", "show")
    assert (record["name"], record["type"]) == ("s1._domainkey.canal.example", "TXT")
    ready.ok("test-send", "1", "--to", "me@example.org")
    verified = [
        dkim.verify(mail.raw, dnsfunc=lambda _name, **_: record["value"].encode()) for mail in catcher.mails()
    ]
    assert verified == [True] * 4


def test_mail_of_another_domain_is_not_signed(ready: Shell, catcher: Catcher) -> None:
    ready.ok("dkim", "new", "key.pem", "--ed25519")
    ready.settings |= {"NEWSLETTER_DKIM_KEY": "key.pem", "NEWSLETTER_DKIM_DOMAIN": "other.example"}
    ready.ok("test-send", "1", "--to", "me@example.org")
    assert [b"DKIM-Signature" in mail.raw for mail in catcher.mails()] == [False] * 4


def test_key_is_never_written_over(ready: Shell) -> None:
    ready.ok("dkim", "new", "key.pem")
    before = (ready.folder / "key.pem").read_bytes()
    assert "is there already" in ready.refused("dkim", "new", "key.pem")
    assert (ready.folder / "key.pem").read_bytes() == before


def test_missing_or_broken_key_is_said_before_anything_is_sent(ready: Shell, catcher: Catcher) -> None:
    ready.settings["NEWSLETTER_DKIM_KEY"] = "gone.pem"
    assert "gone.pem cannot be read" in ready.refused("test-send", "1", "--to", "me@example.org")
    (ready.folder / "gone.pem").write_text("no key", "ascii")
    assert "not a private key" in ready.refused("dkim", "show")
    assert catcher.mails() == []
