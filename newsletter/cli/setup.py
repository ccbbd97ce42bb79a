"""`newsletter init` and `newsletter settings`."""

import os
import shutil
import textwrap
from pathlib import Path

import click
import sqlalchemy as sa

from newsletter.cli.output import json_option, printable, say, write_json
from newsletter.foundation.database import Database, clear_errors
from newsletter.foundation.errors import BadInput
from newsletter.foundation.settings import SECRET_FILE, Settings, read_settings, setting_lines
from newsletter.foundation.signing import fresh_secret


class SecretLost(BadInput):
    """The database is in use, but the secret that its links and suppressed addresses depend on is not there."""

    def __init__(self) -> None:
        super().__init__(
            f"The database is there but its secret is not; put {SECRET_FILE} back, or run `newsletter init "
            "--new-secret` (links in mails already sent and suppressed addresses will no longer be recognised)."
        )


@click.command()
@click.option(
    "--new-secret", is_flag=True, help="The old secret is lost: write a new one beside a database in use."
)
def init(new_secret: bool) -> None:
    """Create or upgrade the database and write the secret that signs links.

    Safe to run again: what is there is kept.
    """
    for line in prepare(read_settings(), new_secret=new_secret):
        say(line)


def prepare(settings: Settings, *, new_secret: bool = False) -> list[str]:
    """Makes the installation ready; what was done, a line each.

    Raises SecretLost for a database in use without its secret, unless a new one is asked for.
    """
    from newsletter.migrations.upgrade import upgrade_database

    lines = []
    database = Database(settings.database_url)
    shown = database.url.render_as_string(hide_password=True)
    has_secret = bool(settings.secret.get_secret_value())
    if has_secret and new_secret:
        raise BadInput("The secret is there; to change it, put a new one behind it with a comma between.")
    if not has_secret and not new_secret and _is_in_use(database):
        raise SecretLost
    before, after = upgrade_database(database)
    database.close()
    if before is None:
        lines.append(f"Created the database {shown}.")
    elif before != after:
        lines.append(f"Upgraded the database {shown}.")
    else:
        lines.append(f"The database {shown} is up to date.")
    if has_secret:
        lines.append("The secret is there; keep a copy of it in a safe place.")
    else:
        write_secret(Path(SECRET_FILE))
        lines.append(f"Wrote a fresh secret to {SECRET_FILE}; keep a copy of it in a safe place.")
    return lines


def _is_in_use(database: Database) -> bool:
    """Whether it holds subscribers or mailings, at whatever version it is."""
    if database.file is not None and not database.file.exists():
        return False
    with clear_errors(database.url), database.engine.connect() as connection:
        there = set(sa.inspect(connection).get_table_names())
        return any(
            connection.scalar(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)) is not None
            for name in ("subscriber", "mailing")
            if name in there
        )


def write_secret(path: Path) -> None:
    """A fresh secret in a new file that only its owner can read. Raises BadInput rather than overwrite one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise BadInput(
            f"There is a file {path}, but no secret came out of it: it is empty, or NEWSLETTER_SECRET is set to nothing."
        ) from error
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
    width = min(shutil.get_terminal_size().columns, 100)
    for line in lines:
        value = f" {printable(line.value)}" if line.value else ""
        say(f"NEWSLETTER_{line.name.upper()} ={value}  ({line.origin})")
        say(
            textwrap.fill(
                line.meaning,
                width,
                initial_indent="    ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
