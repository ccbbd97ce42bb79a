"""`newsletter inbound ...`."""

import sys
from datetime import timedelta
from zoneinfo import ZoneInfo

import click

from newsletter.cli.output import json_option, printable, say, warn, write_json, write_table
from newsletter.foundation import clock
from newsletter.foundation.errors import BadInput
from newsletter.inbound.models import InboundKind, InboundState
from newsletter.inbound.queries import inbound_message, inbound_page, raw_message
from newsletter.inbound.reading import read_mails
from newsletter.inbound.sources import mails_in
from newsletter.wiring import inbound_office, open_installation


@click.group()
def inbound() -> None:
    """Read what comes back by mail, and show what people wrote."""


@inbound.command()
@click.argument("place", required=False, metavar="PATH|IMAP-URL")
@json_option
def read(place: str | None, as_json: bool) -> None:
    """Read a Maildir, an mbox or .eml file, a folder of .eml files, or imaps://user:password@host/INBOX.

    Whoever wishes to leave leaves; replies are kept for you to read (`newsletter inbound list`). Nothing is changed in
    the mailbox, and reading it again changes nothing here. Without PATH: the mailbox of NEWSLETTER_INBOUND_URL.
    """
    installation = open_installation()
    settings = installation.settings
    place = place or settings.inbound_url.get_secret_value()
    if not place:
        raise BadInput("Name a mailbox: a path, an imaps:// address, or NEWSLETTER_INBOUND_URL.")
    now = clock.now()
    since = (now - timedelta(days=settings.keep_inbound_days)).date()
    report = read_mails(installation.database, inbound_office(installation), mails_in(place, since), now)
    if as_json:
        write_json({"new": {kind.value: count for kind, count in report.new.items()}, "known": report.known})
        return
    counts = ", ".join(f"{count} {kind.value}" for kind, count in sorted(report.new.items()))
    say(f"{report.new_count} new{f' ({counts})' if counts else ''}, {report.known} known already.")
    if InboundKind.UNREADABLE in report.new:
        warn("some could not be read; see `newsletter inbound list --state quarantined`.")


@inbound.command("list")
@click.option(
    "--kind", type=click.Choice([kind.value for kind in InboundKind]), help="Only mails of this kind."
)
@click.option(
    "--state", type=click.Choice([state.value for state in InboundState]), help="Only mails in this state."
)
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@json_option
def list_(kind: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List what came in, the newest first."""
    installation = open_installation()
    with installation.database.read() as session:
        found = inbound_page(
            session,
            kind=InboundKind(kind) if kind else None,
            state=InboundState(state) if state else None,
            limit=limit,
        )
    if as_json:
        write_json(found)
        return
    zone = ZoneInfo(installation.settings.time_zone)
    write_table(
        "",
        ["Id", "Read", "From", "Subject", "Kind", "State"],
        [
            (
                item.id,
                f"{item.read_at.astimezone(zone):%Y-%m-%d %H:%M}",
                item.sender,
                item.subject,
                item.kind.value,
                f"{item.state.value}{f' ({item.result.value})' if item.result else ''}",
            )
            for item in found
        ],
        right=["Id"],
        whole=["Read"],
    )


@inbound.command()
@click.argument("message_id", type=int, metavar="ID")
@click.option("--raw", is_flag=True, help="The mail as it came, on stdout.")
@json_option
def show(message_id: int, raw: bool, as_json: bool) -> None:
    """Show one mail: who seems to have sent it, and what was newly written in it."""
    with open_installation().database.read() as session:
        item = inbound_message(session, message_id)
        octets = raw_message(session, message_id) if raw else b""
    if raw:
        sys.stdout.buffer.write(octets)
        return
    if as_json:
        write_json(item)
        return
    say(f"from: {printable(item.sender)}")
    say(f"subject: {printable(item.subject)}")
    say(f"kind: {item.kind.value}, {item.state.value}{f' ({item.result.value})' if item.result else ''}")
    if item.note:
        say(f"note: {printable(item.note)}")
    say("")
    say(printable(item.text))
