"""The live view of `newsletter worker`: how fast, how much is left, with which providers, what is tried again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from newsletter.foundation.errors import DatabaseNotReady
from newsletter.worker.standing import Standing

_REFRESH_SECONDS = 1.0


@contextmanager
def view(look: Callable[[], Standing], console: Console | None = None) -> Iterator[None]:
    """Shows how things stand on the terminal, every second, for the length of the block."""
    ended = threading.Event()
    with Live(console=console or Console(stderr=True), auto_refresh=False, transient=True) as live:

        def run() -> None:
            while not ended.is_set():
                try:
                    shown: Group | Text = drawn(look())
                except DatabaseNotReady as error:
                    shown = Text(str(error), style="red")
                live.update(shown, refresh=True)
                ended.wait(_REFRESH_SECONDS)

        thread = threading.Thread(target=run, name="view", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(5)


def drawn(seen: Standing) -> Group:
    """One picture of it."""
    alive = [worker for worker in seen.workers if worker.is_alive]
    waiting, rate = seen.waiting(), seen.per_second()
    head = (
        f"{rate:,.0f} messages a second · {len(alive)} worker{'s' * (len(alive) != 1)} · {waiting:,} waiting"
    )
    if rate and waiting:
        minutes, seconds = divmod(int(waiting / rate), 60)
        head += f" · about {minutes}:{seconds:02} left"
    providers = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("mailing", "provider"):
        providers.add_column(column, style="dim")
    for column in ("waiting", "put off", "on the wire", "accepted", "refused", "in doubt"):
        providers.add_column(column, justify="right")
    for mailing_id, mailing in seen.mailings.items():
        for group, states in mailing.by_group.items():
            refused = states.get("rejected", 0) + states.get("given_up", 0)
            figures = (
                states.get("pending", 0),
                states.get("deferred", 0),
                states.get("attempting", 0),
                states.get("accepted", 0),
                refused,
                states.get("in_doubt", 0),
            )
            providers.add_row(str(mailing_id), group, *(f"{figure:,}" for figure in figures))
    jobs = " · ".join(
        f"{item.kind} {item.waiting}" + (f" ({item.given_up} given up)" if item.given_up else "")
        for item in seen.jobs
        if item.waiting or item.given_up
    )
    return Group(Text(head, style="bold"), providers, Text(f"jobs: {jobs or 'none'}", style="dim"))
