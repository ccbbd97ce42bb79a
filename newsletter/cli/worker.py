"""`newsletter worker`."""

import signal
import threading

import click

from newsletter.cli.output import say
from newsletter.wiring import open_installation


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
def worker(once: bool) -> None:
    """Do what is due, for as long as it runs: confirmations, acknowledgements, and the daily sweeping."""
    from newsletter.worker.loop import work

    installation = open_installation()
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    if not once:
        say("Working (Ctrl-C ends).")
    done_count = work(installation, stop, once=once)
    say(f"Jobs done: {done_count}.")
