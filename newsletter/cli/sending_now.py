"""A mailing in the foreground: how far it is, what stops it, how it stands afterwards."""

import signal
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from newsletter.cli.errors import TheAnswerIsNo
from newsletter.cli.mailings import report_json, show_report
from newsletter.cli.output import warn, write_json
from newsletter.foundation import clock
from newsletter.mailing.queries import earliest_next_attempt, mailing_report
from newsletter.mailing.run import MailingRun, RunEnd
from newsletter.mailing.sending import retry_now
from newsletter.transport.line import DeliveryLine
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.wiring import Installation, keep_connections_short, open_gate, parts_of


def run_mailing(
    installation: Installation,
    mailing_id: int,
    line: DeliveryLine,
    stop: Callable[[], bool],
    *,
    put_off_now: bool = False,
) -> RunEnd:
    """Hands over what is due of a mailing, with a progress bar where somebody looks."""
    undo = timedelta(seconds=installation.settings.undo_seconds)
    if undo:
        warn(f"the first message goes out in {undo.seconds} seconds; until then Ctrl-C calls it back.")
    with installation.database.read() as session:
        total = mailing_report(session, mailing_id).total
    if put_off_now:
        with installation.database.transaction() as session:
            retry_now(session, mailing_id, clock.now())
    with (
        open_gate(installation) as gate,
        _progress(total.pending + total.put_off) as on_result,
    ):
        keep_connections_short(line, gate, installation.settings)
        parts = parts_of(installation, mailing_id, gate)
        return MailingRun(parts, line).go(mailing_id, on_result=on_result, stop=stop, undo=undo)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Outcome], None]]:
    """A progress bar on stderr, only where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _outcome: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("Sending"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("send", total=total)
        yield lambda outcome: progress.advance(task, 0 if outcome.verdict is Verdict.NOT_TRIED else 1)


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Says whether Ctrl-C or SIGTERM came: messages on the wire are finished first. A second Ctrl-C breaks off."""
    asked: list[int] = []

    def handle(number: int, _frame: types.FrameType | None) -> None:
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def finish(installation: Installation, mailing_id: int, end: RunEnd, as_json: bool) -> None:
    """Shows how the mailing stands; raises TheAnswerIsNo unless every message was accepted."""
    with installation.database.read() as session:
        report = mailing_report(session, mailing_id)
        next_attempt = earliest_next_attempt(session, mailing_id)
    if as_json:
        write_json(report_json(report))
    else:
        show_report(report)
    total = report.total
    if end.stopped_by:
        warn(f"stopped, because the server blames the sender and not the readers: {end.stopped_by}")
    if total.put_off and next_attempt:
        at = _local(installation, next_attempt)
        warn(
            f"{total.put_off} were put off by the server; the same command tries again from {at} on, or at once with --retry-now."
        )
    if total.pending:
        warn(f"{total.pending} are still pending; the same command goes on with them.")
    if total.in_doubt:
        warn(
            f"{total.in_doubt} are in doubt: handed over, no answer heard. They are not sent again, "
            f"unless you say so: newsletter mailings resend {mailing_id}"
        )
    if total.pending or total.put_off or total.rejected or total.given_up or total.in_doubt:
        raise TheAnswerIsNo


def _local(installation: Installation, moment: datetime) -> str:
    return f"{moment.astimezone(ZoneInfo(installation.settings.time_zone)):%H:%M}"
