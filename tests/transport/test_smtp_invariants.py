"""Whatever a server does at whatever step: each job has one outcome, and the outcome agrees with what the server took."""

import asyncio
from collections import Counter
from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.transport.errors import RelayUnreachable
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.relay import Relay, Tls
from newsletter.transport.smtp import Job, SmtpTransport, Timeouts
from scripted_smtp import PIPELINING_EHLO, PLAIN_EHLO, Answer, HangUp, Say, ScriptedServer, Turn

TIMEOUTS = Timeouts(20, 20, 20, 20, 20, 20, 1)
VERBS = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT", "RSET")

ANSWERS: st.SearchStrategy[Answer] = st.one_of(
    st.just(HangUp()),
    st.builds(HangUp, st.integers(0, 40)),
    st.sampled_from(
        [
            b"421 4.3.2 closing\r\n",
            b"450 4.2.1 later\r\n",
            b"550 5.1.1 nobody\r\n",
            b"554-5.7.1 no\r\n554 5.7.1 never\r\n",
            b"\r\n",
            b"what?\r\n",
            b"999 nine\r\n",
        ]
    ),
    st.builds(Say, st.just(b"250 2.0.0 fine\r\n"), st.just(0.0), st.integers(0, 16)),
)
SCRIPTS = st.dictionaries(
    st.tuples(st.integers(1, 6), st.integers(0, 4), st.sampled_from(VERBS)), ANSWERS, max_size=8
)


def run_script(
    script: dict[tuple[int, int, str], Answer],
    ehlo: bytes,
    split_every: int,
    connections: int,
    job_count: int,
    stop_after: int,
) -> tuple[list[tuple[int, Outcome]], list[str]]:
    outcomes: list[tuple[int, Outcome]] = []

    def answer(turn: Turn) -> Answer | None:
        return script.get((turn.connection, turn.message, turn.verb))

    def job(number: int) -> Job:
        return Job(
            number,
            "news@example.org",
            f"r{number}@example.net",
            lambda: b"Subject: x\r\n\r\n" + b"y" * 40 + b"\r\n",
        )

    async def play() -> list[str]:
        async with ScriptedServer(answer, ehlo, split_every) as server:
            transport = SmtpTransport(
                [Relay("127.0.0.1", server.port, Tls.NONE)],
                connections=connections,
                timeouts=TIMEOUTS,
                messages_per_connection=3,
            )
            with suppress(RelayUnreachable):
                await transport.deliver(
                    [job(number) for number in range(job_count)],
                    on_outcome=lambda done, outcome: outcomes.append((int(str(done.key)), outcome)),
                    stop=lambda: len(outcomes) >= stop_after,
                )
            await transport.close()
            return [recipient for recipient, _ in server.taken]

    return outcomes, asyncio.run(asyncio.wait_for(play(), 15))


@settings(max_examples=150, deadline=None)
@given(
    script=SCRIPTS,
    ehlo=st.sampled_from([PIPELINING_EHLO, PLAIN_EHLO]),
    split_every=st.sampled_from([0, 0, 1, 5]),
    connections=st.integers(1, 3),
    job_count=st.integers(0, 8),
    stop_after=st.integers(0, 12),
)
@example({(1, 1, "CONTENT"): HangUp(), (1, 2, "RCPT"): HangUp()}, PIPELINING_EHLO, 0, 1, 4, 12)
def test_each_job_has_one_outcome_and_it_agrees_with_the_server(
    script: dict[tuple[int, int, str], Answer],
    ehlo: bytes,
    split_every: int,
    connections: int,
    job_count: int,
    stop_after: int,
) -> None:
    outcomes, taken = run_script(script, ehlo, split_every, connections, job_count, stop_after)

    assert Counter(number for number, _ in outcomes) == Counter(range(job_count))
    assert Counter(taken) == Counter(set(taken)), "a message was taken twice"
    for number, outcome in outcomes:
        was_taken = f"r{number}@example.net" in taken
        if outcome.verdict is Verdict.ACCEPTED:
            assert was_taken
        elif outcome.verdict is not Verdict.IN_DOUBT:
            assert not was_taken
