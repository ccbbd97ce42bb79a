"""The databases answer a filter as Python does, on people of every kind; what is typed never becomes a statement."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from builders_audience import a_list, a_subscriber
from newsletter.audience.errors import ListNotFound
from newsletter.audience.models import EndReason, LanguageOrigin, Subscriber, Subscription, SubscriptionState
from newsletter.audience.rules import address_key
from newsletter.audience.segments.actions import create_segment, delete_segment, edit_segment
from newsletter.audience.segments.errors import FilterRefused, SegmentExists, SegmentNotFound
from newsletter.audience.segments.filters import (
    ORDERED,
    Ago,
    And,
    Attribute,
    Comparison,
    Filter,
    Moment,
    Not,
    NumberIs,
    OnDay,
    Or,
    Part,
    Paused,
    Reads,
    ReadsBoth,
    Standing,
    Stands,
    TextIs,
    Unit,
)
from newsletter.audience.segments.parsing import parse_filter
from newsletter.audience.segments.queries import (
    Preview,
    preview,
    segment_by_slug,
    segment_condition,
    segments,
)
from newsletter.audience.segments.selecting import Bearings, bearings, condition_of
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from segment_oracle import Person, means

ZONE = ZoneInfo("Europe/Brussels")
NOW = datetime(2026, 3, 31, 9, 0, tzinfo=UTC)
# Moments on both sides of midnight in Brussels and of the change of clocks on 29 March, and exactly thirty days ago.
AT = [
    *(datetime(2026, 3, day, hour, tzinfo=UTC) for day in (27, 28, 29, 30) for hour in (0, 22, 23)),
    NOW - timedelta(days=30),
    NOW - timedelta(weeks=60),
]
WORDS = ["Liège", "LIEGE", "lie\u0300ge", "Œuvre", "ŒUVRE", "", "100%", "a_b", "a\\b", "o'Hara", 'say "hi"', "ÅNGSTRÖM", "ΑΘΉΝΑ", "Straße"]  # fmt: skip
NUMBERS = ["40", "-4.5", "40,0", "007", " 12 ", "1.2.3", "many", "", "1e3", "٣"]
ATTRIBUTES = ["city", "âge", "code (x)", "a'b;--"]
DOMAINS = ["example.org", "ex_mple.org", "sub.example.org", "münchen.example"]


def people(count: int) -> list[Person]:
    dice = random.Random(20260331)  # noqa: S311 - the same people each time

    def attributes() -> dict[str, object]:
        values = [*WORDS, *NUMBERS, 40, 3.5]
        return {name: dice.choice(values) for name in ATTRIBUTES if dice.random() < 0.7}

    return [
        Person(
            address=f"{dice.choice(['Anna', 'bo+x', 'c_d'])}{number}@{dice.choice(DOMAINS)}",
            name=dice.choice(WORDS),
            first_name=dice.choice(WORDS),
            languages=dice.choice([(), ("fr",), ("fr-BE", "en"), ("en",), ("fry",)]),
            reads_both=dice.random() < 0.3,
            attributes=attributes(),
            paused_until=dice.choice([None, NOW, NOW + timedelta(days=1), NOW - timedelta(days=1)]),
            created_at=dice.choice(AT),
            stands={
                slug: (dice.choice(["on", "left", "pending"]), dice.choice(AT))
                for slug in ("letter", "agenda")
                if dice.random() < 0.6
            },
        )
        for number in range(count)
    ]


def put(db: Database, keyring: Keyring, persons: list[Person]) -> Bearings:
    states = {
        "on": SubscriptionState.ACTIVE,
        "left": SubscriptionState.ENDED,
        "pending": SubscriptionState.PENDING,
    }
    with db.transaction() as session:
        lists = {slug: a_list(session, slug) for slug in ("letter", "agenda")}
        for person in persons:
            session.add(
                Subscriber(
                    address=person.address,
                    address_lower=person.address.lower(),
                    address_key=address_key(keyring, person.address),
                    name=person.name,
                    first_name=person.first_name,
                    languages=person.languages,
                    language_origin=LanguageOrigin.IMPORT,
                    reads_both=person.reads_both,
                    attributes=person.attributes,
                    paused_until=person.paused_until,
                    created_at=person.created_at,
                    updated_at=person.created_at,
                    subscriptions=[
                        Subscription(mailing_list=lists[slug], state=states[standing], since=since)
                        for slug, (standing, since) in person.stands.items()
                    ],
                )
            )
    with db.read() as session:
        return bearings(session, NOW, ZONE.key)


def meant(db: Database, found: Filter, by: Bearings) -> set[str]:
    with db.read() as session:
        return set(session.scalars(sa.select(Subscriber.address).where(condition_of(found, by))))


_PARTS = st.sampled_from([*Part, *(Attribute(name) for name in [*ATTRIBUTES, "nobody has it"])])
_VALUES = st.sampled_from([*WORDS, *NUMBERS, *DOMAINS, "anna", "@", "liège", "athina", "αθηνα", "%", "_", "Anna1@example.org"])  # fmt: skip
_MOMENTS, _ORDERED = st.sampled_from(list(Moment)), st.sampled_from(sorted(ORDERED))
_CONDITIONS: st.SearchStrategy[Filter] = st.one_of(
    st.sampled_from(["", "fr", "fr-BE", "en"]).map(Reads),
    st.sampled_from([ReadsBoth(), Paused()]),
    st.builds(Stands, st.sampled_from(list(Standing)), st.sampled_from(["letter", "agenda"])),
    st.builds(OnDay, _MOMENTS, st.sampled_from([*sorted(ORDERED), Comparison.EQUAL]), st.dates(date(2026, 3, 27), date(2026, 3, 31))),
    st.builds(Ago, _MOMENTS, _ORDERED, st.sampled_from([0, 1, 2, 30, 60]), st.sampled_from(list(Unit))),
    st.builds(lambda of, values: TextIs(of, Comparison.EQUAL, tuple(values)), _PARTS, st.lists(_VALUES, min_size=1, max_size=3)),
    st.builds(lambda of, value: TextIs(of, Comparison.CONTAINS, (value,)), _PARTS, _VALUES),
    st.builds(NumberIs, _PARTS.filter(lambda of: isinstance(of, Attribute)), _ORDERED, st.sampled_from([40.0, -4.5, 7.0, 0.0, 12.0])),
)  # fmt: skip
_TREES = st.recursive(
    _CONDITIONS,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(And),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or),
    ),
    max_leaves=5,
)


def test_database_answers_a_filter_as_python_does(db: Database, keyring: Keyring) -> None:
    persons = people(80)
    by = put(db, keyring, persons)

    @settings(max_examples=300, deadline=None)
    @given(_TREES)
    @example(TextIs(Attribute("âge"), Comparison.EQUAL, ("liege",)))
    @example(Not(NumberIs(Attribute("city"), Comparison.LESS, 0)))
    def check(found: Filter) -> None:
        expected = {person.address for person in persons if means(found, person, NOW, ZONE)}
        assert meant(db, found, by) == expected

    check()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('city = "liege"', {"anna"}),
        ('city != "Liège"', {"bo", "cy"}),
        ("city contains LIÈ", {"anna"}),
        ("age > 40 and on letter", {"bo"}),
        ("left letter or paused", {"cy"}),
        ("domain = EXAMPLE.org", {"anna", "bo"}),
        ("subscribed < 30 days ago", {"bo"}),
        ("since >= 2026-03-29", {"anna", "bo", "cy"}),
    ],
)
def test_filter_finds_whom_one_would_expect(
    db: Database, keyring: Keyring, text: str, names: set[str]
) -> None:
    day = datetime(2026, 3, 29, 12, tzinfo=UTC)
    by = put(
        db,
        keyring,
        [
            Person("anna@example.org", attributes={"city": "Liège", "age": "39"}, created_at=day, stands={"letter": ("on", AT[-1])}),
            Person("bo@example.org", attributes={"age": "41"}, created_at=day, stands={"letter": ("on", NOW - timedelta(days=29))}),
            Person("cy@mail.example.org", created_at=day, stands={"letter": ("left", NOW)}),
        ],
    )  # fmt: skip
    assert {address.partition("@")[0] for address in meant(db, parse_filter(text), by)} == names


ATTACKS = [
    "'; DROP TABLE subscriber; --",
    "' OR '1'='1",
    "%' OR 1=1 --",
    '"}\' OR 1=1 --',
    "$.x') OR 1=1 --",
    "\\' OR TRUE --",
    "{0}", "%s", "%(x)s", ":x", "?",
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize(
    "make",
    [
        lambda text: TextIs(Attribute("city"), Comparison.EQUAL, (text,)),
        lambda text: TextIs(Attribute("city"), Comparison.CONTAINS, (text,)),
        lambda text: TextIs(Attribute(text.replace('"', "")), Comparison.EQUAL, ("x",)),
        lambda text: TextIs(Part.DOMAIN, Comparison.CONTAINS, (text,)),
        lambda text: TextIs(Part.NAME, Comparison.EQUAL, (text,)),
    ],
)
def test_injection_is_only_text(
    db: Database, keyring: Keyring, make: Callable[[str], Filter], attack: str
) -> None:
    by = put(db, keyring, [Person("anna@example.org", attributes={"city": "Liège"})])
    assert meant(db, make(attack), by) == set()
    assert meant(db, Not(make(attack)), by) == {"anna@example.org"}


def test_value_that_looks_like_an_injection_is_found_as_it_is(db: Database, keyring: Keyring) -> None:
    persons = [
        Person(f"a{number}@example.org", attributes={"note": text}) for number, text in enumerate(ATTACKS)
    ]
    by = put(db, keyring, persons)
    for person, text in zip(persons, ATTACKS, strict=True):
        found = TextIs(Attribute("note"), Comparison.EQUAL, (text,))
        assert meant(db, found, by) == {person.address}


def test_filter_that_names_an_unknown_list_is_refused(db: Database, keyring: Keyring) -> None:
    by = put(db, keyring, [])
    with pytest.raises(ListNotFound, match="“lettre”"):
        meant(db, parse_filter("on lettre"), by)


def test_segment_is_saved_changed_and_taken_away(db: Database, keyring: Keyring) -> None:
    by = put(
        db,
        keyring,
        [Person("anna@example.org", languages=("fr",)), Person("bo@example.org", languages=("en",))],
    )
    with db.transaction() as session:
        create_segment(session, "french", "", " language = fr ", NOW)
        create_segment(session, "all", "Everybody", "since > 2000-01-01", NOW)
        for slug, text, refusal in (
            ("french", "language = en", SegmentExists),
            ("x", "language", FilterRefused),
            ("x", "on lettre", ListNotFound),
        ):
            with pytest.raises(refusal):
                create_segment(session, slug, "", text, NOW)
        edit_segment(session, "all", NOW, filter_text="language = en")
    with db.read() as session:
        kept = [(item.slug, item.name, item.filter) for item in segments(session)]
        condition = segment_condition(session, "all", by)
        assert session.scalars(sa.select(Subscriber.address).where(condition)).all() == ["bo@example.org"]
    assert kept == [("all", "Everybody", "language = en"), ("french", "french", "language = fr")]
    with db.transaction() as session:
        delete_segment(session, "all")
    with db.read() as session, pytest.raises(SegmentNotFound, match="segments list"):
        segment_by_slug(session, "all")


def test_preview_counts_by_language_and_names_a_few(db: Database, keyring: Keyring) -> None:
    persons = [
        Person(f"a{number}@example.org", languages=(("fr-BE", "en"), ("fr",), ())[number % 3], stands={"letter": (("on", "left")[number % 2], NOW)})
        for number in range(7)
    ]  # fmt: skip
    by = put(db, keyring, persons)
    with db.transaction() as session:
        gone = a_subscriber(
            session, keyring, "gone@example.org", state=SubscriptionState.ENDED, end_reason=EndReason.ERASED
        )
        gone.erased_at = NOW  # fmt: skip
    with db.read() as session:
        assert preview(session, "domain = example.org", by, 2) == Preview(
            count=7,
            active=4,
            by_language={"fr-BE": 3, "": 2, "fr": 2},
            examples=("a0@example.org", "a1@example.org"),
        )
