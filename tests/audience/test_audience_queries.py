from dataclasses import fields
from datetime import datetime

import pytest

from builders_audience import a_list, a_subscriber
from newsletter.audience.actions import suppress
from newsletter.audience.errors import ListNotFound, SubscriberNotFound
from newsletter.audience.models import SubscriptionState, SuppressionReason
from newsletter.audience.queries import (
    ListCounts,
    SubscriptionSeen,
    all_lists,
    is_suppressed,
    list_by_slug,
    subscriber_by_address,
    subscribers_page,
    subscription_by_public_name,
)
from newsletter.foundation.addresses import AddressRefused
from newsletter.foundation.database import Database
from newsletter.foundation.language import NotALanguage
from newsletter.foundation.signing import Keyring


def test_list_by_slug_finds_it_or_names_the_next_step(db: Database) -> None:
    with db.transaction() as session:
        made = a_list(session)
    with db.read() as session:
        assert list_by_slug(session, "letter").id == made.id
        with pytest.raises(ListNotFound, match="There is no list “lettre”; see `newsletter lists list`"):
            list_by_slug(session, "lettre")


def test_all_lists_counts_each_subscription_once(db: Database, keyring: Keyring, now: datetime) -> None:
    with db.transaction() as session:
        letter = a_list(session)
        a_list(session, "agenda", names={"fr": "L’agenda"})
        for number, language in enumerate([("fr",), ("fr-BE", "en"), ("en",), ("fr",), ()]):
            a_subscriber(session, keyring, f"a{number}@example.org", lists=[letter], languages=language)
        a_subscriber(session, keyring, "p@example.org", lists=[letter], state=SubscriptionState.PENDING)
        for address in ("e@example.org", "bounced@example.org"):
            a_subscriber(session, keyring, address, lists=[letter], state=SubscriptionState.ENDED)
        for address in ("a0@example.org", "bounced@example.org"):
            suppress(session, keyring, address, SuppressionReason.BOUNCED, now)
    with db.read() as session:
        agenda, letter_counts = all_lists(session)
    assert agenda == ListCounts(
        slug="agenda",
        names={"fr": "L’agenda"},
        sender_address="letter@example.org",
        list_id="agenda.example.org",
        active=0,
        pending=0,
        ended=0,
        suppressed=0,
        by_language={},
    )
    assert letter_counts == ListCounts(
        slug="letter",
        names={"fr": "La lettre", "en": "The Letter"},
        sender_address="letter@example.org",
        list_id="letter.example.org",
        active=4,
        pending=1,
        ended=2,
        suppressed=1,
        by_language={"": 1, "en": 1, "fr": 1, "fr-BE": 1},
    )


def test_subscriber_by_address_finds_any_case_with_lists(db: Database, keyring: Keyring) -> None:
    with db.transaction() as session:
        a_subscriber(session, keyring, "Anna@example.org", lists=[a_list(session), a_list(session, "agenda")])
    with db.read() as session:
        found = subscriber_by_address(session, " aNNa@EXAMPLE.org ")
    assert found.address == "Anna@example.org"
    assert [item.mailing_list.slug for item in found.subscriptions] == ["letter", "agenda"]


def test_subscriber_by_address_refuses_strangers_and_nonsense(db: Database) -> None:
    with db.read() as session:
        with pytest.raises(SubscriberNotFound, match="newsletter subscribers list"):
            subscriber_by_address(session, "anna@example.org")
        with pytest.raises(AddressRefused):
            subscriber_by_address(session, "anna")


def test_subscribers_page_follows_on_after_an_id(db: Database, keyring: Keyring) -> None:
    with db.transaction() as session:
        for number in range(5):
            a_subscriber(session, keyring, f"a{number}@example.org")
    with db.read() as session:
        first = subscribers_page(session, limit=3)
        second = subscribers_page(session, limit=3, after_id=first[-1].id)
    assert [[item.address[:2] for item in page] for page in (first, second)] == [
        ["a0", "a1", "a2"],
        ["a3", "a4"],
    ]


def test_subscribers_page_keeps_whom_the_filters_name(db: Database, keyring: Keyring) -> None:
    with db.transaction() as session:
        letter, agenda = a_list(session), a_list(session, "agenda")
        pending = SubscriptionState.PENDING
        a_subscriber(session, keyring, "fr@example.org", lists=[letter])
        a_subscriber(session, keyring, "fr-be@example.org", lists=[letter, agenda], languages=("en", "fr-BE"))
        a_subscriber(session, keyring, "none@example.org", lists=[agenda], languages=(), state=pending)
        a_subscriber(session, keyring, "fry@example.org", languages=("fry",))

    def found(**filters: object) -> list[str]:
        with db.read() as session:
            page = subscribers_page(session, limit=10, **filters)  # type: ignore[arg-type]
            return [item.address.split("@")[0] for item in page]

    assert found(list_slug="letter") == ["fr", "fr-be"]
    assert found(list_slug="agenda", state=SubscriptionState.PENDING) == ["none"]
    assert found(list_slug="letter", state=SubscriptionState.PENDING) == []
    assert found(state=SubscriptionState.ACTIVE) == ["fr", "fr-be"]
    assert found(language="fr") == ["fr", "fr-be"]
    assert found(language="fr-be") == ["fr-be"]
    assert found(language="") == ["none"]
    with pytest.raises(ListNotFound):
        found(list_slug="lettre")
    with pytest.raises(NotALanguage):
        found(language="%")


def test_is_suppressed_knows_the_keys(db: Database, keyring: Keyring, now: datetime) -> None:
    with db.transaction() as session:
        subscriber = a_subscriber(session, keyring)
        assert is_suppressed(session, subscriber.address_key) is False
        suppress(session, keyring, subscriber.address, SuppressionReason.REQUESTED, now)
        assert is_suppressed(session, subscriber.address_key) is True


def test_subscription_by_public_name_shows_nothing_of_the_person(db: Database, keyring: Keyring) -> None:
    with db.transaction() as session:
        letter = a_list(session)
        active = a_subscriber(session, keyring, "anna@example.org", name="Anna B", lists=[letter])
        ended = a_subscriber(
            session,
            keyring,
            "e@example.org",
            lists=[letter],
            state=SubscriptionState.ENDED,
            languages=("en",),
        )
        names = [item.subscriptions[0].public_name for item in (active, ended)]
    with db.read() as session:
        seen = [subscription_by_public_name(session, name) for name in [*names, b"x" * 12]]
    list_names = {"fr": "La lettre", "en": "The Letter"}
    assert seen == [
        SubscriptionSeen("letter", list_names, ("fr",), is_active=True),
        SubscriptionSeen("letter", list_names, ("en",), is_active=False),
        None,
    ]
    assert [field.name for field in fields(SubscriptionSeen)] == [
        "list_slug",
        "list_names",
        "languages",
        "is_active",
    ]
    assert "anna" not in repr(seen).lower()
