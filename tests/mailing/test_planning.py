from functools import partial

import pytest
import sqlalchemy as sa

from builders import NOW, a_frozen_edition, a_list, a_reader, an_announcement, an_edition, many_readers
from newsletter.audience.actions import suppress
from newsletter.audience.models import EndReason, MailingList, SubscriptionState, SuppressionReason
from newsletter.editions.models import Fallback
from newsletter.editions.queries import edition_by_id, variant_names
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing import planning
from newsletter.mailing.domains import OTHER, group_of
from newsletter.mailing.errors import EditionNotFrozen
from newsletter.mailing.models import Delivery, DeliverySlice, DeliveryState, SkipReason, SliceState
from newsletter.mailing.planning import Share, forecast, plan_mailing
from newsletter.mailing.queries import mailing_report
from newsletter.mailing.slicing import plan_rows

READERS = {
    "marie@example.org": {"languages": ("fr",)},
    "peter@example.org": {"languages": ("en-GB",)},
    "luc@example.org": {"languages": ("fr-BE",)},
    "ana@example.org": {"languages": ("en", "fr"), "reads_both": True},
    "nobody@example.org": {"languages": ()},
    "jan@example.org": {"languages": ("nl",)},
    "left@example.org": {"state": SubscriptionState.ENDED, "end_reason": EndReason.UNSUBSCRIBED},
    "gone@example.org": {"state": SubscriptionState.ENDED, "end_reason": EndReason.BOUNCED},
    "new@example.org": {"state": SubscriptionState.PENDING},
    "never@example.org": {},
}
EXPECTED = {
    "marie@example.org": ("fr", None),
    "peter@example.org": ("en", None),
    "luc@example.org": ("fr", None),
    "ana@example.org": ("en+fr", None),
    "nobody@example.org": ("fr+en", None),
    "jan@example.org": ("fr+en", None),
    "left@example.org": (None, SkipReason.UNSUBSCRIBED),
    "gone@example.org": (None, SkipReason.SUBSCRIPTION_ENDED),
    "new@example.org": (None, SkipReason.NOT_CONFIRMED),
    "never@example.org": (None, SkipReason.SUPPRESSED),
}

DOMAINS = {"gmail.com": 22, "hotmail.com": 14, "small.example": 3}


def readers(db: Database, keyring: Keyring, list_id: int) -> dict[int, str]:
    """Puts every kind of reader on the list; subscriber number -> address."""
    with db.transaction() as session:
        mailing_list = session.get_one(MailingList, list_id)
        other = a_list(session, "other")
        a_reader(session, keyring, other, "elsewhere@example.org")
        numbers = {
            a_reader(session, keyring, mailing_list, address, **options).subscriber_id: address  # type: ignore[arg-type]
            for address, options in READERS.items()
        }
        suppress(session, keyring, "never@example.org", SuppressionReason.REQUESTED, NOW)
    return numbers


def test_every_reader_of_the_list_has_one_row_with_variant_or_reason(db: Database, keyring: Keyring) -> None:
    list_id, edition_id = a_frozen_edition(db)
    numbers = readers(db, keyring, list_id)
    with db.transaction() as session:
        mailing_id = plan_mailing(session, edition_id, NOW).id
    with db.read() as session:
        rows = session.scalars(sa.select(Delivery)).all()
        report = mailing_report(session, mailing_id)
    assert {numbers[row.subscriber_id]: (row.variant, row.skip_reason) for row in rows} == EXPECTED
    assert len(rows) == len(READERS)
    states = {row.state for row in rows if row.skip_reason is None}
    assert states == {DeliveryState.PENDING}
    assert (report.total.planned, report.total.pending) == (10, 6)
    assert report.total.skipped == dict.fromkeys(
        [
            SkipReason.NOT_CONFIRMED,
            SkipReason.SUBSCRIPTION_ENDED,
            SkipReason.SUPPRESSED,
            SkipReason.UNSUBSCRIBED,
        ],
        1,
    )


def test_planning_twice_gives_the_same_mailing(db: Database, keyring: Keyring) -> None:
    list_id, edition_id = a_frozen_edition(db)
    readers(db, keyring, list_id)
    for _ in range(2):
        with db.transaction() as session:
            assert plan_mailing(session, edition_id, NOW).id == 1
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == len(READERS)


