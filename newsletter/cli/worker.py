"""`newsletter worker`."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import chain, repeat

import click

from newsletter.cli.errors import TheAnswerIsNo, tell_error
from newsletter.cli.output import json_option, say, warn, write_json, write_table
from newsletter.foundation import clock
from newsletter.foundation.errors import BadInput, DatabaseAway
from newsletter.wiring import Installation, open_installation
from newsletter.worker.figures import Figures
from newsletter.worker.standing import Standing, standing

_DATABASE_AWAY_SECONDS = (1.0, 2.0, 5.0, 10.0)


class _Address(click.ParamType[tuple[str, int]]):
    """HOST:PORT."""

    name = "HOST:PORT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        """Host and port."""
        host, _, port = str(value).rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            self.fail(f"{value!r} is not an address such as 127.0.0.1:9400", param, ctx)
        return host.strip("[]"), int(port)


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
@click.option("--metrics", type=_Address(), help="Serve /metrics (Prometheus) and /health (JSON) there.")
@click.option("--status", is_flag=True, help="Show workers, jobs and mailings, and end.")
@click.option("--retry", is_flag=True, help="Let jobs that were given up be tried again, and end.")
@json_option
def worker(once: bool, metrics: tuple[str, int] | None, status: bool, retry: bool, as_json: bool) -> None:
    """Do what is due, for as long as it runs: mailings, confirmations, acknowledgements, and the daily sweeping.

    On PostgreSQL, any number of workers on any number of machines.
    """
    if as_json and not status:
        raise BadInput("--json goes with --status.")
    if retry:
        _retry(open_installation())
    elif status:
        _show_status(open_installation(), as_json)
    else:
        _work(once, metrics)


def _retry(installation: Installation) -> None:
    from newsletter.jobs.actions import retry_given_up

    with installation.database.transaction() as session:
        count = retry_given_up(session, clock.now())
    say(f"Jobs that are tried again: {count}.")


def _work(once: bool, metrics: tuple[str, int] | None) -> None:
    from newsletter.transport.errors import RelayRefusedLogin, RelayUnreachable
    from newsletter.worker.loop import work
    from newsletter.worker.serving import serving

    stop, figures = threading.Event(), Figures()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    installation = open_installation() if once else _when_the_database_answers(stop)
    if installation is None:
        return
    with ExitStack() as open_:
        open_.callback(installation.database.close)
        if metrics is not None:
            host, port = open_.enter_context(serving(metrics, lambda: _look(installation), figures))
            say(f"Figures at http://{host}:{port}/metrics and /health.")
        if not once:
            say("Working (Ctrl-C ends).")
            open_.enter_context(_view(installation))
        try:
            done_count = work(installation, stop, once=once, figures=figures)
        except (RelayUnreachable, RelayRefusedLogin) as error:
            tell_error(str(error))
            raise TheAnswerIsNo from error
    say(f"Jobs done: {done_count}.")


def _when_the_database_answers(stop: threading.Event) -> Installation | None:
    """The installation, as soon as its database answers; None where it was told to stop before."""
    told, waits = "", chain(_DATABASE_AWAY_SECONDS, repeat(_DATABASE_AWAY_SECONDS[-1]))
    while not stop.is_set():
        try:
            return open_installation()
        except DatabaseAway as error:
            if str(error) != told:
                told = str(error)
                warn(f"{told} It is tried again until it answers (Ctrl-C ends).")
            stop.wait(next(waits))
    return None


def _look(installation: Installation) -> Standing:
    silence = timedelta(seconds=installation.settings.worker_silence_seconds)
    with installation.database.read() as session:
        return standing(session, clock.now(), silence)


@contextmanager
def _view(installation: Installation) -> Iterator[None]:
    """The live view, where somebody looks: on a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    from newsletter.cli.worker_view import view

    with view(lambda: _look(installation)):
        yield


def _show_status(installation: Installation, as_json: bool) -> None:
    from newsletter.jobs.queries import troubled_jobs

    seen = _look(installation)
    with installation.database.read() as session:
        troubles = troubled_jobs(session)
    if as_json:
        write_json(
            {
                "waiting": seen.waiting(),
                "per_second": round(seen.per_second(), 1),
                "mailings": {
                    mailing_id: {"state": item.state, "by_group": item.by_group}
                    for mailing_id, item in seen.mailings.items()
                },
                "workers": seen.workers,
                "jobs": seen.jobs,
                "troubles": troubles,
            }
        )
        return
    now = clock.now()
    write_table(
        "Workers",
        ["Worker", "Alive", "Last sign", "Messages\na second"],
        [
            (
                item.name,
                "yes" if item.is_alive else "no",
                f"{max(0, int((now - item.beat_at).total_seconds()))} s ago",
                f"{item.figures.get('per_second', 0)}",
            )
            for item in seen.workers
        ],
        right=["Messages\na second"],
    )
    write_table(
        "Jobs",
        ["Kind", "Waiting", "Failing", "Given up"],
        [(item.kind, item.waiting, item.failing, item.given_up) for item in seen.jobs],
        right=["Waiting", "Failing", "Given up"],
    )
    if troubles:
        write_table(
            "Jobs that failed (newsletter worker --retry lets those that were given up be tried again)",
            ["No.", "Kind", "Attempts", "Given up", "Why"],
            [
                (item.id, item.kind, item.attempts, "yes" if item.is_given_up else "no", item.last_error)
                for item in troubles
            ],
            right=["Attempts"],
        )
    write_table(
        "Mailings under way",
        ["Mailing", "State", "Provider", "Waiting", "Put off", "On the\nwire", "Accepted", "In doubt"],
        [
            (
                mailing_id,
                item.state,
                group,
                states.get("pending", 0),
                states.get("deferred", 0),
                states.get("attempting", 0),
                states.get("accepted", 0),
                states.get("in_doubt", 0),
            )
            for mailing_id, item in seen.mailings.items()
            for group, states in item.by_group.items()
        ],
        right=["Waiting", "Put off", "On the\nwire", "Accepted", "In doubt"],
    )
