"""The report of a mailing, language by language."""

from datetime import timedelta

from builders import NOW, a_list, a_masthead, a_reader, an_announcement, an_edition
from builders_mailing import send_all
from newsletter.audience.models import EndReason, LeaveReason, Subscription, SubscriptionState
from newsletter.editions.freezing import freeze_now
from newsletter.editions.models import Fallback
from newsletter.foundation.database import Database
from newsletter.foundation.signing import Keyring
from newsletter.mailing.by_language import LanguageFigures, figures_by_language
from newsletter.mailing.planning import plan_mailing
from newsletter.transport.outcome import Outcome, Verdict

READERS = {
    "marie@example.org": (("fr",), False),
    "luc@example.org": (("fr",), False),
    "peter@example.org": (("en",), False),
    "full@example.org": (("en",), False),
    "ana@example.org": (("en", "fr"), True),
}


def send_an_edition(db: Database, edition_id: int, minutes: int) -> int:
    """Everybody's mail is accepted, but for one mailbox that is full; the mailing's number."""
    now = NOW + timedelta(minutes=minutes)
    with db.transaction() as session:
        mailing_id = plan_mailing(session, edition_id, now).id
    with db.transaction() as session:
        send_all(
            session,
            mailing_id,
            now,
            lambda item: Outcome(
                Verdict.DEFERRED if "full" in item.address else Verdict.ACCEPTED, 250, None, ""
            ),
        )
    return mailing_id


def two_editions_sent(db: Database, keyring: Keyring) -> tuple[int, int]:
    """A list whose first edition has one of three items in French only, and whose second has all in both."""
    with db.transaction() as session:
        mailing_list = a_list(session)
        for address, (languages, reads_both) in READERS.items():
            a_reader(session, keyring, mailing_list, address, languages, reads_both=reads_both)
        both = [an_announcement(session, title=f"{number} ") for number in (1, 2)]
        french = an_announcement(session, ["fr"], title="3 ")
        first = an_edition(session, mailing_list, [*both, french], fallback=Fallback.LABEL).id
        second = an_edition(session, mailing_list, both).id
        masthead = a_masthead(mailing_list)
    mailings = []
    for number, edition_id in enumerate((first, second)):
        freeze_now(db, edition_id, masthead, NOW)
        mailings.append(send_an_edition(db, edition_id, number * 60))
    return mailings[0], mailings[1]


def leave(db: Database, number: int, minutes: int, reason: LeaveReason | None) -> None:
    with db.transaction() as session:
        subscription = session.get_one(Subscription, number)
        subscription.state, subscription.end_reason = SubscriptionState.ENDED, EndReason.UNSUBSCRIBED
        subscription.leave_reason = reason
        subscription.ended_at = NOW + timedelta(minutes=minutes)


def test_languages_are_counted_apart_with_the_share_that_stood_in_for_them(
    db: Database, keyring: Keyring
) -> None:
    first, second = two_editions_sent(db, keyring)
    with db.read() as session:
        assert figures_by_language(session, first) == (
            LanguageFigures("fr", 2, 2, 3, 0, 0, 0, 0),
            LanguageFigures("en", 3, 2, 3, 1, 2, 0, 0),
        )
        assert figures_by_language(session, second) == (
            LanguageFigures("fr", 2, 2, 2, 0, 0, 0, 0),
            LanguageFigures("en", 3, 2, 2, 0, 0, 0, 0),
        )


def test_who_left_is_counted_with_the_last_mailing_that_reached_her(db: Database, keyring: Keyring) -> None:
    first, second = two_editions_sent(db, keyring)
    leave(db, 1, 30, LeaveReason.TOO_OFTEN)  # between the two
    leave(db, 3, 90, LeaveReason.WRONG_LANGUAGE)
    leave(db, 5, 90, None)
    leave(db, 4, 90, LeaveReason.WRONG_LANGUAGE)  # no mail ever reached that one
    leave(db, 2, -5, LeaveReason.WRONG_LANGUAGE)  # before either
    with db.read() as session:
        left = [
            {item.language: (item.left_count, item.wrong_language_count) for item in figures}
            for figures in (figures_by_language(session, first), figures_by_language(session, second))
        ]
    assert left == [{"fr": (1, 0), "en": (0, 0)}, {"fr": (0, 0), "en": (2, 1)}]
