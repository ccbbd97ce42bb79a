"""`newsletter dkim`: the key that signs mails, and what the DNS must say about it."""

import os
from pathlib import Path

import click

from newsletter.cli.output import json_option, say, write_json
from newsletter.foundation.errors import BadInput
from newsletter.foundation.settings import read_settings


class KeyThere(BadInput):
    """A key is never written over: mails on their way are verified with it."""

    def __init__(self, file: str) -> None:
        super().__init__(f"{file} is there already; choose another name, or go on using that key.")
        self.file = file


@click.group()
def dkim() -> None:
    """Sign mails with the organisation's own domain (DKIM)."""


@dkim.command("new")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option(
    "--ed25519", "is_short", is_flag=True, help="A short key, which not every mailbox provider verifies yet."
)
def new(file: str, is_short: bool) -> None:
    """Write a fresh private key to FILE, which only you may read."""
    from newsletter.transport.dkim import new_key

    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
            target.write(new_key(is_rsa=not is_short))
    except FileExistsError as error:
        raise KeyThere(file) from error
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}.") from error
    say(
        f"Wrote {file}. Set NEWSLETTER_DKIM_KEY to it, then put what `newsletter dkim show` prints into your DNS."
    )


@dkim.command("show")
@json_option
def show(as_json: bool) -> None:
    """Print the TXT record that belongs into the DNS of the sender's domain."""
    from newsletter.foundation.addresses import envelope_address
    from newsletter.transport.dkim import open_signer

    settings = read_settings()
    if not settings.dkim_key:
        raise BadInput(
            "No key is set; make one with `newsletter dkim new FILE`, then set NEWSLETTER_DKIM_KEY to FILE."
        )
    domain = settings.dkim_domain or envelope_address(settings.sender_address).rpartition("@")[2]
    try:
        pem = Path(settings.dkim_key).read_bytes()
    except OSError as error:
        raise BadInput(f"The DKIM key {settings.dkim_key} cannot be read: {error.strerror}.") from error
    signer = open_signer(domain, settings.dkim_selector, pem)
    if as_json:
        write_json({"name": signer.dns_name, "type": "TXT", "value": signer.dns_value})
        return
    say(f"name:  {signer.dns_name}\ntype:  TXT\nvalue: {signer.dns_value}")
