"""Which editions are for everybody: public lists, mailings that have begun, and no language before its wave."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from builders import NOW, a_frozen_edition, a_list, a_masthead, a_reader, an_announcement, an_edition
from newsletter.audience.models import MailingList
from newsletter.editions.freezing import freeze_now
from newsletter.editions.models import Edition
from newsletter.editions.queries import edition_summaries
from newsletter.foundation.database import Database
from newsletter.mailing.models import Delivery, DeliveryState, Mailing, MailingState
from newsletter.mailing.planning import plan_mailing
from newsletter.mailing.published import (
    is_anything_published,
    newest_of_each_list,
    public_lists,
    published_editions,
    shelf_of,
)


def published_in(db: Database, edition_id: int) -> tuple[str, ...]:
    """The languages in which the edition stands in the archive, by each way to ask."""
    with db.read() as session:
        listed = {
            tag
            for tag in ("fr", "en")
            if edition_id in [item.id for item in published_editions(session, tag, limit=10)]
        }
        newest = {tag for tag in ("fr", "en") if newest_of_each_list(session, tag, 1)}
        counted = {
            tag for item in public_lists(session, ("fr", "en")) for tag, count in item.counts.items() if count
        }
        anything = {tag for tag in ("fr", "en") if is_anything_published(session, tag)}
        edition = session.get_one(Edition, edition_id)
        shelf = shelf_of(session, edition.public_name)
    languages = shelf.languages if shelf else ()
    assert listed == newest == counted == anything == set(languages)
    return languages


def planned(db: Database, keyring, edition_id: int, list_id: int) -> int:
    with db.transaction() as session:
        mailing_list = session.get_one(MailingList, list_id)
        for number, languages in enumerate((["fr"], ["en"])):
            a_reader(session, keyring, mailing_list, f"reader{number}@example.org", languages)
        return plan_mailing(session, edition_id, NOW + timedelta(hours=1)).id


def put(db: Database, state: MailingState, french: DeliveryState | None = None) -> None:
    """The mailing into a state, and the French delivery into one in which it was handed over."""
    with db.transaction() as session:
        session.execute(sa.update(Mailing).values(state=state))
        if french is not None:
            handed_over = sa.update(Delivery).where(Delivery.variant == "fr")
            session.execute(handed_over.values(state=french, attempt_count=1))


def test_edition_is_published_once_its_mailing_has_begun(db: Database, keyring) -> None:
    list_id, edition_id = a_frozen_edition(db)
    assert published_in(db, edition_id) == ()
    planned(db, keyring, edition_id, list_id)
    for state in (MailingState.PLANNED, MailingState.PAUSED, MailingState.RUNNING, MailingState.CANCELLED):
        put(db, state)
        assert published_in(db, edition_id) == (), state
    put(db, MailingState.RUNNING, french=DeliveryState.ATTEMPTING)
    assert published_in(db, edition_id) == ("fr", "en")
    put(db, MailingState.PAUSED)
    assert published_in(db, edition_id) == ("fr", "en")
    put(db, MailingState.FINISHED)
    assert published_in(db, edition_id) == ("fr", "en")
    put(db, MailingState.CANCELLED)
    assert published_in(db, edition_id) == ()


def test_finished_mailing_without_readers_publishes(db: Database) -> None:
    _, edition_id = a_frozen_edition(db)
    with db.transaction() as session:
        plan_mailing(session, edition_id, NOW)
    put(db, MailingState.FINISHED)
    assert published_in(db, edition_id) == ("fr", "en")


def test_edition_of_a_private_list_is_never_published(db: Database) -> None:
    _, edition_id = a_frozen_edition(db)
    with db.transaction() as session:
        plan_mailing(session, edition_id, NOW)
        session.execute(sa.update(MailingList).values(is_public=False))
    put(db, MailingState.FINISHED)
    assert published_in(db, edition_id) == ()


def test_language_of_a_later_wave_waits_for_its_readers_to_be_let_go(db: Database, keyring) -> None:
    with db.transaction() as session:
        mailing_list = a_list(session)
        edition_id = an_edition(session, mailing_list, [an_announcement(session)]).id
        masthead, list_id = a_masthead(mailing_list), mailing_list.id
    freeze_now(db, edition_id, masthead, NOW, languages=["fr"])
    planned(db, keyring, edition_id, list_id)
    put(db, MailingState.PAUSED, french=DeliveryState.ACCEPTED)
    assert published_in(db, edition_id) == ("fr",)
    freeze_now(db, edition_id, masthead, NOW + timedelta(hours=2))
    assert published_in(db, edition_id) == ("fr",)
    with db.transaction() as session:
        plan_mailing(session, edition_id, NOW + timedelta(hours=3))
    assert published_in(db, edition_id) == ("fr", "en")


def test_summary_is_what_an_editor_wrote_or_the_titles_in_that_language(db: Database) -> None:
    _, edition_id = a_frozen_edition(db)
    with db.read() as session:
        assert edition_summaries(session, [edition_id], "en") == {edition_id: "The repair café opens"}
        assert edition_summaries(session, [edition_id], "fr") == {
            edition_id: "Le café répare-tout ouvre · Aussi : Le café répare-tout ouvre"
        }
        assert edition_summaries(session, [edition_id, 99], "nl") == {edition_id: "", 99: ""}
    with db.transaction() as session:
        session.execute(
            sa.text("UPDATE edition_text SET preheader = 'Written', is_preheader_derived = :no"),
            {"no": False},
        )
    with db.read() as session:
        assert edition_summaries(session, [edition_id], "en") == {edition_id: "Written"}


@pytest.mark.parametrize(("limit", "offset", "numbers"), [(2, 0, [3, 2]), (2, 2, [1]), (5, 3, [])])
def test_editions_of_a_list_come_by_number_the_newest_first(db: Database, limit, offset, numbers) -> None:
    with db.transaction() as session:
        mailing_list = a_list(session)
        announcement = an_announcement(session)
        ids = [an_edition(session, mailing_list, [announcement]).id for _ in range(3)]
        masthead, list_id = a_masthead(mailing_list), mailing_list.id
    for edition_id in ids:
        freeze_now(db, edition_id, masthead, NOW)
        with db.transaction() as session:
            plan_mailing(session, edition_id, NOW)
    put(db, MailingState.FINISHED)
    with db.read() as session:
        found = published_editions(session, "en", list_id, limit=limit, offset=offset)
        newest = newest_of_each_list(session, "en", 2)
    assert [item.issue_number for item in found] == numbers
    assert [item.issue_number for item in newest[list_id]] == [3, 2]