def test_forecast_counts_what_planning_then_does(db: Database, keyring: Keyring) -> None:
    list_id, edition_id = a_frozen_edition(db)
    readers(db, keyring, list_id)
    with db.read() as session:
        names = variant_names(session, [edition_id])[edition_id]
        shares = forecast(session, edition_by_id(session, edition_id), names, now=NOW)
    assert Share(("fr",), False, "fr", None, 1) in shares
    assert Share(("en", "fr"), True, "en+fr", None, 1) in shares
    assert Share(("fr",), False, None, SkipReason.SUPPRESSED, 1) in shares
    assert sum(share.count for share in shares) == len(READERS)
    assert sum(share.count for share in shares if share.variant) == 6


def test_reader_of_a_language_that_has_nothing_is_left_out_with_that_reason(
    db: Database, keyring: Keyring
) -> None:
    from builders import a_masthead
    from newsletter.editions.freezing import freeze_now

    with db.transaction() as session:
        mailing_list = a_list(session)
        edition = an_edition(
            session, mailing_list, [an_announcement(session, ["fr"])], fallback=Fallback.OMIT
        )
        edition_id, masthead = edition.id, a_masthead(mailing_list)
        a_reader(session, keyring, mailing_list, "peter@example.org", ["en"])
        a_reader(session, keyring, mailing_list, "marie@example.org", ["fr"])
    freeze_now(db, edition_id, masthead, NOW, without=["en"])
    with db.transaction() as session:
        plan_mailing(session, edition_id, NOW)
    with db.read() as session:
        rows = session.execute(
            sa.select(Delivery.variant, Delivery.state, Delivery.skip_reason).order_by("variant")
        ).all()
    assert sorted(rows, key=str) == sorted(
        [
            (None, DeliveryState.SKIPPED, SkipReason.NOTHING_IN_HER_LANGUAGE),
            ("fr", DeliveryState.PENDING, None),
        ],
        key=str,
    )


def test_edition_that_is_not_frozen_is_not_mailed(db: Database) -> None:
    with db.transaction() as session:
        edition_id = an_edition(session, a_list(session), [an_announcement(session)]).id
    with pytest.raises(EditionNotFrozen), db.transaction() as session:
        plan_mailing(session, edition_id, NOW)


@pytest.mark.parametrize("is_many", [False, True], ids=["few", "so many that they are sampled"])
def test_large_domain_has_slices_of_its_own(db: Database, keyring: Keyring, is_many: bool) -> None:
    list_id, edition_id = a_frozen_edition(db)
    with db.transaction() as session:
        mailing_list = session.get_one(MailingList, list_id)
        addresses = [f"reader{number}@large.example" for number in range(220)]
        many_readers(session, keyring, mailing_list, [*addresses, "one@small.example", "two@small.example"])
        if is_many:
            a_reader(session, keyring, mailing_list, "last@small.example", number=100_001)
        plan_mailing(session, edition_id, NOW)
    with db.read() as session:
        groups = session.scalars(sa.select(DeliverySlice.domain_group).distinct()).all()
    assert sorted(groups) == ["large.example", "other"]


def test_slices_are_full_but_the_last_of_each_sort_and_say_how_many_they_hold(
    db: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "plan_rows", partial(plan_rows, slice_size=7))
    list_id, edition_id = a_frozen_edition(db)
    readers(db, keyring, list_id)
    with db.transaction() as session:
        mailing_list = session.get_one(MailingList, list_id)
        addresses = [f"r{number}@{domain}" for domain, count in DOMAINS.items() for number in range(count)]
        many_readers(session, keyring, mailing_list, addresses)
        plan_mailing(session, edition_id, NOW)
    with db.read() as session:
        counting = sa.select(Delivery.slice_no, sa.func.count()).group_by(Delivery.slice_no)
        of_rows = {row[0]: row[1] for row in session.execute(counting)}
        slices = session.scalars(sa.select(DeliverySlice)).all()
    assert {item.slice_no: item.count for item in slices} == of_rows
    by_sort: dict[tuple[str, str], list[int]] = {}
    for item in sorted(slices, key=lambda item: item.slice_no):
        by_sort.setdefault((item.domain_group, item.state), []).append(item.count)
    assert by_sort[group_of("gmail.com"), SliceState.OPEN] == [7, 7, 7, 1]
    assert by_sort[group_of("hotmail.com"), SliceState.OPEN] == [7, 7]
    assert sum(by_sort[OTHER, SliceState.OPEN]) == 3 + 6
    assert by_sort[OTHER, SliceState.CLOSED] == [4]
