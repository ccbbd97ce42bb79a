"""The `newsletter` command: finds the command asked for, and turns every refusal into one line and an exit code.

Commands are imported only when they are called, so that `newsletter --help` answers at once.
"""

import importlib
import sys
from collections.abc import Sequence

import click

from newsletter import __version__
from newsletter.foundation.garbage import look_for_garbage_seldom

# name -> where it is, and its line in the help.
_COMMANDS = {
    "init": ("setup:init", "Create or upgrade the database and write the secret."),
    "demo": ("demo:demo", "The whole story on this machine, with a mail catcher."),
    "settings": ("setup:settings", "Show every setting: value, origin, meaning."),
    "announcements": ("announcements:announcements", "Import, list, show, edit and approve announcements."),
    "translations": ("translations:translations", "Take back what translators send."),
    "lists": ("lists:lists", "Create, list and show mailing lists."),
    "subscribers": ("subscribers:subscribers", "Import, list, show, export and erase subscribers."),
    "segments": ("segments:segments", "Name, look at and change filters of readers."),
    "editions": ("editions:editions", "Create, check, render and freeze editions."),
    "test-send": ("sending:test_send", "Mail each variant of an edition once, marked as a test."),
    "send": ("sending:send", "Send an edition; the same command resumes."),
    "mailings": ("mailings:mailings", "Follow, pause, cancel and report mailings."),
    "web": ("web:web", "Serve the pages for readers."),
    "inbound": ("inbound:inbound", "Read what comes back by mail: wishes to leave, replies."),
    "dkim": ("dkim:dkim", "Sign mails with your own domain."),
    "worker": ("worker:worker", "Do what is due, for as long as it runs; any number on PostgreSQL."),
    "pace": ("pace:pace", "Look at and change how fast mail may leave."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names of the commands, in the order of a newsletter's life."""
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, imported now."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"newsletter.cli.{module}"), attribute)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(__version__, message="newsletter %(version)s")
def cli() -> None:
    """Newsletters in two languages: announcements, bilingual editions, and each reader served in her own."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and leaves with its exit code: 0 done, 1 the answer is no, 2 misuse or bad input."""
    from newsletter.cli.errors import exit_code_of

    look_for_garbage_seldom()
    try:
        code = cli.main(
            args=None if arguments is None else list(arguments), prog_name="newsletter", standalone_mode=False
        )
    except BaseException as error:
        code = exit_code_of(error)
    sys.exit(code if isinstance(code, int) else 0)
