"""`newsletter mailings ...`."""

from collections.abc import Sequence
from typing import Any

import click

from newsletter.audience.queries import list_slugs
from newsletter.cli.numbers import IdType
from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.foundation import clock
from newsletter.foundation.language import own_name
from newsletter.mailing.actions import cancel_mailing, pause_mailing, resend_in_doubt, set_limits
from newsletter.mailing.by_language import LanguageFigures, figures_by_language
from newsletter.mailing.queries import Counts, MailingReport, deliveries, mailing_by_id, mailing_report
from newsletter.mailing.queries import mailings as all_mailings
from newsletter.wiring import open_installation


@click.group()
def mailings() -> None:
    """Follow, pause, cancel and report mailings."""


@mailings.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the mailings, the latest first."""
    with open_installation().database.read() as session:
        slugs = list_slugs(session)
        answer = [
            {
                **report_json(mailing_report(session, mailing.id)),
                "list": slugs[edition.list_id],
                "issue_number": edition.issue_number,
            }
            for mailing, edition in all_mailings(session)
        ]
    if as_json:
        write_json(answer)
        return
    _write_figures(
        "",
        ["No.", "Edition", "State"],
        ["Planned", "Accepted", "Rejected", "In\ndoubt", "Pending", "Skipped"],
        [
            (
                (item["mailing"], f"{item['list']} {item['issue_number']}", item["state"]),
                (
                    item["planned"],
                    item["accepted"],
                    item["rejected"],
                    item["in_doubt"],
                    item["pending"],
                    sum(item["skipped"].values()),
                ),
            )
            for item in answer
        ],
    )


@mailings.command()
@click.argument("mailing_id", metavar="M", type=IdType)
@json_option
def status(mailing_id: int, as_json: bool) -> None:
    """Show how a mailing stands, in figures."""
    with open_installation().database.read() as session:
        report = mailing_report(session, mailing_id)
    if as_json:
        write_json(report_json(report))
    else:
        show_report(report)


@mailings.command()
@click.argument("mailing_id", metavar="M", type=IdType)
@json_option
def report(mailing_id: int, as_json: bool) -> None:
    """Report on a mailing: the figures, also by language, and who did not get it and why, in the server's words."""
    with open_installation().database.read() as session:
        figures = mailing_report(session, mailing_id)
        languages = figures_by_language(session, mailing_id)
        others = deliveries(session, mailing_id, only_unaccepted=True)
    if as_json:
        by_language = {item.language: _language_json(item) for item in languages}
        write_json({**report_json(figures), "by_language": by_language, "unaccepted": others})
        return
    show_report(figures)
    if len(figures.by_domain) > 1:
        domains = [((name,), _figures(counts)) for name, counts in figures.by_domain.items()]
        _write_figures("By domain", ["Domain"], _FIGURES, domains)
    _show_languages(languages)
    if others:
        write_table(
            "Not accepted",
            ["Address", "Variant", "What happened"],
            [(item.address, item.variant or "", item.in_words) for item in others],
        )


@mailings.command()
@click.argument("mailing_id", metavar="M", type=IdType)
def pause(mailing_id: int) -> None:
    """Pause a mailing after the messages that are on the wire; `newsletter send` goes on with it."""
    with open_installation().database.transaction() as session:
        edition_id = pause_mailing(session, mailing_id).edition_id
    say(f"Mailing {mailing_id} is paused; newsletter send {edition_id} goes on with it.")


@mailings.command()
@click.argument("mailing_id", metavar="M", type=IdType)
@click.option("--background", is_flag=True, help="Let workers go on with it, and do not wait for them.")
@json_option
@click.pass_context
def resume(ctx: click.Context, mailing_id: int, background: bool, as_json: bool) -> None:
    """Go on with a paused mailing, in the foreground: the same as `newsletter send` of its edition."""
    from newsletter.cli.sending import send

    with open_installation().database.read() as session:
        edition_id = mailing_by_id(session, mailing_id).edition_id
    ctx.invoke(send, edition_id=edition_id, dry_run=False, as_json=as_json, background=background)


@mailings.command("set")
@click.argument("mailing_id", metavar="M", type=IdType)
@click.option(
    "--connections", type=click.IntRange(0, 50), help="Connections at most; 0: as the settings say."
)
@click.option("--per-minute", type=click.IntRange(0), help="Messages a minute at most; 0: no such limit.")
def set_(mailing_id: int, connections: int | None, per_minute: int | None) -> None:
    """Change the limits of a mailing, also while it runs: whoever sends it obeys within a second.

    Each process that sends the mailing keeps to them by itself.
    """
    wanted = {"connections": connections, "per_minute": per_minute}
    limits = {name: value or None for name, value in wanted.items() if value is not None}
    if not limits:
        raise click.UsageError("Name --connections or --per-minute.")
    with open_installation().database.transaction() as session:
        mailing = set_limits(session, mailing_id, limits)
        now = mailing.connections, mailing.per_minute
    say(
        f"Mailing {mailing_id}: connections {now[0] or 'as the settings say'}, messages a minute {now[1] or 'no limit'}."
    )


