"""`newsletter worker` and `newsletter pace`, as an operator uses them."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

from rich.console import Console

from cli_shell import Shell
from newsletter.cli.worker_view import drawn
from newsletter.jobs.beats import WorkerSeen
from newsletter.jobs.queries import JobCounts
from newsletter.transport.catcher import Catcher
from newsletter.worker.standing import MailingUnderWay, Standing


def test_mailing_that_is_left_to_workers_is_handed_over_by_one(
    ready: Shell, catcher: Catcher, readers: Callable[[int], list[str]]
) -> None:
    addresses = readers(6)
    ready.ok("send", "1", "--background")
    status = ready.json("worker", "--status")
    assert (status["waiting"], status["workers"], status["troubles"]) == (6, [], [])
    assert status["mailings"]["1"]["by_group"] == {"other": {"pending": 6}}
    assert "Mailings under way" in ready.ok("worker", "--status")
    port = catcher.port
    catcher.stop()
    assert f"127.0.0.1:{port}" in ready.refused("worker", "--once", code=1)
    with Catcher(port) as back:
        ready.ok("worker", "--once")
        assert sorted(mail.recipient for mail in back.mails()) == addresses
    assert ready.json("worker", "--status")["mailings"] == {}
    assert ready.ok("worker", "--retry") == "Jobs that are tried again: 0.\n"
    assert "--json goes with --status" in ready.refused("worker", "--json")
    assert "127.0.0.1:9400" in ready.refused("worker", "--metrics", "nowhere")


def test_pace_is_shown_and_changed(ready: Shell) -> None:
    shown = {row["name"]: row for row in ready.json("pace", "show")}
    assert shown["gmail.com"]["words"] == "600/min burst 2000 connections 20"
    assert (
        ready.ok("pace", "set", "Gmail.com", "300/min", "connections", "5")
        == "gmail.com: 300/min connections 5\n"
    )
    [changed] = [row for row in ready.json("pace", "show") if row["name"] == "gmail.com"]
    assert (changed["words"], changed["set_by"]) == ("300/min connections 5", "newsletter pace")
    assert "neither a rate" in ready.refused("pace", "set", "gmail.com", "fast")
    assert ready.ok("pace", "reset", "gmail.com") == "gmail.com: 600/min burst 2000 connections 20\n"
    ready.settings["NEWSLETTER_PACE"] = ""
    assert ready.ok("pace", "show") == "No limits: mail leaves as fast as the relay takes it.\n"


def test_live_view_tells_rate_backlog_providers_and_retries() -> None:
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    seen = Standing(
        {
            7: MailingUnderWay(
                "running", {"gmail.com": {"pending": 6000, "deferred": 12, "accepted": 3400, "rejected": 3}}
            )
        },
        [JobCounts("deliver", 4, 0, 0), JobCounts("welcome", 1, 1, 1)],
        [
            WorkerSeen("process 1 on a", now, now, True, {"per_second": 60.0}),
            WorkerSeen("process 2 on b", now, now, True, {"per_second": 40.2}),
            WorkerSeen("process 3 on c", now, now, False, {"per_second": 99.0}),
        ],
    )
    screen = io.StringIO()
    Console(file=screen, width=110).print(drawn(seen))
    lines = screen.getvalue().splitlines()
    assert lines[0].strip() == "100 messages a second · 2 workers · 6,012 waiting · about 1:00 left"
    assert lines[2].split() == ["7", "gmail.com", "6,000", "12", "0", "3,400", "3", "0"]
    assert lines[3].strip() == "jobs: deliver 4 · welcome 1 (1 given up)"
