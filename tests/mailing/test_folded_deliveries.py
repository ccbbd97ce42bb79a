"""Old mailings are folded: figures stay, who got what stays, and the room is a tenth."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from builders import NOW
from builders_mailing import ADDRESSES, LineOfAnswers, Office
from newsletter.audience.actions import end_subscription
from newsletter.audience.models import EndReason, LeaveReason, Subscription
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.by_language import figures_by_language
from newsletter.mailing.folding import fold_old_mailings, packed, unpacked
from newsletter.mailing.models import Delivery, DeliveryState, FoldedDeliveries, Mailing, MailingState
from newsletter.mailing.of_person import MailDelivered, mails_of
from newsletter.mailing.queries import mailing_report
from newsletter.transport.outcome import Outcome, Verdict

LONG_AFTER = NOW + timedelta(days=200)
ANSWERS = {
    "dina@example.org": Outcome(Verdict.REJECTED, 550, "5.2.3", "too large"),
    "eli@example.org": Outcome(Verdict.IN_DOUBT, None, None, "hung up"),
}


@pytest.fixture
def office(db: Database, keyring: Keyring, tmp_path: Path) -> Office:
    """A mailing that has ended: three accepted, one of whom left since, one refused, one in doubt."""
    office = Office(db, keyring, tmp_path)
    office.run(LineOfAnswers(ANSWERS))
    with db.transaction() as session:
        end_subscription(session, office.names["ben@example.org"], EndReason.UNSUBSCRIBED, NOW)
        session.execute(
            sa.update(Subscription)
            .where(Subscription.end_reason == EndReason.UNSUBSCRIBED)
            .values(leave_reason=LeaveReason.WRONG_LANGUAGE)
        )
    return office


def states(office: Office) -> list[DeliveryState]:
    with office.db.read() as session:
        return sorted(session.scalars(sa.select(Delivery.state)))


def test_folded_mailing_answers_as_before(office: Office) -> None:
    def answers() -> tuple[object, ...]:
        with office.db.read() as session:
            people = [mails_of(session, [number]) for number in range(1, 7)]
            return (
                mailing_report(session, office.mailing_id),
                figures_by_language(session, office.mailing_id),
                [[_without_words(mail) for mail in mails] for mails in people],
            )

    before = answers()
    assert fold_old_mailings(office.db, NOW) == 0  # it ended at that moment, not before
    assert fold_old_mailings(office.db, LONG_AFTER) == 3
    assert states(office) == [DeliveryState.IN_DOUBT, DeliveryState.REJECTED]
    assert answers() == before
    with office.db.read() as session:
        [figures] = figures_by_language(session, office.mailing_id)
        assert (figures.accepted, figures.left_count, figures.wrong_language_count) == (3, 1, 1)
        assert len(mails_of(session, [1, 2])) == 2
    assert fold_old_mailings(office.db, LONG_AFTER) == 0
    assert answers() == before


def _without_words(mail: MailDelivered) -> MailDelivered:
    if mail.state is not DeliveryState.ACCEPTED:
        return mail
    return replace(mail, reply_code=None, reply_enhanced=None, reply_text="")


def test_doubt_that_is_resolved_later_is_folded_to_the_others(office: Office) -> None:
    fold_old_mailings(office.db, LONG_AFTER)
    with office.db.transaction() as session:
        session.execute(
            sa.update(Delivery)
            .where(Delivery.state == DeliveryState.IN_DOUBT)
            .values(state=DeliveryState.ACCEPTED)
        )
    assert fold_old_mailings(office.db, LONG_AFTER) == 1
    with office.db.read() as session:
        fold = session.scalars(sa.select(FoldedDeliveries)).one()
        assert (fold.count, len(unpacked(fold.ids)), fold.left_count) == (4, 4, 1)
    assert office.counts().accepted == 4


def test_mailing_that_was_resumed_is_not_folded(office: Office) -> None:
    with office.db.transaction() as session:
        session.execute(sa.update(Mailing).values(state=MailingState.PAUSED))
    assert fold_old_mailings(office.db, LONG_AFTER) == 0
    assert len(states(office)) == len(ADDRESSES)


@given(st.sets(st.integers(1, 2**62)))
def test_numbers_come_back_as_they_were_packed(numbers: set[int]) -> None:
    assert unpacked(packed(sorted(numbers))) == sorted(numbers)


def test_ten_million_readers_take_less_than_a_hundred_megabytes() -> None:
    slice_of_them = [
        7 + 20_011 * place + (place * place) % 9_973 for place in range(500)
    ]  # far apart, at odd steps
    assert 20_000 * (len(packed(slice_of_them)) + 200) < 100_000_000
