"""`newsletter subscribers ...`."""

import sys
from pathlib import Path
from typing import Any

import click

from newsletter.audience.importing.apply import ImportReport, import_subscribers
from newsletter.audience.models import Subscriber, SubscriptionState
from newsletter.audience.queries import is_suppressed, subscribers_page
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.cli.segments import segment_of
from newsletter.cli.sign_ups import sign_ups
from newsletter.foundation import clock
from newsletter.foundation.errors import BadInput
from newsletter.wiring import open_installation

_SHOWN_REFUSALS = 20


@click.group()
def subscribers() -> None:
    """Import, list, show, export and erase subscribers."""


subscribers.add_command(sign_ups)


@subscribers.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--list", "list_slug", required=True, help="The list that they are put on.")
@click.option(
    "--consent-basis",
    default="",
    help="On what grounds you may mail them; kept with each subscription. Default: what the list says.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=HEADING",
    help='Which column is what, where the heading does not say so: --column email="Contact 1".',
)
@click.option("--dry-run", is_flag=True, help="Tell what would happen, and change nothing.")
@json_option
def import_(
    file: Path,
    list_slug: str,
    consent_basis: str,
    columns: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import readers from a CSV or XLSX file with a header; `email` is the one column that must be there.

    Others: name, first_name, language ("fr", "fr en" for both), both, lists, status, in English, French, Dutch or
    German; any further one becomes an attribute. The same file again changes nothing. Whoever left, or must not be
    mailed, stays so.
    """
    installation = open_installation()
    report = import_subscribers(
        installation.database,
        installation.keyring,
        file,
        list_slug=list_slug,
        consent_basis=consent_basis,
        now=clock.now(),
        languages=installation.settings.languages,
        columns=_columns(columns),
        progress=_progress if sys.stderr.isatty() else None,
        dry_run=dry_run,
    )
    if as_json:
        write_json(report)
        return
    _show(report, dry_run)


def _columns(values: tuple[str, ...]) -> dict[str, str]:
    """Name -> heading, from NAME=HEADING."""
    columns = {}
    for value in values:
        name, _, heading = value.partition("=")
        if not name.strip() or not heading.strip():
            raise BadInput(f'--column {value[:60]}: write it like email="Contact 1".')
        columns[name.strip().lower()] = heading.strip()
    return columns


def _progress(row_count: int) -> None:
    click.echo(f"\r{row_count} rows", nl=False, err=True)


def _show(report: ImportReport, dry_run: bool) -> None:
    if sys.stderr.isatty():
        click.echo("\r", nl=False, err=True)
    would = "would be " if dry_run else ""
    say(
        f"{report.added} {would}added, {report.updated} {would}updated, {report.unchanged} unchanged, "
        f"{report.refused_count} refused."
    )
    for refused in report.refused[:_SHOWN_REFUSALS]:
        say(f"  line {refused.line}: {refused.reason}")
    if report.refused_count > _SHOWN_REFUSALS:
        say(f"  … and {report.refused_count - _SHOWN_REFUSALS} more (see --json)")
    for note in report.notes:
        say(f"  {note}")


@subscribers.command("list")
@click.option("--list", "list_slug", help="Only those of one list.")
@click.option("--language", help="Only those who read this language.")
@click.option(
    "--state",
    type=click.Choice([state.value for state in SubscriptionState]),
    help="Only those with a subscription in this state.",
)
@click.option("--address", "address_prefix", default="", help="Only addresses that begin so.")
@click.option("--segment", "segment_slug", help="Only those of this segment.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@click.option(
    "--after", "after_id", default=0, type=click.IntRange(0), help="Those after the one of this number."
)
@json_option
def list_(
    list_slug: str | None,
    language: str | None,
    state: str | None,
    address_prefix: str,
    segment_slug: str | None,
    limit: int,
    after_id: int,
    as_json: bool,
) -> None:
    """List subscribers."""
    installation = open_installation()
    with installation.database.read() as session:
        page = subscribers_page(
            session,
            list_slug=list_slug,
            language=language,
            state=SubscriptionState(state) if state else None,
            address_prefix=address_prefix,
            segment=segment_of(session, installation, segment_slug),
            limit=limit,
            after_id=after_id,
        )
        found = [
            subscriber_json(subscriber, is_suppressed(session, subscriber.address_key)) for subscriber in page
        ]
    if as_json:
        write_json(found)
        return
    write_table(
        "",
        ["Address", "Name", "Languages", "Lists"],
        [
            (
                item["address"],
                item["name"],
                " ".join(item["languages"]) + (" (both)" if item["reads_both"] else ""),
                ", ".join(f"{entry['list']} ({entry['state']})" for entry in item["subscriptions"]),
            )
            for item in found
        ],
    )


def subscriber_json(subscriber: Subscriber, suppressed: bool) -> dict[str, Any]:
    """A subscriber in JSON, in the words of the glossary."""
    return {
        "id": subscriber.id,
        "address": subscriber.address,
        "name": subscriber.name,
        "first_name": subscriber.first_name,
        "languages": list(subscriber.languages),
        "language_origin": subscriber.language_origin.value,
        "reads_both": subscriber.reads_both,
        "attributes": dict(subscriber.attributes),
        "suppressed": suppressed,
        "subscriptions": [
            {
                "list": subscription.mailing_list.slug,
                "state": subscription.state.value,
                "end_reason": subscription.end_reason.value if subscription.end_reason else None,
                "since": subscription.since,
                "ended_at": subscription.ended_at,
                "consent_basis": subscription.consent_basis,
            }
            for subscription in subscriber.subscriptions
        ],
    }


from newsletter.cli import duplicates as _duplicates  # noqa: E402, F401 - adds its commands to the group
from newsletter.cli import exporting as _exporting  # noqa: E402, F401
from newsletter.cli import one_person as _one_person  # noqa: E402, F401
