"""What is forgotten, when, and what stays."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from builders_inbound import a_mail, messages, take
from builders_preferences import a_reader_of, ask_for_link
from builders_sign_up import Office, an_office
from builders_web import every_row
from newsletter.audience.consent.models import Consent
from newsletter.audience.models import EndReason, Subscriber, Subscription, SubscriptionState
from newsletter.audience.preferences.models import PreferencesLink, PreferencesRequest
from newsletter.audience.sign_up.models import SignUp
from newsletter.foundation.database import Database
from newsletter.jobs.models import Job
from newsletter.privacy.retention import Spans, forget_what_is_old
from newsletter.wiring import plan_periodic_work, spans_of

SPANS = Spans(
    sign_ups=timedelta(days=30),
    visits=timedelta(days=1095),
    inbound=timedelta(days=90),
    deliveries=timedelta(days=180),
)


@pytest.fixture
def office(db: Database, now: datetime) -> Iterator[Office]:
    with an_office(db, now) as opened:
        yield opened


@pytest.fixture
def small(sqlite_db: Database, now: datetime) -> Iterator[Office]:
    with an_office(sqlite_db, now) as opened:
        yield opened


def test_unconfirmed_sign_up_is_forgotten_with_the_person_after_its_days(office: Office) -> None:
    office.sign_up("nobody@example.org", name="Somebody")
    office.work()
    office.confirmed("zoe@example.org")
    asked_at = office.now
    assert forget_what_is_old(office.db, SPANS, asked_at + timedelta(days=29)).people == 0
    forgotten = forget_what_is_old(office.db, SPANS, asked_at + timedelta(days=31))
    assert (forgotten.sign_ups, forgotten.people) == (2, 1)
    with office.db.read() as session:
        assert session.scalars(sa.select(SignUp.id)).all() == []
        people = session.scalars(sa.select(Subscriber.address).where(Subscriber.erased_at.is_(None))).all()
        events = session.scalars(sa.select(Consent.event).order_by(Consent.id)).all()
        of_nobody = session.execute(
            sa.select(Subscription.state, Subscription.end_reason)
            .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
            .where(Subscriber.erased_at.is_not(None))
        ).all()
    assert people == ["zoe@example.org"]
    assert [event.value for event in events] == ["requested", "confirmed"]
    assert of_nobody == [(SubscriptionState.ENDED, EndReason.EXPIRED)]
    assert "nobody" not in repr(every_row(office.db))
    assert forget_what_is_old(office.db, SPANS, asked_at + timedelta(days=31)).people == 0


def test_who_came_by_a_file_as_pending_stays(small: Office) -> None:
    a_reader_of(small, "letter", state=SubscriptionState.PENDING, now=small.now - timedelta(days=400))
    assert forget_what_is_old(small.db, SPANS, small.now).people == 0


def test_evidence_loses_the_visit_and_nothing_else(office: Office) -> None:
    office.confirmed("zoe@example.org")
    with office.db.read() as session:
        before = session.execute(sa.select(Consent.event, Consent.at, Consent.shown_hash, Consent.ip)).all()
    assert {row.ip for row in before} == {"93.184.216.34"}
    assert forget_what_is_old(office.db, SPANS, office.now + timedelta(days=1094)).visits == 0
    assert forget_what_is_old(office.db, SPANS, office.now + timedelta(days=1096)).visits == 2
    with office.db.read() as session:
        after = session.execute(sa.select(Consent.event, Consent.at, Consent.shown_hash, Consent.ip)).all()
        assert session.scalars(sa.select(Consent.user_agent)).all() == ["", ""]
    assert [(*row[:3], "") for row in before] == [tuple(row) for row in after]


@pytest.mark.parametrize(
    "values",
    [{"ip": "10.0.0.1"}, {"user_agent": "x"}, {"at": datetime.fromisoformat("2020-01-01T00:00+00:00")}],
)
def test_database_refuses_any_other_change_of_evidence(office: Office, values: dict[str, object]) -> None:
    office.confirmed("zoe@example.org")
    with pytest.raises(sa.exc.DBAPIError, match="never changed"), office.db.engine.begin() as connection:
        connection.execute(sa.update(Consent).values(**values))


def test_mails_that_came_in_are_forgotten_but_known(small: Office) -> None:
    mail = a_mail("Merci !")
    keyring = small.installation.keyring
    take(small.db, keyring, small.now, mail)
    assert forget_what_is_old(small.db, SPANS, small.now + timedelta(days=91)).inbound == 1
    [message] = messages(small.db)
    assert (message.raw, message.text, message.sender) == (None, "", "")
    assert every_row(small.db)["inbound_mention"] == []
    assert take(small.db, keyring, small.now, mail).known == 1


def test_links_and_typed_addresses_are_forgotten_a_day_later(small: Office) -> None:
    a_reader_of(small, "letter")
    ask_for_link(small)
    small.work()
    ask_for_link(small, "nobody@example.org")  # and no worker considers it
    assert forget_what_is_old(small.db, SPANS, small.now + timedelta(hours=2)).links == 0
    assert forget_what_is_old(small.db, SPANS, small.now + timedelta(hours=26)).links == 2
    with small.db.read() as session:
        assert session.scalars(sa.select(PreferencesLink.id)).all() == []
        assert session.scalars(sa.select(PreferencesRequest.id)).all() == []


def test_worker_forgets_every_night(small: Office) -> None:
    for _ in range(2):
        plan_periodic_work(small.installation, small.now)
    small.work()
    with small.db.read() as session:
        [job] = session.scalars(sa.select(Job)).all()
    assert (job.kind, job.due_at) == ("retention", small.now + timedelta(days=1))
    assert spans_of(small.installation.settings) == SPANS
