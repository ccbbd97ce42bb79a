"""How commands answer: tables for people, JSON for programs, nothing of the one in the other."""

import dataclasses
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])


def json_option(command: _F) -> _F:
    """Adds `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")(command)


def write_json(value: object) -> None:
    """The value as JSON on stdout; dataclasses as objects, dates in ISO 8601."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    return str(value)


def write_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
    *,
    lines: bool = False,
) -> None:
    """A table on stdout. What readers typed is never taken for markup.

    `right` names the columns of figures. Where the table is too wide, other columns are folded; not those in `whole`.
    `lines` draws one between the rows.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_lines=lines,
    )
    for name in columns:
        is_figure = name in right
        table.add_column(
            name,
            justify="right" if is_figure else "left",
            overflow="fold",
            no_wrap=is_figure or name in whole,
        )
    for row in rows:
        table.add_row(*(Text(printable(str(cell))) for cell in row))
    width = None if sys.stdout.isatty() else 110
    Console(width=width, highlight=False).print(table)


def printable(text: str) -> str:
    """`text` without control characters, which could drive the terminal."""
    return "".join("·" if unicodedata.category(sign) == "Cc" and sign != "\n" else sign for sign in text)


def say(message: str) -> None:
    """A line on stdout."""
    click.echo(message)


def warn(message: str) -> None:
    """A line on stderr that begins with "Note:"."""
    click.echo(f"Note: {message}", err=True)
