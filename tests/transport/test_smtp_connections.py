"""How deliveries use connections, and how they end: kept, shared, stopped, broken off."""

import asyncio

import pytest

from newsletter.transport.outcome import Outcome, Verdict
from newsletter.transport.smtp import Job, SmtpTransport
from scripted_smtp import (
    Answer,
    Say,
    ScriptedServer,
    Silence,
    Turn,
)
from smtp_deliveries import (
    ACCEPTED,
    IN_DOUBT,
    NOT_TRIED,
    PATIENT,
    Delivered,
    deliver_once,
    deliver_to,
    jobs_for,
    on,
    relay_at,
    verdicts,
)


def test_connections_are_kept_between_deliveries_and_replaced_after_so_many_messages() -> None:
    async def play() -> tuple[int, int]:
        async with ScriptedServer() as server:
            transport = SmtpTransport(
                [relay_at(server.port)], connections=1, timeouts=PATIENT, messages_per_connection=3
            )
            await deliver_once(transport, jobs_for(2))
            await deliver_once(transport, jobs_for(1))
            before = server.connections
            await deliver_once(transport, jobs_for(4))
            await transport.close()
            assert len(server.taken) == 7
            return before, server.connections

    assert asyncio.run(play()) == (1, 3)


def test_kept_connection_that_the_server_closed_meanwhile_costs_nothing() -> None:
    async def play() -> list[dict[object, Verdict]]:
        async with ScriptedServer() as server:
            transport = SmtpTransport([relay_at(server.port)], connections=1, timeouts=PATIENT)
            first = await deliver_once(transport, jobs_for(1))
            for task in list(server._open):
                task.cancel()
            await asyncio.sleep(0.02)
            second = await deliver_once(transport, jobs_for(1))
            await transport.close()
            return [first.verdicts, second.verdicts]

    assert asyncio.run(play()) == [verdicts(ACCEPTED), verdicts(ACCEPTED)]


def test_several_connections_share_the_work_and_a_shy_relay_gets_fewer() -> None:
    def answer(turn: Turn) -> Answer | None:
        if turn.verb == "GREETING" and turn.connection > 2:
            return b"421 Too many connections\r\n"
        return Say(b"250 ok\r\n", after_seconds=0.002) if turn.verb == "CONTENT" else None

    server = ScriptedServer(answer)
    delivered = deliver_to(server, jobs_for(40), connections=4)
    assert delivered.verdicts == verdicts(*[ACCEPTED] * 40)
    assert len({recipient for recipient, _ in server.taken}) == 40
    assert {command for command in server.commands if command.startswith(b"QUIT")} == {b"QUIT\r\n"}


def test_stop_ends_between_messages_and_reports_the_rest() -> None:
    server = ScriptedServer()
    delivered = deliver_to(server, jobs_for(20), stop=lambda: len(server.taken) >= 5)
    values = list(delivered.verdicts.values())
    assert values.count(ACCEPTED) == len(server.taken)
    assert values.count(ACCEPTED) + values.count(NOT_TRIED) == 20
    assert 5 <= len(server.taken) <= 7


def test_stop_is_heard_while_a_relay_does_not_answer() -> None:
    calls: list[int] = []

    def stop() -> bool:
        calls.append(1)
        return len(calls) > 3

    async def play() -> Delivered:
        async with ScriptedServer(on("GREETING", Silence())) as server:
            return await deliver_once(SmtpTransport([relay_at(server.port)]), jobs_for(2), stop)

    assert asyncio.run(asyncio.wait_for(play(), 5)).verdicts == verdicts(NOT_TRIED, NOT_TRIED)


def test_broken_off_delivery_still_reports_each_job_once() -> None:
    delivered = Delivered()

    async def play() -> None:
        silent = asyncio.Event()

        def answer(turn: Turn) -> Answer | None:
            if turn.verb != "CONTENT" or turn.message < 3:
                return None
            silent.set()
            return Silence()

        async with ScriptedServer(answer) as server:
            transport = SmtpTransport([relay_at(server.port)], connections=1)
            task = asyncio.ensure_future(deliver_once(transport, jobs_for(5), into=delivered))
            await silent.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(play())
    assert delivered.verdicts == verdicts(ACCEPTED, ACCEPTED, IN_DOUBT, NOT_TRIED, NOT_TRIED)


def test_listener_that_fails_ends_the_delivery_with_its_error() -> None:
    heard: list[object] = []

    def listen(job: Job, outcome: Outcome) -> None:
        heard.append((job.key, outcome.verdict))
        if job.key == 2:
            raise ValueError("the disk is full")

    async def play() -> None:
        async with ScriptedServer() as server:
            transport = SmtpTransport([relay_at(server.port)], connections=1, timeouts=PATIENT)
            with pytest.raises(ValueError, match="the disk is full"):
                await transport.deliver(jobs_for(6), on_outcome=listen)
            await transport.close()

    asyncio.run(play())
    assert heard == [
        (1, ACCEPTED),
        (2, ACCEPTED),
        (3, ACCEPTED),
        (4, NOT_TRIED),
        (5, NOT_TRIED),
        (6, NOT_TRIED),
    ]
