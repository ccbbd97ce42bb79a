"""`newsletter lists ...`."""

from typing import Any

import click

from newsletter.audience.actions import ListChanges, create_list, edit_list
from newsletter.audience.leaving.queries import LeavingCounts, leaving_counts
from newsletter.audience.queries import ListCounts, all_lists, list_by_slug
from newsletter.cli.languages import texts_option, texts_per_language
from newsletter.cli.list_terms import terms_from, terms_json, terms_options
from newsletter.cli.output import json_option, say, warn, write_json, write_table
from newsletter.foundation import clock
from newsletter.foundation.addresses import envelope_address
from newsletter.foundation.errors import BadInput
from newsletter.foundation.language import normalise_tag
from newsletter.foundation.texts import has_texts
from newsletter.mailing.queries import is_mailed
from newsletter.wiring import open_installation, sender_of_list


@click.group()
def lists() -> None:
    """Create, list and show mailing lists; print their forms."""


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
@terms_options
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
    **terms: Any,
) -> None:
    """Create a mailing list. SLUG is its short name in commands and addresses, as in `letter`."""
    installation = open_installation()
    languages = installation.settings.languages
    names = texts_per_language(name, languages, "--name") or dict.fromkeys(languages, slug)
    host = envelope_address(installation.settings.sender_address).rpartition("@")[2]
    with installation.database.transaction() as session:
        created = create_list(
            session,
            slug=slug,
            names=names,
            descriptions=texts_per_language(description, languages, "--description"),
            sender_name=from_name,
            sender_address=sender,
            reply_to=reply_to,
            list_id=list_id or ("" if sender else f"{slug}.{host}"),
            theme=theme,
            terms=terms_from(languages, **terms),
            now=clock.now(),
        )
        slug, list_id = created.slug, created.list_id
        sender = sender_of_list(installation, created).address
    if list_id.endswith(".localhost") and not as_json:
        warn(
            f"List-Id is {list_id}; before the first mailing, say a better one: newsletter lists edit {slug} --list-id …"
        )
    if as_json:
        write_json({"list": slug, "names": names, "list_id": list_id, "sender": sender})
        return
    say(
        f"Created the list {slug}, mailed from {sender}. Next: newsletter subscribers import FILE.csv --list {slug}"
    )


@lists.command()
@click.argument("slug")
@texts_option("--name", "Its name, per language.")
@click.option("--from", "sender", help="The address that its mails come from; '' for the setting `sender`.")
@click.option("--from-name", help="The name beside that address; '' for the list's name.")
@click.option("--reply-to", help="Where answers go; '' for the sender.")
@click.option("--list-id", help="What List-Id says; only before the first mailing.")
@terms_options
def edit(
    slug: str,
    name: tuple[str, ...],
    sender: str | None,
    from_name: str | None,
    reply_to: str | None,
    list_id: str | None,
    **terms: Any,
) -> None:
    """Change a list's name, sender, identifier, or how people come to it."""
    installation = open_installation()
    changes = ListChanges(
        names=texts_per_language(name, installation.settings.languages, "--name"),
        sender_name=from_name,
        sender_address=sender,
        reply_to=reply_to,
        list_id=list_id,
        terms=terms_from(installation.settings.languages, **terms),
    )
    with installation.database.transaction() as session:
        if list_id is not None and is_mailed(session, list_by_slug(session, slug).id):
            raise BadInput(
                f"{slug} was mailed already; its List-Id stays, because readers file and filter by it."
            )
        address = sender_of_list(installation, edit_list(session, slug, changes)).address
    say(f"Changed the list {slug}, mailed from {address}.")


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
    """Show one list: sender, identifier, how people come to it, readers per language."""
    with open_installation().database.read() as session:
        found = list_by_slug(session, slug)
        counts = next(item for item in all_lists(session) if item.slug == slug)
        item = _list_json(counts) | terms_json(found) | _left_json(leaving_counts(session, found.id))
    if as_json:
        write_json(item)
        return
    write_table("", ["", ""], [(key.replace("_", " "), _shown(value)) for key, value in item.items()])


@lists.command()
@click.argument("slug")
@click.option("--language", default="", help="The language of the form (default: the organisation's first).")
def form(slug: str, language: str) -> None:
    """Print a sign-up form for your own web site: plain HTML, no script."""
    from newsletter.web.embedded_form import embedded_form

    installation = open_installation()
    settings = installation.settings
    language = normalise_tag(language) if language else settings.languages[0]
    if language not in settings.languages or not has_texts(language):
        spoken = ", ".join(tag for tag in settings.languages if has_texts(tag))
        raise BadInput(f"There is no form in {language}; there is one in {spoken}.")
    with installation.database.read() as session:
        found = list_by_slug(session, slug)
    if not found.is_public:
        raise BadInput(f"{slug} is private: nobody can sign up for it; see `newsletter lists edit --public`.")
    say(embedded_form(settings.base_url, found, language))


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key or 'none'}: {item}" for key, item in value.items())
    return str(value)


def _left_json(counts: LeavingCounts) -> dict[str, Any]:
    return {
        "left_by": {way.value: count for way, count in counts.by_way.items()},
        "left_because": {reason.value: count for reason, count in counts.by_reason.items()},
    }


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
