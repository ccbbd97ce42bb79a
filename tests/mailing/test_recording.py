"""Answers are written down without going through the mailing."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from newsletter.foundation.database import Database
from newsletter.mailing.recording import _own_words, _same_words


@pytest.mark.parametrize("build", [_same_words, _own_words])
def test_rows_of_answers_are_found_by_the_key(
    sqlite_db: Database, build: Callable[[bool], sa.Update]
) -> None:
    wording = build(False).compile(sqlite_db.engine)
    values = ["[]" if name == "given" else 1 for name in wording.positiontup]
    with sqlite_db.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        steps = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {wording}", values)]
    assert any(
        "delivery USING PRIMARY KEY (mailing_id=? AND slice_no=? AND subscriber_id=?)" in step
        for step in steps
    ), steps
