"""Erasing: nothing of a person is left in any column of any table, in the raw file, in logs or in rendered files."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from builders import a_frozen_edition
from builders_audience import a_subscriber
from builders_inbound import a_mail, messages, take
from builders_mailing import claim_all, record
from builders_preferences import ask_for_link
from builders_sign_up import Office, an_office
from newsletter.audience.actions import suppress
from newsletter.audience.importing.apply import import_subscribers
from newsletter.audience.models import (
    EndReason,
    MailingList,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from newsletter.audience.segments.actions import create_segment
from newsletter.foundation.database import Database
from newsletter.jobs.models import Job
from newsletter.mailing.ledger import Claim
from newsletter.mailing.models import Delivery, DeliverySlice, DeliveryState, Mailing, SkipReason
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.queries import mailing_report
from newsletter.privacy.erasing import erase_address
from newsletter.privacy.errors import NobodyKnown
from newsletter.privacy.story import story_of_address
from newsletter.transport.outcome import Outcome, Verdict
from newsletter.wiring import METADATA

ZOE = "Zoe.Leclercq@example.org"
TRACES = (b"leclercq", b"zo\xc3\xa9e-la-belle", b"93.184.216.34", b"curiousbrowser", b"tulipomania")


@pytest.fixture
def office(db: Database, now: datetime) -> Iterator[Office]:
    with an_office(db, now) as opened:
        yield opened


@pytest.fixture
def small(sqlite_db: Database, now: datetime) -> Iterator[Office]:
    with an_office(sqlite_db, now) as opened:
        yield opened


def fill_every_table(office: Office) -> None:
    """Zoé is everywhere: she signed up, confirmed, was mailed, asked for her page, wrote, was written about."""
    keyring = office.installation.keyring
    with office.db.transaction() as session:
        letter = session.query(MailingList).filter_by(slug="letter").one()
        a_subscriber(session, keyring, "bob@example.org", lists=[letter])
        a_subscriber(session, keyring, "zoe.leclercq+old@example.org", lists=[letter], name="zoée-la-belle")
    agent = {"user-agent": "CuriousBrowser/1.0"}
    office.sign_up(ZOE, name="zoée-la-belle", lists=["letter", "agenda"], headers=agent)
    office.work()
    office.client.post(f"/fr/confirm/{office.token()}", headers=agent)
    with office.db.transaction() as session:
        zoe = session.query(Subscriber).filter_by(address_lower=ZOE.lower()).one()
        zoe.attributes = {"hobby": "tulipomania"}
        zoe.name = "zoée-la-belle"
        session.execute(
            sa.update(Subscription)
            .where(Subscription.subscriber_id == zoe.id)
            .values(consent_basis="said Leclercq at the fair")
        )
        create_segment(session, "one", "One", f'address = "{ZOE}"', office.now)
    office.sign_up(ZOE, name="zoée-la-belle", path="/en/subscribe", headers=agent)
    ask_for_link(office, ZOE)
    office.work()
    ask_for_link(office, ZOE)  # this request waits
    token_mail = a_mail("Leclercq here: I loved the tulipomania", sender=ZOE)
    bounce = a_mail(
        f"5.1.1 <{ZOE}>: unknown", sender="mailer-daemon@example.net", headers=["Return-Path: <>"]
    )
    take(
        office.db,
        keyring,
        office.now,
        token_mail,
        bounce,
        a_mail("about the weather", sender="bob@example.org"),
    )


def plan_for_all(office: Office) -> int:
    """A mailing to everybody, planned."""
    list_id, edition_id = a_frozen_edition(office.db, "canal")
    with office.db.transaction() as session:
        for subscriber in session.query(Subscriber):
            active = SubscriptionState.ACTIVE
            session.add(
                Subscription(list_id=list_id, subscriber_id=subscriber.id, state=active, since=office.now)
            )
        session.flush()
        return plan_mailing(session, edition_id, office.now).id


def hear(office: Office, claims: list[Claim], but: str = "") -> None:
    """The server refuses these, with words about each."""
    with office.db.transaction() as session:
        for claim in claims:
            words = [
                (item, Outcome(Verdict.REJECTED, 550, "5.1.1", f"550 <{item.address}> {item.name}: unknown"))
                for item in claim.deliveries
                if item.address != but
            ]
            record(session, claim, words, office.now)


def mail_them(office: Office) -> None:
    """A mailing whose messages were refused, with a filter that names Zoé, stopped by words about her."""
    mailing_id = plan_for_all(office)
    with office.db.transaction() as session:
        claims = claim_all(session, mailing_id, office.now)
        session.execute(sa.update(Mailing).values(filter=f"address = {ZOE}", paused_because=f"<{ZOE}>: no"))
        session.execute(sa.update(DeliverySlice).values(held_because=f"<{ZOE}>: later"))
    hear(office, claims)


def traces(db: Database) -> list[str]:
    """Every column of every table in which something of Zoé stands."""
    found = []
    with db.read() as session:
        for table in METADATA.sorted_tables:
            for row in session.execute(table.select()).mappings():
                for column, value in row.items():
                    octets = value if isinstance(value, bytes) else str(value).encode()
                    if any(trace in octets.lower() for trace in TRACES):
                        found.append(f"{table.name}.{column}")
    return sorted(set(found))


def octets_with_traces(db: Database) -> list[str]:
    """The raw files of an SQLite database, its log among them, in which something of Zoé stands."""
    if db.file is None:
        return []
    db.empty_log()
    files = [path for path in sorted(db.file.parent.iterdir()) if path.is_file()]
    return [path.name for path in files if any(trace in path.read_bytes().lower() for trace in TRACES)]


def test_nothing_of_a_person_is_left_in_any_table_log_or_file(office: Office) -> None:
    fill_every_table(office)
    mail_them(office)
    before = traces(office.db)
    assert {place.partition(".")[0] for place in before} == {
        "consent", "delivery", "delivery_slice", "inbound_message", "mailing", "preferences_request", "segment", "sign_up",
        "subscriber", "subscription",
    }  # fmt: skip
    assert office.db.file is None or octets_with_traces(office.db)
    keyring = office.installation.keyring
    with office.db.read() as session:
        reports = mailing_report(session, 1)
    with capture_logs() as events, office.db.transaction() as session:
        erased = erase_address(session, keyring, "ZOE.leclercq@Example.org", office.now)
    office.work()
    assert (erased.person_count, erased.sign_up_count, erased.inbound_count) == (2, 2, 2)
    assert traces(office.db) == []
    assert "leclercq" not in repr(events).lower()
    with office.db.read() as session:
        assert replace(mailing_report(session, 1), paused_because="") == replace(reports, paused_because="")
        reasons = session.execute(sa.select(Suppression.reason)).scalars().all()
        states = sa.select(Subscription.state, Subscription.end_reason).join(
            Subscriber, Subscriber.id == Subscription.subscriber_id
        )
        assert set(session.execute(states.where(Subscriber.erased_at.is_not(None))).all()) == {
            (SubscriptionState.ENDED, EndReason.ERASED)
        }
        assert session.scalar(sa.select(Subscriber.address).where(Subscriber.erased_at.is_(None))) == (
            "bob@example.org"
        )
        assert session.scalars(sa.select(Job).where(Job.last_error != "")).all() == []
    assert reasons == [SuppressionReason.ERASED]
    assert octets_with_traces(office.db) == []
    assert [item.text for item in messages(office.db) if item.forgotten_at is None] == ["about the weather"]


def test_erasing_again_changes_nothing_but_looks_once_more(small: Office) -> None:
    fill_every_table(small)
    keyring = small.installation.keyring
    with small.db.transaction() as session:
        erase_address(session, keyring, ZOE, small.now)
    with small.db.transaction() as session:
        again = erase_address(session, keyring, ZOE, small.now + timedelta(days=1))
    assert (again.person_count, again.left_lists, again.sign_up_count, again.inbound_count) == (0, (), 0, 0)


def test_import_of_an_erased_address_is_refused_with_that_reason(small: Office, tmp_path: Path) -> None:
    fill_every_table(small)
    keyring = small.installation.keyring
    with small.db.transaction() as session:
        erase_address(session, keyring, ZOE, small.now)
    file = tmp_path / "readers.csv"
    file.write_text(f"email\nzoe.LECLERCQ+new@example.org\n{ZOE}\nnew@example.org\n", "utf-8")
    report = import_subscribers(
        small.db,
        keyring,
        file,
        list_slug="letter",
        consent_basis="paper",
        now=small.now,
        languages=("fr", "en"),
    )
    assert (report.added, [line.reason for line in report.refused]) == (
        1, ["was erased at the person’s wish"] * 2,
    )  # fmt: skip


def test_reader_who_is_erased_while_a_mailing_runs_is_skipped(office: Office) -> None:
    fill_every_table(office)
    mailing_id = plan_for_all(office)
    with office.db.transaction() as session:
        erase_address(session, office.installation.keyring, ZOE, office.now)
    with office.db.transaction() as session:
        claims = claim_all(session, mailing_id, office.now)
        assert [item.address for claim in claims for item in claim.deliveries] == ["bob@example.org"]
        rows = session.execute(sa.select(Delivery.state, Delivery.skip_reason)).all()
    assert rows.count((DeliveryState.SKIPPED, SkipReason.SUBSCRIPTION_ENDED)) == 2


def test_what_a_server_says_after_the_erasure_is_taken_out_by_the_job(small: Office) -> None:
    """Her message was on the wire: the answer names her, and comes when she is erased already."""
    fill_every_table(small)
    mailing_id = plan_for_all(small)
    with small.db.transaction() as session:
        claims = claim_all(session, mailing_id, small.now)
    with small.db.transaction() as session:
        erase_address(session, small.installation.keyring, ZOE, small.now)
    small.work()
    hear(small, claims, but="bob@example.org")
    assert traces(small.db) == ["delivery.reply_text"]
    small.now += timedelta(minutes=2)
    small.work()
    assert traces(small.db) == []
    with small.db.read() as session:
        assert session.scalars(sa.select(Job.kind).where(Job.kind == "after_erasing")).all() == []


def test_stronger_reason_of_a_suppression_stays(small: Office) -> None:
    keyring = small.installation.keyring
    with small.db.transaction() as session:
        suppress(session, keyring, ZOE, SuppressionReason.COMPLAINED, small.now)
        suppress(session, keyring, "b@example.org", SuppressionReason.BOUNCED, small.now)
        erase_address(session, keyring, ZOE, small.now)
        erase_address(session, keyring, "b@example.org", small.now)
        reasons = sorted(session.scalars(sa.select(Suppression.reason)))
    assert reasons == [SuppressionReason.COMPLAINED, SuppressionReason.ERASED]


def test_erased_person_may_sign_up_anew(small: Office) -> None:
    fill_every_table(small)
    keyring = small.installation.keyring
    with small.db.transaction() as session:
        erase_address(session, keyring, ZOE, small.now)
    small.now += timedelta(days=1)
    small.sign_up(ZOE)
    small.work()
    small.client.post(f"/fr/confirm/{small.token()}")
    assert small.subscriptions(ZOE) == {"letter": ("active", None)}
    with small.db.read() as session:
        assert session.scalars(sa.select(Suppression)).all() == []


def test_story_of_an_erased_person_is_the_suppression(small: Office) -> None:
    fill_every_table(small)
    keyring = small.installation.keyring
    with small.db.transaction() as session:
        erase_address(session, keyring, ZOE, small.now)
    with small.db.read() as session:
        story = story_of_address(session, keyring, ZOE)
        assert (story.id, story.suppressed, story.subscriptions, story.inbound) == (None, True, (), ())
        with pytest.raises(NobodyKnown):
            story_of_address(session, keyring, "nobody@example.org")
