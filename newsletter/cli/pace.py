"""`newsletter pace ...`."""

from dataclasses import asdict

import click

from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.foundation import clock
from newsletter.mailing.pace.gate import change_limit, changed_limits, used_today
from newsletter.mailing.pace.limits import limits_from, limits_of
from newsletter.wiring import open_installation


@click.group()
def pace() -> None:
    """Look at and change how fast mail may leave, over all workers."""


@pace.command("show")
@json_option
def show(as_json: bool) -> None:
    """Show the limits that hold, and what was used of them today."""
    installation = open_installation()
    with installation.database.read() as session:
        changed = changed_limits(session)
        used = used_today(session, clock.now())
    limits = limits_of(installation.settings.pace)
    rows = [
        {
            "name": name,
            "words": str(limit),
            "set_by": "newsletter pace" if name in changed else "NEWSLETTER_PACE",
            "today": used.get(name, 0),
            "limit": asdict(limit),
        }
        for name, limit in sorted((limits | changed).items())
    ]
    if as_json:
        write_json(rows)
        return
    if not rows:
        say("No limits: mail leaves as fast as the relay takes it.")
        return
    write_table(
        "",
        ["For", "Limit", "Set by", "Let go today (UTC)"],
        [(row["name"], row["words"], row["set_by"], row["today"]) for row in rows],
        right=["Let go today (UTC)"],
    )


@pace.command("set")
@click.argument("name")
@click.argument("limit", nargs=-1, required=True)
def set_(name: str, limit: tuple[str, ...]) -> None:
    """Limit NAME (relay, other, or a mail domain), as in: newsletter pace set gmail.com 300/min connections 5.

    Holds at once, for every worker, until `newsletter pace reset`; `off` lifts the limit.
    """
    [(key, value)] = limits_from(f"{name} {' '.join(limit)}".replace(",", " ")).items()
    with open_installation().database.transaction() as session:
        change_limit(session, key, value, clock.now())
    say(f"{key}: {value}")


@pace.command("reset")
@click.argument("name")
def reset(name: str) -> None:
    """Let the limit of the settings hold again for NAME."""
    installation = open_installation()
    with installation.database.transaction() as session:
        change_limit(session, name.lower(), None, clock.now())
    limit = limits_of(installation.settings.pace).get(name.lower())
    say(f"{name.lower()}: {limit or 'no limit'}")
