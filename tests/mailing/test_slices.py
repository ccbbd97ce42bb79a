"""Taking slices: which comes first, and that it is found by an index however many are closed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from builders import NOW, a_frozen_edition
from builders_mailing import a_run
from newsletter.foundation.database import Database, WriteSession
from newsletter.mailing.claiming import SliceKey
from newsletter.mailing.ledger import Ledger
from newsletter.mailing.models import DeliverySlice, Mailing, MailingState, SliceState
from newsletter.mailing.slices import _DUE_AGAIN, _NEVER_TAKEN, take_slice

CLOSED_COUNT = 300


@pytest.fixture
def mailing_id(db: Database) -> int:
    """A mailing with many closed slices, one to be tried again, one to be tried later, and two that were never taken."""
    _, edition_id = a_frozen_edition(db)
    with db.transaction() as session:
        mailing = Mailing(edition_id=edition_id, state=MailingState.RUNNING, created_at=NOW)
        session.add(mailing)
        session.flush()
        closed = [(number, SliceState.CLOSED, None) for number in range(1, CLOSED_COUNT + 1)]
        later = (CLOSED_COUNT + 1, SliceState.OPEN, NOW + timedelta(minutes=5))
        fresh = [(CLOSED_COUNT + number, SliceState.OPEN, None) for number in (2, 3)]
        again = (CLOSED_COUNT + 4, SliceState.OPEN, NOW - timedelta(minutes=1))
        session.add_all(
            DeliverySlice(
                mailing_id=mailing.id, slice_no=number, domain_group="other", count=500, state=state, due_at=due_at
            )
            for number, state, due_at in [*closed, later, *fresh, again]
        )  # fmt: skip
        return mailing.id


def taken(session: WriteSession, mailing_id: int, slice_nos: list[int] | None = None) -> int | None:
    """The next slice, which a run then has."""
    key = take_slice(session, mailing_id, NOW, slice_nos)
    if key is None:
        return None
    Ledger().open_run(session, SliceKey(mailing_id, key.slice_no, ""), a_run(), NOW)
    return key.slice_no - CLOSED_COUNT


def test_slice_to_be_tried_again_comes_first_and_one_for_later_not_at_all(
    db: Database, mailing_id: int
) -> None:
    with db.transaction() as session:
        assert [taken(session, mailing_id) for _ in range(4)] == [4, 2, 3, None]


def test_slice_is_taken_of_those_that_are_named(db: Database, mailing_id: int) -> None:
    named = [CLOSED_COUNT + number for number in (1, 3)]
    with db.transaction() as session:
        assert [taken(session, mailing_id, named) for _ in range(2)] == [3, None]


@pytest.mark.parametrize("statement", [_DUE_AGAIN, _NEVER_TAKEN], ids=["due again", "never taken"])
def test_closed_slices_are_not_gone_through(sqlite_db: Database, statement: sa.Select[int, int, str]) -> None:
    values = {"its_mailing": 1, "now": NOW}
    wording = statement.params(values).compile(sqlite_db.engine)
    parameters = tuple(wording.construct_params()[name] for name in wording.positiontup)
    with sqlite_db.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        steps = [
            row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {wording}", [str(v) for v in parameters])
        ]
    assert any(
        "ix_delivery_slice_mailing_id_state_due_at_slice_no (mailing_id=? AND state=? AND due_at" in step
        for step in steps
    )
    assert not any(step.startswith("SCAN delivery_slice") or "TEMP B-TREE" in step for step in steps)
