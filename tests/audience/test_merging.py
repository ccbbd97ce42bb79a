"""Two rows of one person become one, and nothing active comes of it that she had left."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from builders_audience import SINCE, a_list, a_subscriber
from newsletter.audience.actions import end_subscription
from newsletter.audience.consent.actions import record_consent
from newsletter.audience.consent.models import Consent, ConsentEvent
from newsletter.audience.errors import NotTheSameMailbox, SubscriberNotFound
from newsletter.audience.merging import Merged, duplicates, merge_subscribers
from newsletter.audience.models import (
    EndReason,
    LanguageOrigin,
    LeaveWay,
    Subscriber,
    Subscription,
    SubscriptionState,
)
from newsletter.audience.queries import subscriber_by_address, subscribers_page, subscription_by_public_name
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring

KEEP, OTHER = "anna.b@gmail.com", "Annab+news@googlemail.com"
ACTIVE, PENDING, ENDED = SubscriptionState.ACTIVE, SubscriptionState.PENDING, SubscriptionState.ENDED
EARLY, LATE = SINCE + timedelta(days=1), SINCE + timedelta(days=2)


def test_duplicates_are_addresses_of_one_mailbox(db: Database, keyring: Keyring) -> None:
    with db.transaction() as session:
        for address in (
            KEEP,
            "zoe@example.org",
            OTHER,
            "bo@example.org",
            "BO+x@example.org",
            "a.b@example.org",
            "ab@example.org",
        ):
            a_subscriber(session, keyring, address)  # fmt: skip
        gone = a_subscriber(session, keyring, "zoe+x@example.org")
        gone.erased_at = SINCE
    with db.read() as session:
        groups = duplicates(session)
        assert groups == [(KEEP, OTHER), ("BO+x@example.org", "bo@example.org")]
        assert duplicates(session, limit=1) == groups[:1]
        assert duplicates(session, after=KEEP) == groups[1:]


def two(
    db: Database,
    keyring: Keyring,
    kept: tuple[SubscriptionState, datetime],
    other: tuple[SubscriptionState, datetime],
) -> tuple[bytes, bytes]:
    """Both on the letter in the state given, since or ended at the moment given; their subscriptions' names."""
    with db.transaction() as session:
        letter = a_list(session)
        names = []
        for address, (state, at) in ((KEEP, kept), (OTHER, other)):
            [item] = a_subscriber(session, keyring, address, lists=[letter], state=state).subscriptions
            if state is ENDED:
                item.ended_at, item.leave_way = at, LeaveWay.ONE_CLICK
            else:
                item.since, item.consent_basis = at, address
            names.append(item.public_name)
        session.flush()
    return names[0], names[1]


@pytest.mark.parametrize(
    ("kept", "other", "expected"),
    [
        ((ACTIVE, EARLY), (ACTIVE, LATE), ACTIVE),
        ((ACTIVE, EARLY), (ENDED, LATE), ENDED),
        ((ENDED, LATE), (ACTIVE, EARLY), ENDED),
        ((ENDED, EARLY), (ACTIVE, EARLY), ENDED),
        ((ENDED, EARLY), (ACTIVE, LATE), ACTIVE),
        ((ACTIVE, LATE), (ENDED, EARLY), ACTIVE),
        ((PENDING, LATE), (ACTIVE, EARLY), ACTIVE),
        ((ACTIVE, EARLY), (PENDING, LATE), ACTIVE),
        ((ENDED, LATE), (PENDING, EARLY), ENDED),
        ((ENDED, EARLY), (PENDING, LATE), PENDING),
        ((ENDED, EARLY), (ENDED, LATE), ENDED),
    ],
)
def test_later_word_of_the_two_holds(
    db: Database,
    keyring: Keyring,
    kept: tuple[SubscriptionState, datetime],
    other: tuple[SubscriptionState, datetime],
    expected: SubscriptionState,
    now: datetime,
) -> None:
    names = two(db, keyring, kept, other)
    with db.transaction() as session:
        assert merge_subscribers(session, KEEP, OTHER, now) == Merged((), {"letter": expected})
    with db.read() as session:
        [stays] = subscriber_by_address(session, KEEP).subscriptions
        marked = session.scalars(sa.select(Subscription).where(Subscription.public_name == names[1])).one()
    assert (stays.public_name, stays.state, stays.ended_at is None) == (
        names[0],
        expected,
        expected is not ENDED,
    )
    assert stays.end_reason is (EndReason.UNSUBSCRIBED if expected is ENDED else None)
    assert (marked.state, marked.end_reason, marked.merged_into_id) == (ENDED, EndReason.MERGED, stays.id)


