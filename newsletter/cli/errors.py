"""What the command line makes of an error: one clear line on stderr, and an exit code. No traceback for bad input."""

import os
import sys

import click

from newsletter.foundation.errors import NewsletterError

NO = 1  # the answer is no: checks failed, some deliveries not accepted
MISUSE = 2  # misuse or bad input; nothing was changed


class TheAnswerIsNo(click.exceptions.Exit):
    """Everything was done as asked, and the answer is no."""

    def __init__(self) -> None:
        super().__init__(NO)


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
        case click.UsageError():
            error.show()
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
    line = " ".join(message.split())
    click.echo(f"Error: {line}", err=True)
