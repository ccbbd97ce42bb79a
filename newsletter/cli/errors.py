"""What the command line makes of an error: one clear line on stderr, and an exit code. No traceback for bad input."""

import os
import re
import sys

import click

from newsletter.foundation.errors import NewsletterError

NO = 1  # the answer is no: checks failed, some deliveries not accepted
MISUSE = 2  # misuse or bad input; nothing was changed


class TheAnswerIsNo(click.exceptions.Exit):
    """Everything was done as asked, and the answer is no."""

    def __init__(self) -> None:
        super().__init__(NO)


class Refused(click.exceptions.Exit):
    """What was asked for cannot be done; why has been told already, and nothing was changed."""

    def __init__(self) -> None:
        super().__init__(MISUSE)


def exit_code_of(error: BaseException) -> int:
    """The exit code for an error that ended a command, its line written to stderr. Re-raises what is a bug of ours."""
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else 0
        case click.exceptions.Exit():
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            tell_error("Stopped; nothing is lost.")
            return 130
        case click.exceptions.NoArgsIsHelpError():
            error.show()
            return MISUSE
        case click.UsageError():
            where = f" See `{error.ctx.command_path} --help`." if error.ctx else ""
            tell_error(f"{error.format_message()}{where}")
            return MISUSE
        case click.ClickException():
            tell_error(error.format_message())
            return MISUSE
        case NewsletterError():
            tell_error(str(error))
            return MISUSE
        case BrokenPipeError():
            # The reader of our output went away (`| head`); nothing more to say, and no second complaint at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        case PermissionError() | FileNotFoundError() | IsADirectoryError() | NotADirectoryError():
            tell_error(f"{error.strerror}: {error.filename}")
            return MISUSE
    raise error


def tell_error(message: str) -> None:
    """One line on stderr."""
    click.echo(f"Error: {_one_line(message)}", err=True)


def tell_more(message: str) -> None:
    """A further line on stderr, below an error."""
    click.echo(f"  - {_one_line(message)}", err=True)


def _one_line(message: str) -> str:
    return re.sub(r"[^\S\u00a0\u202f]+", " ", message).strip()
