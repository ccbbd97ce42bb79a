"""`newsletter lists ...`."""

from typing import Any

import click

from newsletter.audience.actions import create_list
from newsletter.audience.queries import ListCounts, all_lists, list_by_slug
from newsletter.cli.languages import texts_option, texts_per_language
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.foundation import clock
from newsletter.wiring import open_installation


@click.group()
def lists() -> None:
    """Create, list and show mailing lists."""


@lists.command()
@click.argument("slug")
@texts_option("--name", "Its name, per language: --name fr='La lettre' --name en='The letter'.")
@texts_option("--description", "What it is about, per language.")
@click.option(
    "--from",
    "sender",
    default="",
    help="The address that its mails come from (default: the setting `sender`).",
)
@click.option("--from-name", default="", help="The name beside that address (default: the list's name).")
@click.option("--reply-to", default="", help="Where answers go (default: the sender).")
@click.option("--list-id", default="", help="What List-Id says; never changes once mails went out.")
@click.option("--theme", default="", help="Its theme (default: the setting `theme`).")
@json_option
def create(
    slug: str,
    name: tuple[str, ...],
    description: tuple[str, ...],
    sender: str,
    from_name: str,
    reply_to: str,
    list_id: str,
    theme: str,
    as_json: bool,
) -> None:
    """Create a mailing list. SLUG is its short name in commands and addresses, as in `letter`."""
    installation = open_installation()
    languages = installation.settings.languages
    names = texts_per_language(name, languages, "--name") or dict.fromkeys(languages, slug)
    with installation.database.transaction() as session:
        created = create_list(
            session,
            slug=slug,
            names=names,
            descriptions=texts_per_language(description, languages, "--description"),
            sender_name=from_name,
            sender_address=sender or installation.settings.sender_address,
            reply_to=reply_to,
            list_id=list_id,
            theme=theme,
            now=clock.now(),
        )
        slug, list_id, sender = created.slug, created.list_id, created.sender_address
    if as_json:
        write_json({"list": slug, "names": names, "list_id": list_id, "sender": sender})
        return
    say(
        f"Created the list {slug}, mailed from {sender}. Next: newsletter subscribers import FILE.csv --list {slug}"
    )


@lists.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the mailing lists with their readers."""
    with open_installation().database.read() as session:
        found = [_list_json(counts) for counts in all_lists(session)]
    if as_json:
        write_json(found)
        return
    write_table(
        "",
        ["List", "Name", "Active", "Pending", "Ended", "Suppressed"],
        [
            (
                item["list"],
                " / ".join(dict.fromkeys(item["names"].values())),
                item["active"],
                item["pending"],
                item["ended"],
                item["suppressed"],
            )
            for item in found
        ],
        right=["Active", "Pending", "Ended", "Suppressed"],
    )


@lists.command()
@click.argument("slug")
@json_option
def show(slug: str, as_json: bool) -> None:
    """Show one list: sender, identifier, readers per language."""
    with open_installation().database.read() as session:
        list_by_slug(session, slug)
        item = next(_list_json(counts) for counts in all_lists(session) if counts.slug == slug)
    if as_json:
        write_json(item)
        return
    write_table("", ["", ""], [(key.replace("_", " "), _shown(value)) for key, value in item.items()])


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key or 'none'}: {item}" for key, item in value.items())
    return str(value)


def _list_json(counts: ListCounts) -> dict[str, Any]:
    return {
        "list": counts.slug,
        "names": dict(counts.names),
        "sender": counts.sender_address,
        "list_id": counts.list_id,
        "active": counts.active,
        "pending": counts.pending,
        "ended": counts.ended,
        "suppressed": counts.suppressed,
        "by_language": dict(counts.by_language),
    }