def test_link_of_the_merged_subscription_acts_on_the_one_it_went_into(
    db: Database, keyring: Keyring, now: datetime
) -> None:
    names = two(db, keyring, (ACTIVE, EARLY), (ACTIVE, LATE))
    with db.transaction() as session:
        third = a_subscriber(session, keyring, "a.n.n.a.b@gmail.com", lists=[]).id
        letter_id = session.scalars(sa.select(Subscription.list_id)).first()
        session.add(
            Subscription(
                list_id=letter_id, subscriber_id=third, state=ACTIVE, since=EARLY, public_name=b"third name!!"
            )
        )
    with db.transaction() as session:
        merge_subscribers(session, OTHER, "a.n.n.a.b@gmail.com", now)
        merge_subscribers(session, KEEP, OTHER, now)
    with db.transaction() as session:
        for name in (names[1], b"third name!!"):
            seen = subscription_by_public_name(session, name)
            assert seen is not None
            assert seen.is_active
        left = end_subscription(session, b"third name!!", EndReason.UNSUBSCRIBED, now)
        assert left is not None
        assert left.has_changed
        again = end_subscription(session, names[1], EndReason.UNSUBSCRIBED, now)
        assert again is not None
        assert not again.has_changed
    with db.read() as session:
        assert [item.state for item in subscriber_by_address(session, KEEP).subscriptions] == [ENDED]


def test_merge_brings_lists_evidence_and_what_is_known_together(
    db: Database, keyring: Keyring, now: datetime
) -> None:
    with db.transaction() as session:
        letter, agenda = a_list(session), a_list(session, "agenda")
        kept = a_subscriber(
            session, keyring, KEEP, lists=[letter], name="Anna B", attributes={"city": "Liège"}
        )
        other = a_subscriber(
            session,
            keyring,
            OTHER,
            lists=[agenda],
            name="A. B",
            first_name="Anna",
            languages=("en", "fr"),
            reads_both=True,
            language_origin=LanguageOrigin.EXPLICIT,
            attributes={"city": "Namur", "age": "40"},
            now=SINCE - timedelta(days=9),
        )
        other.paused_until = LATE
        kept_id, other_id, agenda_id = kept.id, other.id, agenda.id
        record_consent(
            session, subscriber_id=other_id, list_id=agenda_id, event=ConsentEvent.CONFIRMED, now=SINCE
        )
    with db.transaction() as session:
        assert merge_subscribers(session, KEEP.upper(), OTHER, now) == Merged(("agenda",), {})
    with db.read() as session:
        anna = subscriber_by_address(session, KEEP)
        shell = session.get_one(Subscriber, other_id)
        owners = session.scalars(sa.select(Consent.subscriber_id)).all()
        assert [item.id for item in subscribers_page(session)] == [kept_id]
        with pytest.raises(SubscriberNotFound):
            subscriber_by_address(session, OTHER)
    assert {item.mailing_list.slug: item.state for item in anna.subscriptions} == {
        "letter": ACTIVE,
        "agenda": ACTIVE,
    }
    assert (anna.name, anna.first_name, anna.attributes) == ("Anna B", "Anna", {"city": "Liège", "age": "40"})
    assert (anna.languages, anna.reads_both, anna.language_origin) == (
        ("en", "fr"),
        True,
        LanguageOrigin.EXPLICIT,
    )
    assert (anna.paused_until, anna.created_at, anna.updated_at) == (LATE, SINCE - timedelta(days=9), now)
    assert owners == [kept_id]
    assert (shell.address, shell.address_lower, shell.name, shell.first_name) == (
        "",
        f"erased-{other_id}",
        "",
        "",
    )
    assert (shell.languages, shell.attributes, shell.erased_at) == ((), {}, now)
    assert shell.address_key != anna.address_key


def test_languages_that_she_chose_are_kept_over_others(db: Database, keyring: Keyring, now: datetime) -> None:
    with db.transaction() as session:
        explicit = LanguageOrigin.EXPLICIT
        a_subscriber(session, keyring, KEEP, languages=("nl",), language_origin=explicit)
        a_subscriber(session, keyring, OTHER, languages=("fr",), language_origin=LanguageOrigin.FORM)
        merge_subscribers(session, KEEP, OTHER, now)
    with db.read() as session:
        assert subscriber_by_address(session, KEEP).languages == ("nl",)


@pytest.mark.parametrize("other", ["bo@example.org", KEEP, "ANNA.B@gmail.com"])
def test_addresses_of_two_mailboxes_or_of_one_row_are_not_merged(
    db: Database, keyring: Keyring, now: datetime, other: str
) -> None:
    with db.transaction() as session:
        for address in (KEEP, "bo@example.org"):
            a_subscriber(session, keyring, address)
    with db.transaction() as session, pytest.raises(NotTheSameMailbox, match="subscribers duplicates"):
        merge_subscribers(session, KEEP, other, now)
