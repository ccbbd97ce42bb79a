"""Who acts: the name that is kept with a change."""

import getpass
from collections.abc import Callable
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])
_NAME_MAX = 200


def by_option(command: _F) -> _F:
    """Adds `--by`, the name of who acts; by default the one that this machine knows her by."""
    return click.option(
        "--by",
        default=_user_of_the_machine,
        callback=lambda _context, _option, value: value.strip()[:_NAME_MAX],
        help="Your name, kept with what you do; default: your user name.",
    )(command)


def _user_of_the_machine() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return ""
