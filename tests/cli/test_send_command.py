"""`newsletter send`, as processes: with a mail catcher, without a relay, interrupted, and twice at once."""

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from cli_shell import Shell
from newsletter.transport.catcher import Catcher
from scripted_smtp import HangUp, Say, Turn, scripted_server


def test_send_mails_each_reader_once_in_her_language(
    ready: Shell, readers: Callable[[int], list[str]], catcher: Catcher
) -> None:
    addresses = readers(10)
    report = ready.json("send", "1")
    assert (report["state"], report["planned"], report["accepted"], report["skipped"]) == (
        "finished",
        10,
        10,
        {},
    )
    assert {name: counts["accepted"] for name, counts in report["by_variant"].items()} == {"en": 5, "fr": 5}
    mails = catcher.mails()
    assert Counter(mail.recipient for mail in mails) == Counter(addresses)
    for mail in mails:
        language = "fr" if int(mail.recipient[6:10]) % 2 == 0 else "en"
        assert f"\r\nContent-Language: {language}\r\n".encode() in mail.raw
    assert "finished" in ready.refused("send", "1")
    assert len(catcher.mails()) == 10


def test_refused_and_deferred_readers_do_not_stop_the_rest(
    ready: Shell, readers: Callable[[int], list[str]], catcher: Catcher
) -> None:
    readers(2)
    (ready.folder / "more.csv").write_text(
        "email,language\nrefused@example.org,fr\nlater@example.org,en\n", "utf-8"
    )
    ready.ok("subscribers", "import", "more.csv", "--list", "letter", "--consent-basis", "a test")
    done = ready("send", "1", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert (report["accepted"], report["rejected"], report["deferred"], report["state"]) == (
        2,
        1,
        1,
        "running",
    )
    assert "1 were put off by the server" in done.stderr
    unaccepted = {item["address"]: item for item in ready.json("mailings", "report", "1")["unaccepted"]}
    assert unaccepted["refused@example.org"]["reply_code"] == 550
    assert unaccepted["later@example.org"]["state"] == "deferred"
    assert ready.json("subscribers", "show", "refused@example.org")["suppressed"] is True


def test_relay_that_is_down_is_told_and_everything_waits(
    ready: Shell, readers: Callable[[int], list[str]]
) -> None:
    readers(3)
    ready.settings["NEWSLETTER_SMTP_URL"] = "smtp://127.0.0.1:9?tls=none"
    assert "127.0.0.1:9" in ready.refused("send", "1", code=1)
    report = ready.json("mailings", "status", "1")
    assert (report["state"], report["pending"], report["accepted"]) == ("paused", 3, 0)


def test_no_relay_set_changes_nothing(ready: Shell, readers: Callable[[int], list[str]]) -> None:
    readers(1)
    assert "NEWSLETTER_SMTP_URL" in ready.refused("send", "1")
    assert ready.json("mailings", "list") == []
    assert ready.json("editions", "show", "1")["state"] == "draft"


def test_t27_dry_run_shows_who_gets_what_and_sends_nothing(
    ready: Shell, readers: Callable[[int], list[str]]
) -> None:
    readers(5)
    forecast = ready.json("send", "1", "--dry-run")
    assert {
        (tuple(share["languages"]), share["variant"], share["count"]) for share in forecast["shares"]
    } == {
        (("fr",), "fr", 3),
        (("en",), "en", 2),
    }
    assert ready.json("mailings", "list") == []


class SlowRelay:
    """A relay that takes its time over each message, so that there is a middle to break off in."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.seconds = 0.1

    def answer(self, turn: Turn) -> Say | None:
        if turn.verb != "CONTENT":
            return None
        self.taken.append(turn.recipient)
        return Say(b"250 2.0.0 taken\r\n", after_seconds=self.seconds)

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 60
        while len(self.taken) < count:
            assert time.monotonic() < deadline, "the messages do not come"
            time.sleep(0.01)


@pytest.fixture
def relay(ready: Shell) -> Iterator[SlowRelay]:
    slow = SlowRelay()
    with scripted_server(slow.answer) as server:
        ready.settings["NEWSLETTER_SMTP_URL"] = f"smtp://127.0.0.1:{server.port}?tls=none"
        yield slow


@pytest.mark.slow
def test_ctrl_c_pauses_and_the_same_command_goes_on(
    ready: Shell, readers: Callable[[int], list[str]], relay: SlowRelay
) -> None:
    addresses = readers(150)
    with ready.start("send", "1") as process:
        relay.wait_for(10)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "still pending; the same command goes on" in err
    first = len(relay.taken)
    assert 10 <= first < 150
    report = ready.json("mailings", "status", "1")
    assert (report["state"], report["accepted"], report["in_doubt"]) == ("paused", first, 0)
    assert ready.json("send", "1")["accepted"] == 150
    assert Counter(relay.taken) == Counter(addresses)


@pytest.mark.slow
def test_t26_killed_in_the_middle_nobody_is_mailed_twice(
    ready: Shell, readers: Callable[[int], list[str]], relay: SlowRelay
) -> None:
    addresses = readers(150)
    with ready.start("send", "1") as process:
        relay.wait_for(90)
        process.kill()
        process.communicate(timeout=60)
    report = json.loads(ready("send", "1", "--json").stdout)
    assert report["planned"] == report["accepted"] + report["in_doubt"] == 150
    assert report["in_doubt"] <= 4  # the connections that were open
    mailed = Counter(relay.taken)
    assert max(mailed.values()) == 1
    in_doubt = {item["address"] for item in ready.json("mailings", "report", "1")["unaccepted"]}
    assert set(addresses) - set(mailed) <= in_doubt


@pytest.mark.slow
def test_killed_again_and_again_nobody_is_missed_and_nobody_mailed_twice(
    ready: Shell, readers: Callable[[int], list[str]], relay: SlowRelay
) -> None:
    addresses = readers(200)
    relay.seconds = 0.03
    kills = 5
    for _ in range(kills):
        with ready.start("send", "1") as process:
            more = random.randrange(1, 30)  # noqa: S311 - chance, not secrecy
            relay.wait_for(len(relay.taken) + more)
            process.kill()
            process.communicate(timeout=60)
        # Who has left meanwhile gets nothing more.
        left = next(address for address in reversed(addresses) if address not in relay.taken)
        ready.ok("subscribers", "erase", left, "--yes")
        addresses.remove(left)
    report = json.loads(ready("send", "1", "--json").stdout)
    skipped = sum(report["skipped"].values())
    assert report["planned"] == report["accepted"] + report["in_doubt"] + skipped == 200
    assert skipped == kills
    assert report["in_doubt"] <= 4 * kills  # the connections that were open
    mailed = Counter(relay.taken)
    assert max(mailed.values()) == 1
    unaccepted = ready.json("mailings", "report", "1")["unaccepted"]
    in_doubt = {item["address"] for item in unaccepted if item["state"] == "in_doubt"}
    assert set(addresses) - set(mailed) <= in_doubt
    assert all("no answer heard" in item["reply_text"] for item in unaccepted if item["state"] == "in_doubt")


@pytest.mark.slow
def test_second_send_at_the_same_time_says_so(
    ready: Shell, readers: Callable[[int], list[str]], relay: SlowRelay
) -> None:
    addresses = readers(150)
    relay.seconds = 1.0
    with ready.start("send", "1") as first:
        relay.wait_for(4)
        line = ready.refused("send", "1")
        relay.seconds = 0.0
        first.communicate(timeout=120)
    assert "is being sent already" in line
    assert first.returncode == 0
    assert Counter(relay.taken) == Counter(addresses)


@pytest.mark.parametrize(
    ("verb", "answer", "pending", "in_doubt"),
    [("DATA", HangUp(), 3, 0), ("DATA", HangUp(in_content=20), 0, 3), ("CONTENT", HangUp(), 0, 3)],
    ids=["at DATA", "in the content", "after the final dot"],
)
def test_relay_that_closes_after_data_loses_nothing(
    ready: Shell, readers: Callable[[int], list[str]], verb: str, answer: HangUp, pending: int, in_doubt: int
) -> None:
    """Before the content nothing was taken, and the reader waits. Once the whole message, which is small, has left
    for the socket, nobody knows; none is sent again by itself."""
    readers(3)
    with scripted_server(lambda turn: answer if turn.verb == verb else None) as server:
        ready.settings["NEWSLETTER_SMTP_URL"] = f"smtp://127.0.0.1:{server.port}?tls=none"
        done = ready("send", "1")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    report = ready.json("mailings", "status", "1")
    assert (report["accepted"], report["pending"], report["in_doubt"]) == (0, pending, in_doubt)


def test_t27_test_send_mails_each_variant_once_marked_and_counts_nothing(
    ready: Shell, catcher: Catcher
) -> None:
    ready.ok("test-send", "1", "--to", "desk@canal.example")
    subjects = [
        line for mail in catcher.mails() for line in mail.raw.split(b"\r\n") if line.startswith(b"Subject:")
    ]
    assert len(subjects) == 4
    assert ready.json("mailings", "list") == []
    assert ready.json("editions", "show", "1")["state"] == "draft"
