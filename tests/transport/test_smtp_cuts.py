"""A connection that fails at every single octet of the dialogue: each job's outcome agrees with what the server took."""

import asyncio
from collections import Counter
from contextlib import suppress

import pytest
import uvloop

from cutting_smtp import Cut, CuttingServer, Fault
from newsletter.transport.errors import RelayUnreachable
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.rotation import Manner
from newsletter.transport.smtp import Job, SmtpTransport, Timeouts

# A silent server is waited for this long; what goes well is answered within it even on a busy machine.
TIMEOUTS = Timeouts(5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25)
# One octet of content is like the other: it is short, and has a line that begins with a dot.
RECIPIENTS = ["a@x.test", "nobody@x.test", "b@x.test"]
CONTENT = b"S: x\r\n\r\n.\r\n"
AT_ONCE = 40

WAYS = {
    "content first": ((b"PIPELINING",), Manner.CONTENT_FIRST, False),
    "grouped": ((b"PIPELINING",), Manner.GROUPED, False),
    "one at a time": ((b"8BITMIME",), Manner.ONE_AT_A_TIME, False),
    "bdat": ((b"PIPELINING", b"CHUNKING"), Manner.CONTENT_FIRST, True),
    "bdat, one at a time": ((b"CHUNKING",), Manner.ONE_AT_A_TIME, True),
}


async def play(way: str, cut: Cut | None) -> tuple[CuttingServer, list[tuple[str, Outcome]]]:
    extensions, manner, has_bdat = WAYS[way]
    outcomes: list[tuple[str, Outcome]] = []

    def note(job: Job, outcome: Outcome) -> None:
        outcomes.append((str(job.key), outcome))

    async with CuttingServer(cut, extensions) as server:
        relay = Relay("127.0.0.1", server.port, Tls.NONE, has_bdat=has_bdat)
        transport = SmtpTransport([relay], connections=1, timeouts=TIMEOUTS)
        transport.rotation.records[0].manner = manner
        jobs = [Job(recipient, "n@x.test", recipient, lambda: CONTENT) for recipient in RECIPIENTS]
        with suppress(RelayUnreachable):
            await asyncio.wait_for(transport.deliver(jobs, on_outcome=note), 20)
        await transport.close()
    return server, outcomes


def check(cut: Cut, server: CuttingServer, outcomes: list[tuple[str, Outcome]]) -> None:
    assert Counter(key for key, _ in outcomes) == Counter(RECIPIENTS), f"{cut}: a job lost, or told of twice"
    taken = Counter(server.taken)
    assert not taken or max(taken.values()) == 1, f"{cut}: sent twice"
    for key, outcome in outcomes:
        if key in taken:
            assert outcome.verdict in {Verdict.ACCEPTED, Verdict.IN_DOUBT}, (cut, key, outcome)
        else:
            assert outcome.verdict is not Verdict.ACCEPTED, (cut, key, outcome)
    in_doubt = [outcome for _, outcome in outcomes if outcome.verdict is Verdict.IN_DOUBT]
    assert len(in_doubt) <= 1, f"{cut}: more in doubt than there were connections"
    if cut.fault is Fault.DELAY:
        assert not in_doubt
        assert taken == Counter({"a@x.test": 1, "b@x.test": 1})


async def every_cut(way: str, fault: Fault) -> int:
    whole, outcomes = await play(way, None)
    assert whole.taken == ["a@x.test", "b@x.test"]
    assert [outcome.verdict for _, outcome in outcomes] == [
        Verdict.ACCEPTED,
        Verdict.REJECTED,
        Verdict.ACCEPTED,
    ]
    cuts = [Cut(True, octet, fault) for octet in range(whole.read)]
    cuts += [Cut(False, octet, fault) for octet in range(whole.said)]
    for start in range(0, len(cuts), AT_ONCE):
        some = cuts[start : start + AT_ONCE]
        for cut, (server, told) in zip(
            some, await asyncio.gather(*(play(way, cut) for cut in some)), strict=True
        ):
            check(cut, server, told)
    return len(cuts)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "fault", [Fault.HANG_UP, Fault.CLOSING, Fault.GARBAGE], ids=lambda fault: fault.value
)
def test_outcomes_agree_with_the_server_wherever_the_dialogue_is_cut(way: str, fault: Fault) -> None:
    assert asyncio.run(every_cut(way, fault)) > 300


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.SILENCE, Fault.DELAY], ids=lambda fault: fault.value)
def test_outcomes_agree_with_the_server_wherever_it_falls_silent(way: str, fault: Fault) -> None:
    assert asyncio.run(every_cut(way, fault)) > 300


@pytest.mark.slow
@pytest.mark.parametrize("way", ["content first", "bdat"])
@pytest.mark.parametrize("fault", [Fault.HANG_UP, Fault.SILENCE], ids=lambda fault: fault.value)
def test_outcomes_agree_with_the_server_on_the_loop_that_plain_relays_are_served_on(
    way: str, fault: Fault
) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(every_cut(way, fault)) > 300
