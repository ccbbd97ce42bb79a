"""Thousands leave at once: all are answered, and what was answered outlives a `kill -9` of the server."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import MutableMapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from builders_jobs import waiting_work
from builders_web import an_installation, many_readers
from newsletter.audience.consent.models import Consent
from newsletter.audience.models import Subscription, SubscriptionState
from newsletter.foundation.database import Database
from newsletter.web.app import create_app
from web_process import Flood, web_process

pytestmark = pytest.mark.slow


def ended_ids(db: Database) -> set[int]:
    with db.read() as session:
        ended = sa.select(Subscription.id).where(Subscription.state == SubscriptionState.ENDED)
        return set(session.scalars(ended))


def acknowledged(db: Database) -> Counter[int]:
    """How many jobs acknowledge each subscription's end."""
    return Counter(number for _, payload, _ in waiting_work(db) for number in payload["subscription_ids"])


def withdrawn(db: Database) -> Counter[int]:
    with db.read() as session:
        return Counter(session.scalars(sa.select(Consent.subscriber_id)))


def test_u8_ten_thousand_posts_from_one_address_are_all_answered(sqlite_db: Database, now: datetime) -> None:
    paths = many_readers(sqlite_db, now, 10_000)
    app = create_app(an_installation(sqlite_db))
    statuses: Counter[int] = Counter()

    async def post(path: str) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"List-Unsubscribe=One-Click", "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses[message["status"]] += 1

        request = {"type": "http", "method": "POST", "path": path, "root_path": "", "query_string": b""}
        await app({**request, "headers": [], "client": ("66.249.92.1", 4711)}, receive, send)

    async def provider(its_paths: list[str]) -> None:
        for path in its_paths:
            await post(path)

    async def flood() -> None:
        await asyncio.gather(*(provider(paths[turn::64]) for turn in range(64)))

    asyncio.run(flood())
    assert statuses == {200: 10_000}
    assert len(ended_ids(sqlite_db)) == 10_000
    assert set(acknowledged(sqlite_db).values()) == {1}


@pytest.mark.slow
def test_kill_9_in_the_middle_loses_and_doubles_nothing(db: Database, now: datetime, tmp_path: Path) -> None:
    paths = many_readers(db, now, 1_500)
    numbers = {path: number for number, path in enumerate(paths, 1)}
    answered: dict[str, int] = {}
    for _ in range(2):
        with web_process(db, tmp_path) as (process, port):
            flood = Flood(port)
            sending = threading.Thread(target=flood.run, args=(paths,))
            sending.start()
            while len(flood.answers) < len(answered) // 2 + 200:
                time.sleep(0.001)
            process.kill()
            sending.join()
        assert 0 < len(flood.answers) < len(paths), "the server was killed before or after, not in the middle"
        answered |= flood.answers
        ended = ended_ids(db)
        assert {numbers[path] for path in answered} <= ended
        assert acknowledged(db) == withdrawn(db) == dict.fromkeys(ended, 1)
    assert set(answered.values()) == {200}
    with web_process(db, tmp_path) as (_, port):  # and those who were not heard come again
        flood = Flood(port)
        flood.run(paths)
    assert Counter(flood.answers.values()) == {200: 1_500}
    assert acknowledged(db) == withdrawn(db) == dict.fromkeys(range(1, 1_501), 1)
