"""`newsletter init` and `newsletter settings`."""

import os
from pathlib import Path

import click

from newsletter.cli.output import json_option, say, write_json, write_table
from newsletter.foundation.database import Database
from newsletter.foundation.settings import SECRET_FILE, Settings, read_settings, setting_lines
from newsletter.foundation.signing import fresh_secret


@click.command()
def init() -> None:
    """Create or upgrade the database and write the secret that signs links.

    Safe to run again: what is there is kept.
    """
    for line in prepare(read_settings()):
        say(line)


def prepare(settings: Settings) -> list[str]:
    """Makes the installation ready; what was done, a line each."""
    from newsletter.migrations.upgrade import upgrade_database

    lines = []
    database = Database(settings.database_url)
    shown = database.url.render_as_string(hide_password=True)
    before, after = upgrade_database(database)
    database.close()
    if before is None:
        lines.append(f"Created the database {shown}.")
    elif before != after:
        lines.append(f"Upgraded the database {shown}.")
    else:
        lines.append(f"The database {shown} is up to date.")
    if settings.secret.get_secret_value():
        lines.append("The secret is there; keep a copy of it in a safe place.")
    else:
        write_secret(Path(SECRET_FILE))
        lines.append(f"Wrote a fresh secret to {SECRET_FILE}; keep a copy of it in a safe place.")
    return lines


def write_secret(path: Path) -> None:
    """A fresh secret in a new file that only its owner can read; never overwrites one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{fresh_secret()}\n")


@click.command()
@json_option
def settings(as_json: bool) -> None:
    """Show every setting: its value, where the value comes from, and what it means."""
    lines = setting_lines(read_settings())
    if as_json:
        write_json(lines)
        return
    write_table(
        "",
        ["Setting", "Value", "From", "Meaning"],
        [(f"NEWSLETTER_{line.name.upper()}", line.value, line.origin, line.meaning) for line in lines],
    )
