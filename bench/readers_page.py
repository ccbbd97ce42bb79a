"""Measures pages of readers: `python -m bench.readers_page DATABASE-URL`, of a database that `bench.import_subscribers` filled.

Each question is asked as a page of a hundred readers is shown: with their lists, the first page and one far behind it.
The first call adds to the list `letter` that everybody is on a small list, a rare language, and those who left.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from newsletter.audience.actions import create_list
from newsletter.audience.models import MailingList, Subscriber, Subscription, SubscriptionState
from newsletter.audience.queries import subscribers_page
from newsletter.audience.segments.parsing import parse_filter
from newsletter.audience.segments.queries import preview
from newsletter.audience.segments.selecting import bearings, condition_of
from newsletter.foundation.database import Database, ReadSession
from newsletter.foundation.signing import random_name
from newsletter.migrations.upgrade import upgrade_database

_SMALL = 500
_ROUNDS = 5
_SEGMENTS = {
    "segment, one in seven": "language = nl and on letter",
    "segment, attribute of everybody": 'town = "liege" and not left letter',
    "segment, one in a thousand": "member_no contains 77777",
    "segment, one reader": "address = reader.777777@mail2777.example.org",
}


def prepare(database: Database, now: datetime) -> None:
    """Adds the small list, the rare language and those who left, once."""
    with database.transaction() as session:
        if session.scalar(sa.select(MailingList.id).where(MailingList.slug == "small")):
            return
        small = create_list(
            session, slug="small", names={"en": "Small"}, sender_address="letter@example.org", now=now
        )
        last = session.scalar(sa.select(sa.func.max(Subscriber.id))) or 0
        far = range(last - last // 3, last, max(1, last // 3 // _SMALL))
        session.add_all(
            Subscription(
                list_id=small.id,
                subscriber_id=subscriber_id,
                state=SubscriptionState.ACTIVE,
                public_name=random_name(),
                since=now,
            )
            for subscriber_id in far
        )
        rare, left = list(far)[::10], list(far)[::7]
        session.execute(sa.update(Subscriber).where(Subscriber.id.in_(rare)).values(languages=("it",)))
        of_left = sa.update(Subscription).where(
            Subscription.subscriber_id.in_(left), Subscription.list_id != small.id
        )
        session.execute(of_left.values(state=SubscriptionState.ENDED, ended_at=now))
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def questions(session: ReadSession, now: datetime) -> dict[str, Callable[[int], list[int]]]:
    """What is asked; each takes the number of the reader after whom the page begins."""
    by = bearings(session, now, "Europe/Brussels")

    def page(**filters: object) -> Callable[[int], list[int]]:
        return lambda after: [
            item.id
            for item in subscribers_page(session, after_id=after, **filters)  # type: ignore[arg-type]
        ]

    asked = {
        "everybody": page(),
        "list": page(list_slug="letter"),
        "small list": page(list_slug="small"),
        "language": page(language="fr"),
        "rare language": page(language="it"),
        "list and language": page(list_slug="letter", language="nl"),
        "list and state": page(list_slug="letter", state=SubscriptionState.ACTIVE),
        "list and rare state": page(list_slug="letter", state=SubscriptionState.ENDED),
        "address prefix": page(address_prefix="reader.7"),
        "narrow prefix": page(address_prefix="reader.77777"),
    }
    for name, text in _SEGMENTS.items():
        asked[name] = page(segment=condition_of(parse_filter(text), by))
    return asked


def main() -> None:
    """Measures and prints."""
    if len(sys.argv) < 2:
        raise SystemExit("Which database? python -m bench.readers_page DATABASE-URL")
    database, now = Database(sys.argv[1]), datetime.now(UTC)
    upgrade_database(database)
    prepare(database, now)
    with database.read() as session:
        count = session.scalar(sa.select(sa.func.count()).select_from(Subscriber)) or 0
        print(
            f"{database.url.get_backend_name()}, {count} readers; milliseconds of the best and worst of {_ROUNDS}"
        )
        for name, ask in questions(session, now).items():
            for where, after in (("first page", 0), ("far behind", count * 2 // 3)):
                times, found = [], []
                for _ in range(_ROUNDS):
                    session.expunge_all()
                    begin = time.perf_counter()
                    found = ask(after)
                    times.append((time.perf_counter() - begin) * 1000)
                print(f"{name}, {where}: {min(times):.1f} to {max(times):.1f} ms ({len(found)} readers)")
        begin = time.perf_counter()
        previewed = preview(
            session, 'town = "liege" and language = fr', bearings(session, now, "Europe/Brussels")
        )
        print(f"preview of a segment: {time.perf_counter() - begin:.2f} s ({previewed.count} readers)")
    database.close()


if __name__ == "__main__":
    main()
