"""Several lists and a segment in one mailing: one mail for each person, through the right list; who paused gets none."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from builders import NOW, a_frozen_edition, a_list, a_reader
from builders_mailing import claim_all
from newsletter.audience.actions import end_subscription
from newsletter.audience.errors import ListNotFound
from newsletter.audience.models import EndReason, MailingList, Subscriber, Subscription, SubscriptionState
from newsletter.audience.segments.errors import FilterRefused
from newsletter.editions.queries import edition_by_id, variant_names
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.errors import MailingGoesElsewhere
from newsletter.mailing.models import Delivery, DeliveryState, SkipReason
from newsletter.mailing.planning import forecast, plan_mailing
from newsletter.mailing.readership import Readership, named_readership

LEFT = {"state": SubscriptionState.ENDED, "end_reason": EndReason.UNSUBSCRIBED}
PENDING = {"state": SubscriptionState.PENDING}


class Office:
    """A frozen edition of the list `own`, beside which there is the list `other`."""

    def __init__(self, db: Database, keyring: Keyring) -> None:
        self.db, self.keyring = db, keyring
        self.own_id, self.edition_id = a_frozen_edition(db)
        with db.transaction() as session:
            self.own = session.get_one(MailingList, self.own_id).slug
            self.other_id = a_list(session, "other").id

    def put(
        self, name: str, own: dict[str, object] | None, other: dict[str, object] | None, **more: object
    ) -> None:
        """A reader on the one list, the other, or both, each in the state given."""
        with self.db.transaction() as session:
            first = True
            for list_id, options in ((self.own_id, own), (self.other_id, other)):
                if options is None:
                    continue
                mailing_list = session.get_one(MailingList, list_id)
                if first:
                    reader = a_reader(session, self.keyring, mailing_list, f"{name}@example.org", **options)  # type: ignore[arg-type]
                    subscriber = session.get_one(Subscriber, reader.subscriber_id)
                    for key, value in more.items():
                        setattr(subscriber, key, value)
                    first = False
                else:
                    state = options.get("state", SubscriptionState.ACTIVE)
                    session.add(
                        Subscription(
                            list_id=list_id,
                            subscriber_id=subscriber.id,
                            state=state,
                            end_reason=options.get("end_reason"),
                            since=NOW,
                        )
                    )

    def readership(self, *slugs: str, filter_text: str = "") -> Readership:
        with self.db.read() as session:
            edition = edition_by_id(session, self.edition_id)
            return named_readership(
                session, edition, slugs, filter_text, now=NOW, time_zone="Europe/Brussels"
            )

    def plan(self, readership: Readership | None) -> int:
        with self.db.transaction() as session:
            return plan_mailing(session, self.edition_id, NOW, readership).id

    def rows(self) -> dict[str, tuple[str | None, str, SkipReason | None]]:
        """Reader -> variant, through which list, why not."""
        with self.db.read() as session:
            found = session.execute(
                sa.select(Subscriber.address, Delivery.variant, MailingList.id, Delivery.skip_reason)
                .join(Delivery, Delivery.subscriber_id == Subscriber.id)
                .join(Subscription, Subscription.id == Delivery.subscription_id)
                .join(MailingList, MailingList.id == Subscription.list_id)
            ).all()
        through = {self.own_id: "own", self.other_id: "other"}
        return {
            address.partition("@")[0]: (variant, through[list_id], reason)
            for address, variant, list_id, reason in found
        }

    def claim(self, mailing_id: int) -> list[str]:
        with self.db.transaction() as session:
            claims = claim_all(session, mailing_id, NOW)
            claimed = sorted(item for claim in claims for item in claim.deliveries)
            return [item.address.partition("@")[0] for item in claimed]


@pytest.fixture
def office(db: Database, keyring: Keyring) -> Office:
    return Office(db, keyring)


def fill(office: Office) -> None:
    office.put("both", {}, {})
    office.put("own", {}, None)
    office.put("other", None, {})
    office.put("left-own", LEFT, {})
    office.put("left-other", {}, LEFT)
    office.put("left-all", LEFT, LEFT)
    office.put("waits", PENDING, LEFT)
    office.put("waits-elsewhere", LEFT, PENDING)
    office.put("paused", {}, {}, paused_until=NOW + timedelta(days=1))
    office.put("back", {}, None, paused_until=NOW)


def test_each_person_gets_one_mail_through_the_first_list_that_she_is_on(office: Office) -> None:
    fill(office)
    office.plan(office.readership("other", office.own))
    assert office.rows() == {
        "both": ("fr", "own", None),
        "own": ("fr", "own", None),
        "other": ("fr", "other", None),
        "left-own": ("fr", "other", None),
        "left-other": ("fr", "own", None),
        "left-all": (None, "own", SkipReason.UNSUBSCRIBED),
        "waits": (None, "own", SkipReason.NOT_CONFIRMED),
        "waits-elsewhere": (None, "own", SkipReason.UNSUBSCRIBED),
        "paused": (None, "own", SkipReason.PAUSED),
        "back": ("fr", "own", None),
    }


def test_lists_count_in_the_order_in_which_they_are_named_after_the_editions_own(office: Office) -> None:
    assert office.readership() == Readership((office.own_id,), "", "Europe/Brussels")
    assert office.readership("other", office.own, "other").list_ids == (office.own_id, office.other_id)
    assert office.readership("other").list_ids == (office.other_id,)
    with pytest.raises(ListNotFound):
        office.readership("lettre")
    with pytest.raises(FilterRefused):
        office.readership(filter_text="language")
    with pytest.raises(ListNotFound):
        office.readership(filter_text="on lettre")


def test_without_a_readership_only_the_editions_own_list_is_mailed(office: Office) -> None:
    fill(office)
    office.plan(None)
    assert {through for _, through, _ in office.rows().values()} == {"own"}
    assert "other" not in office.rows()


def test_segment_leaves_out_whom_it_does_not_mean_without_a_row(office: Office) -> None:
    fill(office)
    office.plan(office.readership(office.own, "other", filter_text="on other and not on " + office.own))
    assert set(office.rows()) == {"other", "left-own"}


def test_forecast_counts_what_planning_then_does(office: Office) -> None:
    fill(office)
    readership = office.readership(office.own, "other")

    def shares(chosen: Readership | None) -> dict[str, int]:
        with office.db.read() as session:
            names = variant_names(session, [office.edition_id])[office.edition_id]
            edition = edition_by_id(session, office.edition_id)
            found = forecast(session, edition, names, now=NOW, readership=chosen)
        counted: dict[str, int] = {}
        for share in found:
            key = share.variant or str(share.skip_reason)
            counted[key] = counted.get(key, 0) + share.count
        return counted

    expected = {"fr": 6, "unsubscribed": 2, "not_confirmed": 1, "paused": 1}
    assert shares(readership) == expected
    assert shares(None) == {"fr": 4, "unsubscribed": 3, "not_confirmed": 1, "paused": 1}
    office.plan(readership)
    assert shares(None) == expected


def test_planning_again_for_others_is_refused_and_for_the_same_changes_nothing(office: Office) -> None:
    fill(office)
    readership = office.readership(office.own, "other", filter_text="language = fr")
    first = office.plan(readership)
    before = office.rows()
    assert office.plan(readership) == office.plan(None) == first
    for others in (
        office.readership(office.own),
        office.readership("other", filter_text="language = fr"),
        office.readership(office.own, "other"),
        office.readership(office.own, "other", filter_text="language = en"),
    ):
        with pytest.raises(MailingGoesElsewhere) as refused:
            office.plan(others)
        assert str(refused.value) == (
            f"Mailing {first} was planned for other readers: those of {office.own}, other, only where language = fr. "
            "To go on with it, say neither --list nor --segment."
        )
    assert office.rows() == before


def test_who_leaves_one_of_the_lists_before_her_turn_is_mailed_through_the_other(office: Office) -> None:
    for name in ("stays", "leaves-own", "leaves-both"):
        office.put(name, {}, {})
    mailing_id = office.plan(office.readership(office.own, "other"))
    with office.db.transaction() as session:
        for name, slugs in (("leaves-own", [office.own]), ("leaves-both", [office.own, "other"])):
            found = session.execute(
                sa.select(Subscription.public_name, MailingList.slug)
                .join(MailingList, MailingList.id == Subscription.list_id)
                .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
                .where(Subscriber.address == f"{name}@example.org", MailingList.slug.in_(slugs))
            ).all()
            for public_name, _ in found:
                end_subscription(session, public_name, EndReason.UNSUBSCRIBED, NOW)
    assert office.claim(mailing_id) == ["stays", "leaves-own"]
    assert office.rows() == {
        "stays": ("fr", "own", None),
        "leaves-own": ("fr", "other", None),
        "leaves-both": ("fr", "own", SkipReason.UNSUBSCRIBED),
    }


def test_who_pauses_or_is_erased_before_her_turn_is_not_mailed(office: Office) -> None:
    for name in ("stays", "pauses", "erased"):
        office.put(name, {}, None)
    mailing_id = office.plan(None)
    with office.db.transaction() as session:
        for subscriber in session.scalars(sa.select(Subscriber)):
            if subscriber.address.startswith("pauses"):
                subscriber.paused_until = NOW + timedelta(minutes=1)
            if subscriber.address.startswith("erased"):
                subscriber.erased_at = NOW
    assert office.claim(mailing_id) == ["stays"]
    with office.db.read() as session:
        reasons = session.execute(
            sa.select(Delivery.skip_reason).where(Delivery.state == DeliveryState.SKIPPED)
        )
        assert sorted(reason for (reason,) in reasons) == [SkipReason.PAUSED, SkipReason.SUBSCRIPTION_ENDED]


def test_empty_rows_of_erased_people_are_in_no_mailing(office: Office) -> None:
    office.put("erased", LEFT, None, erased_at=NOW)
    office.put("stays", {}, None)
    office.plan(None)
    assert set(office.rows()) == {"stays"}
