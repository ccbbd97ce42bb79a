"""`newsletter subscribers sign-ups`."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from newsletter.audience.sign_up.queries import SignUpFigures, sign_up_figures, waiting_sign_ups
from newsletter.cli.output import json_option, say, warn, write_json, write_table
from newsletter.foundation import clock
from newsletter.wiring import open_installation


@click.command("sign-ups")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 100_000))
@json_option
def sign_ups(limit: int, as_json: bool) -> None:
    """Show who has not confirmed yet, and how many did in the last seven days."""
    installation = open_installation()
    now = clock.now()
    with installation.database.read() as session:
        figures = sign_up_figures(session, now)
        waiting = waiting_sign_ups(session, now, limit)
    if as_json:
        write_json({"figures": _figures_json(figures), "waiting": waiting})
        return
    zone = ZoneInfo(installation.settings.time_zone)
    if waiting:
        write_table(
            "",
            ["Address", "Lists", "Languages", "Asked", "Mailed"],
            [
                (
                    item.address,
                    ", ".join(item.lists),
                    " ".join(item.languages),
                    _moment(item.requested_at, zone),
                    _moment(item.mailed_at, zone) if item.mailed_at else "held back",
                )
                for item in waiting
            ],
            whole=["Asked", "Mailed"],
        )
    say(_summary(figures))
    if figures.is_alarming:
        warn("so few confirm that the form is probably abused; docs/operating.md says what to do.")


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _summary(figures: SignUpFigures) -> str:
    share = "" if figures.ratio is None else f" ({figures.ratio:.0%})"
    return (
        f"In seven days: {figures.requested} forms, {figures.mailed} asked to confirm three hours ago or more, "
        f"{figures.confirmed} of them confirmed{share}, {figures.declined} declined."
    )


def _figures_json(figures: SignUpFigures) -> dict[str, object]:
    return {
        "since": figures.since,
        "requested": figures.requested,
        "mailed": figures.mailed,
        "confirmed": figures.confirmed,
        "declined": figures.declined,
        "waiting": figures.waiting,
        "ratio": figures.ratio,
        "is_alarming": figures.is_alarming,
    }
