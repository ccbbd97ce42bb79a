"""`newsletter subscribers duplicates` and `merge`: two rows of one person become one."""

import click

from newsletter.audience.merging import duplicates, merge_subscribers
from newsletter.cli.output import json_option, say, write_json
from newsletter.cli.subscribers import subscribers
from newsletter.foundation import clock
from newsletter.wiring import open_installation


@subscribers.command("duplicates")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--after", default="", help="Groups after the one that begins with this address.")
@json_option
def duplicates_(limit: int, after: str, as_json: bool) -> None:
    """List addresses that reach one mailbox: capitals, +tag, dots at Gmail; a group on each line."""
    with open_installation().database.read() as session:
        groups = duplicates(session, limit=limit, after=after)
    if as_json:
        write_json(groups)
        return
    for group in groups:
        say(" ".join(group))
    say(f"{len(groups)} groups. newsletter subscribers merge KEEP OTHER makes one person of two addresses.")


@subscribers.command()
@click.argument("keep")
@click.argument("other")
@json_option
def merge(keep: str, other: str, as_json: bool) -> None:
    """Make one person of two addresses of one mailbox; KEEP stays, OTHER goes.

    Where both were on a list, the later word holds: who left with one of them has left. Links in old mails go on
    working.
    """
    with open_installation().database.transaction() as session:
        merged = merge_subscribers(session, keep, other, clock.now())
    if as_json:
        write_json(merged)
        return
    say(f"{keep} stays.")
    for slug in merged.moved:
        say(f"list {slug}: goes on under this address")
    for slug, state in merged.decided.items():
        say(f"list {slug}: both were on it; {state.value}")
