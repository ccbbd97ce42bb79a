"""Statements in words made once: the same as SQLAlchemy makes them, on both databases."""

import pytest
import sqlalchemy as sa

from builders import NOW, a_frozen_edition
from newsletter.foundation.database import Database
from newsletter.foundation.errors import DatabaseNotReady
from newsletter.mailing.models import MAILINGS, Mailing, MailingState
from newsletter.mailing.prepared import Prepared
from newsletter.mailing.sets import as_text, is_among


def pausing(on_postgresql: bool) -> sa.Update:
    """A statement with a value that is always the same, and with given ones of several types."""
    return (
        sa.update(MAILINGS)
        .where(
            is_among(MAILINGS.c.id, "ids", on_postgresql=on_postgresql),
            MAILINGS.c.state == MailingState.RUNNING,
        )
        .values(
            state=sa.bindparam("new_state"),
            starts_at=sa.bindparam("moment"),
            paused_because=sa.bindparam("words"),
        )
    )


def test_prepared_statement_binds_values_as_their_columns_want_them_each_time_anew(db: Database) -> None:
    _, edition_id = a_frozen_edition(db)
    prepared = Prepared(pausing)
    with db.transaction() as session:
        mailing = Mailing(edition_id=edition_id, state=MailingState.RUNNING, created_at=NOW)
        session.add(mailing)
        session.flush()
        values = {"new_state": MailingState.PAUSED, "moment": NOW, "words": "50 % : 'so' %s ?"}
        assert prepared(session, {**values, "ids": as_text([mailing.id + 1])}).rowcount == 0
        assert prepared(session, {**values, "ids": as_text([mailing.id, 10**9])}).rowcount == 1
        assert prepared(session, {**values, "ids": as_text([mailing.id])}).rowcount == 0  # it runs no more
        session.refresh(mailing)
        assert (mailing.state, mailing.starts_at) == (MailingState.PAUSED, NOW)
        assert mailing.paused_because == "50 % : 'so' %s ?"


def test_prepared_statement_that_lacks_a_value_is_refused(db: Database) -> None:
    with db.transaction() as session, pytest.raises(KeyError, match="new_state"):
        Prepared(pausing)(session, {})


def test_prepared_statement_says_clearly_that_there_are_no_tables(tmp_path: object) -> None:
    database = Database(f"sqlite:///{tmp_path}/empty.db")
    values = {"new_state": MailingState.PAUSED, "moment": NOW, "words": "", "ids": "[]"}
    with pytest.raises(DatabaseNotReady, match="no tables"), database.transaction() as session:
        Prepared(pausing)(session, values)
    database.close()