@mailings.command()
@click.argument("mailing_id", metavar="M", type=IdType)
def resend(mailing_id: int) -> None:
    """Let the messages in doubt go out again. Who got the first copy may get a second, with the same Message-ID."""
    with open_installation().database.transaction() as session:
        count = resend_in_doubt(session, mailing_id, clock.now())
        edition_id = mailing_by_id(session, mailing_id).edition_id
    say(f"{count} messages in doubt wait again; newsletter send {edition_id} sends them.")


@mailings.command()
@click.argument("mailing_id", metavar="M", type=IdType)
def cancel(mailing_id: int) -> None:
    """Cancel a mailing for good; those who still waited are skipped."""
    with open_installation().database.transaction() as session:
        cancel_mailing(session, mailing_id, clock.now())
    say(f"Mailing {mailing_id} is cancelled.")


def report_json(report: MailingReport) -> dict[str, Any]:
    """A mailing's report in JSON, in the words of the glossary."""
    return {
        "mailing": report.mailing_id,
        "edition": report.edition_id,
        "state": report.state.value,
        **_counts_json(report.total),
        "by_variant": {name: _counts_json(counts) for name, counts in report.by_variant.items()},
        "by_domain": {name: _counts_json(counts) for name, counts in report.by_domain.items()},
        "held_back": report.held_back,
        "paused_because": report.paused_because,
        "starts_at": report.starts_at,
        "planning_since": report.planning_since,
        "planning_by": report.planning_by,
    }


def _counts_json(counts: Counts) -> dict[str, Any]:
    return {
        "planned": counts.planned,
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        # Those who are still to be mailed; the next three say what they wait for.
        "deferred": counts.deferred,
        "pending": counts.pending,
        "waiting": counts.waiting,
        "put_off": counts.put_off,
        "given_up": counts.given_up,
        "in_doubt": counts.in_doubt,
        "skipped": {reason.value: count for reason, count in counts.skipped.items()},
    }


_FIGURES = ["Planned", "Accepted", "Rejected", "Put\noff", "Given\nup", "In\ndoubt", "Pending", "Skipped"]
_SHOWN_AT_NOUGHT = {"Planned", "Accepted"}


def show_report(report: MailingReport) -> None:
    """The figures of a mailing as a table, a row per variant and one for those left out."""
    rows = [((name,), _figures(counts)) for name, counts in report.by_variant.items()]
    rows.append((("all",), _figures(report.total)))
    title = f"Mailing {report.mailing_id} of edition {report.edition_id}: {report.state.value}"
    _write_figures(title, ["Variant"], _FIGURES, rows)
    if report.planning_since is not None:
        minutes, seconds = divmod(int((clock.now() - report.planning_since).total_seconds()), 60)
        at_it = (
            f"by {report.planning_by}" if report.planning_by else "no worker is at it yet (newsletter worker)"
        )
        say(f"Being planned since {minutes}:{seconds:02}, {at_it}; the figures come when all rows are there.")
    if report.total.waiting:
        say(f"Waiting for their language to be frozen: {report.total.waiting}")
    for group, words in report.held_back.items():
        say(f"Held back, {group} blames the sender: {words}")
    if report.paused_because and not report.held_back:
        say(f"Paused: {report.paused_because}")
    for reason, count in report.total.skipped.items():
        say(f"Skipped, {reason.value.replace('_', ' ')}: {count}")


def _language_json(figures: LanguageFigures) -> dict[str, int]:
    return {
        "planned": figures.planned,
        "accepted": figures.accepted,
        "items": figures.item_count,
        "fallback_items": figures.fallback_item_count,
        "served_by_fallback": figures.served_by_fallback,
        "left": figures.left_count,
        "left_for_wrong_language": figures.wrong_language_count,
    }


def _show_languages(languages: Sequence[LanguageFigures]) -> None:
    """How the readers of each language were served, a row each."""
    columns = [
        "Planned",
        "Accepted",
        "Items",
        "In another\nlanguage",
        "Readers\nof those",
        "Left",
        "For wrong\nlanguage",
    ]
    write_table(
        "By language",
        ["Language", *columns],
        [(own_name(item.language), *_language_json(item).values()) for item in languages],
        right=columns,
    )


def _figures(counts: Counts) -> tuple[int, ...]:
    return (
        counts.planned,
        counts.accepted,
        counts.rejected,
        counts.put_off,
        counts.given_up,
        counts.in_doubt,
        counts.pending,
        sum(counts.skipped.values()),
    )


def _write_figures(
    title: str,
    columns: Sequence[str],
    figures: Sequence[str],
    rows: Sequence[tuple[Sequence[object], Sequence[int]]],
) -> None:
    """A table that fits 80 columns: what is nought in every row is left out, but for the planned and accepted."""
    shown = [
        place
        for place, name in enumerate(figures)
        if name in _SHOWN_AT_NOUGHT or any(counts[place] for _, counts in rows)
    ]
    heads = [figures[place] for place in shown]
    write_table(
        title,
        [*columns, *heads],
        [(*words, *(counts[place] for place in shown)) for words, counts in rows],
        right=["No.", *heads],
        whole=["State"],
    )
